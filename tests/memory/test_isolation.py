"""Whatever spaces are called, none sees, changes or erases what another holds."""

from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import pytest

from knowhen import MemoryManager, Turn
from knowhen.memory.errors import InvalidInput, NotFound

NAMES = [
    "default",
    "Default",
    "a",
    "a/b",
    "a:b",
    "../a",
    "a\n",
    "a\u200b",
    "\uff41",
    "user:1",
    "agent:1",
    "run:1",
    "%",
    "_",
    "'; DROP TABLE turns; --",
    "x" * 3000,
    "é",
    "e\u0301",
    "home.db",
    ":memory:",
]
START = datetime(2024, 5, 1, tzinfo=UTC)


def secret(name: str) -> str:
    return f"code{NAMES.index(name):03d}zebra"


@pytest.fixture
def memory(tmp_path: Path):  # type: ignore[no-untyped-def]
    with MemoryManager.open(tmp_path / "home") as opened:
        for name in NAMES:
            text = f"I live in {secret(name)}."
            opened.at(name).remember(Turn(text, speaker="Ann", time=START, id="t1"))
            opened.at(name).settle()
        yield opened


def test_each_space_gives_back_its_own_alone(memory: MemoryManager) -> None:
    assert memory.spaces() == sorted(NAMES)
    for name in NAMES:
        space = memory.at(name)
        given = space.recall("Where does Ann live?", gate=False).context
        told = [given, *(turn.text for turn in space.turns())]
        told += [thought.text for thought in space.thoughts(history=True)]
        told += [str(operation.payload) for operation in space.operations()]
        for other in NAMES:
            assert any(secret(other) in text for text in told) == (other == name)


def test_forgetting_everything_of_one_leaves_all_others(
    memory: MemoryManager, tmp_path: Path
) -> None:
    gone = NAMES[::4]
    for name in gone:
        receipt = memory.at(name).forget(matching="live in")
        assert (receipt.turns, receipt.residues) == (("t1",), ())
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for name in NAMES:
        assert (secret(name).encode() in content) == (name not in gone)
        assert [turn.id for turn in memory.at(name).turns()] == ([] if name in gone else ["t1"])


def test_ids_of_one_space_give_nothing_in_another(memory: MemoryManager) -> None:
    memory.at("a").remember(Turn("Only here.", time=START, id="only"))
    for name in set(NAMES) - {"a"}:
        with pytest.raises(NotFound):
            memory.at(name).turn("only")
        with pytest.raises(NotFound):
            memory.at(name).forget(turns=["only"])
    receipt = memory.at("a").forget(turns=["only"])
    assert memory.verify(receipt) == []


def test_names_that_look_alike_have_files_of_their_own(memory: MemoryManager) -> None:
    store = memory._store
    folders = {name: store.beside(name) for name in NAMES}
    assert all(one != other for one, other in permutations(folders.values(), 2))


@pytest.mark.parametrize("name", ["", " ", "\n\t", "\ud800"])
def test_a_name_that_nobody_can_tell_from_none_is_refused(memory: MemoryManager, name: str) -> None:
    with pytest.raises(InvalidInput):
        memory.at(name)
