import os
from pathlib import Path

import pytest

from knowhen.memory.errors import HomeUnavailable
from knowhen.memory.home import chosen_home, home_folder, user_data_folder


def test_the_argument_comes_before_the_environment(tmp_path: Path) -> None:
    values = {"KNOWHEN_HOME": str(tmp_path / "environment")}
    assert home_folder(tmp_path / "given", environment=values) == tmp_path / "given"
    assert home_folder(environment=values) == tmp_path / "environment"
    assert (tmp_path / "given").is_dir()
    assert (tmp_path / "environment").is_dir()


def test_without_either_it_is_the_users_data_folder(tmp_path: Path) -> None:
    values = {"XDG_DATA_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path / "local")}
    assert home_folder(environment=values, platform="linux") == tmp_path / "knowhen"
    assert user_data_folder(values, "win32") == tmp_path / "local" / "knowhen"
    assert user_data_folder({}, "linux") == Path.home() / ".local" / "share" / "knowhen"
    assert user_data_folder({}, "darwin") == (
        Path.home() / "Library" / "Application Support" / "knowhen"
    )


def test_a_tilde_is_the_users_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home_folder("~/notes") == tmp_path / "notes"


def test_a_new_home_is_for_its_user_alone(tmp_path: Path) -> None:
    assert home_folder(tmp_path / "home").stat().st_mode & 0o077 == 0


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "home"):
        with pytest.raises(HomeUnavailable, match="not a folder"):
            home_folder(place)


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    with pytest.raises(HomeUnavailable, match="cannot be written") as caught:
        home_folder(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_created_is_named() -> None:
    with pytest.raises(HomeUnavailable, match="cannot be created"):
        home_folder("/proc/knowhen/home")


def test_the_database_stands_in_the_home_or_nowhere(tmp_path: Path) -> None:
    assert chosen_home(tmp_path) == str(tmp_path)
    assert chosen_home(":memory:") == ":memory:"
    assert chosen_home(environment={"KNOWHEN_HOME": ":memory:"}) == ":memory:"
