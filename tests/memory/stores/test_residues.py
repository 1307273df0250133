import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.memory.stores import residues
from knowhen.memory.stores.residues import files_with, looked_through


@settings(deadline=None, max_examples=60)
@given(
    st.binary(max_size=400),
    st.lists(st.binary(min_size=1, max_size=30), max_size=40),
    st.integers(0, 400),
    st.booleans(),
)
def test_many_needles_are_found_as_surely_as_one(
    tmp_path_factory: pytest.TempPathFactory,
    content: bytes,
    needles: list[bytes],
    place: int,
    plant: bool,
) -> None:
    folder = tmp_path_factory.mktemp("home")
    if plant and needles:
        content = content[:place] + needles[-1] + content[place:]
    (folder / "file").write_bytes(content)
    expected = any(needle in content for needle in needles)
    one_by_one = any(looked_through([str(folder / "file")], [needle]) for needle in needles)
    assert one_by_one >= expected
    many = [*needles, *(f"nowhere in it {n}".encode() for n in range(30))]
    assert bool(looked_through([str(folder / "file")], many)) == one_by_one


def test_a_needle_over_the_border_of_two_chunks_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(residues, "_CHUNK", 64)
    others = [f"nowhere in it {n}".encode() for n in range(30)]
    for place in range(40, 80):
        (tmp_path / "file").write_bytes(b"." * place + b"erased text" + b"." * 50)
        assert looked_through([str(tmp_path / "file")], [b"erased text", *others])
        assert not looked_through([str(tmp_path / "file")], others)


def test_a_long_text_is_found_though_pages_break_it(tmp_path: Path) -> None:
    text = random.Random(3).randbytes(900).hex().encode()
    (tmp_path / "file").write_bytes(text[:1000] + b"\0\0\0\7" + text[1000:])
    file = str(tmp_path / "file")
    assert files_with([file], [text]) == [(file, [0])]


def test_nothing_is_found_without_needles(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"text")
    (tmp_path / "empty").touch()
    files = [str(path) for path in tmp_path.iterdir()]
    assert files_with(files, []) == files_with(files, [b""]) == []
