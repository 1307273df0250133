"""A home as a folder of files, one for each space."""

import logging
import os
import shutil
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from knowhen.memory.errors import HomeUnavailable
from knowhen.memory.records import Turn
from knowhen.memory.stores.cells import Cells, cell_folder
from knowhen.memory.stores.sqlite import SqliteStore

NOW = datetime(2024, 5, 1, tzinfo=UTC)


def say(store: SqliteStore, space: str, key: str = "t1", text: str = "Hello.") -> None:
    store.add_turns(space, [Turn(text, id=key, time=NOW)], NOW)


def files(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("space.db"))


def test_each_space_has_a_file_that_does_not_tell_its_name(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    for name in ("nora", "../bob", "Алиса", "NORA"):
        say(store, name)
    store.close()
    assert len(files(tmp_path)) == 4
    assert not any("nora" in path.lower() for path in files(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home.db", "spaces"]


def test_reading_makes_no_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    assert list(store.turns("nora")) == []
    assert (store.version("nora"), store.spaces(), files(tmp_path)) == (0, [], [])
    with store.snapshot("nora"):
        assert store.thoughts("nora") == []
    store.close()


def test_a_space_that_another_process_makes_is_seen_at_once(tmp_path: Path) -> None:
    one, two = SqliteStore(tmp_path), SqliteStore(tmp_path)
    assert two.count_turns("nora") == 0
    say(one, "nora")
    assert two.count_turns("nora") == 1
    one.close()
    two.close()


def test_only_so_many_files_are_open_however_many_spaces_there_are(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    for number in range(300):
        say(store, f"s{number}")
    if before:
        assert len(os.listdir("/proc/self/fd")) - before < 200
    assert [store.count_turns(f"s{number}") for number in range(300)] == [1] * 300
    assert len(store.spaces()) == 300
    store.close()


def test_a_file_that_is_in_use_stays_open(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    store._cells = Cells(str(tmp_path), timeout=5, awake=1)
    say(store, "a")
    with store.transaction("a"):
        say(store, "a", "t2")
        for number in range(5):
            say(store, f"s{number}")
        say(store, "a", "t3")
    with store.snapshot("a"):
        say(store, "s9")
        assert store.count_turns("a") == 3
    store.close()


def test_threads_of_many_spaces_share_few_open_files(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    store._cells = Cells(str(tmp_path), timeout=30, awake=2)
    failed: list[BaseException] = []

    def write(thread: int) -> None:
        try:
            for number in range(12):
                say(store, f"s{(thread + number) % 6}", f"{thread}-{number}")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sum(store.count_turns(f"s{number}") for number in range(6)) == 72
    store.close()


def test_listing_the_spaces_opens_none(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    for name in "abc":
        say(store, name)
    store.close()
    again = SqliteStore(tmp_path)
    assert again.spaces() == ["a", "b", "c"]
    assert again.disk_bytes("a") < again.disk_bytes()
    assert not again._cells._known
    again.close()


def test_a_space_whose_folder_was_removed_is_gone(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    say(store, "a")
    say(store, "b")
    store.close()
    shutil.rmtree(cell_folder(tmp_path, "a"))
    again = SqliteStore(tmp_path)
    assert (again.spaces(), again.count_turns("a")) == (["b"], 0)
    again.close()


def test_a_lost_home_file_is_made_again_from_the_folder(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    secret = store.claim_setting("secret", "key of the digests")
    store.claim_setting("embedder", "toy")
    for name in ("nora", "../bob"):
        say(store, name)
    store.close()
    (tmp_path / "home.db").unlink()
    again = SqliteStore(tmp_path)
    assert again.spaces() == ["../bob", "nora"]
    assert (again.setting("secret"), again.setting("embedder")) == (secret, "toy")
    again.close()


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_only_the_owner_can_read_what_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = SqliteStore(tmp_path)
    say(store, "a")
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    store.close()
    for path in tmp_path.rglob("*.db"):
        path.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        again = SqliteStore(tmp_path)
        assert again.count_turns("a") == 1
    assert "could be read by others" in caplog.text
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*.db")} == {0o600}
    again.close()


@pytest.mark.parametrize("replaced", [False, True])
def test_nothing_is_acknowledged_into_a_file_that_is_gone(tmp_path: Path, replaced: bool) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    home.mkdir()
    SqliteStore(home).close()
    store = SqliteStore(home)
    say(store, "a")
    shutil.copytree(home, backup)
    shutil.rmtree(home)
    if replaced:
        shutil.copytree(backup, home)
    with pytest.raises(HomeUnavailable):
        say(store, "a", "t2")
    with pytest.raises(HomeUnavailable), store.snapshot("a"):
        pass
    store.close()


def test_closing_while_others_use_it_ends_with_a_sentence_or_a_result(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    store._cells = Cells(str(tmp_path), timeout=5, awake=2)
    for number in range(6):
        say(store, f"s{number}")
    wrong: list[BaseException] = []

    def look() -> None:
        try:
            for number in range(600):
                store.count_turns(f"s{number % 6}")
        except HomeUnavailable:
            pass
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    store.close()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []


def test_a_recovery_that_was_cut_off_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(tmp_path)
    secret = store.claim_setting("secret", "key of the digests")
    for name in ("ann", "bob"):
        say(store, name)
    store.close()
    (tmp_path / "home.db").unlink()
    with monkeypatch.context() as broken:
        broken.setattr(Cells, "_recover", lambda self, folder: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            SqliteStore(tmp_path)
    again = SqliteStore(tmp_path)
    assert (again.spaces(), again.setting("secret")) == (["ann", "bob"], secret)
    again.close()
