"""What is chosen to be forgotten, what the receipt says of it, and how it is verified."""

import json
import subprocess
import sys
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from knowhen import MemoryManager, Turn
from knowhen.memory.errors import InvalidInput
from knowhen.memory.forgetting import letters, receipt_from, spelled

START = datetime(2024, 5, 1, 9, tzinfo=UTC)
SECRET = "the safe word is rhododendron forty-two"


def said(number: int, text: str, **fields: object) -> Turn:
    values = {"speaker": "Nora", "session": "one", "id": f"t{number}"}
    return Turn(text, time=START + timedelta(minutes=number), **values | fields)  # type: ignore[arg-type]


def bytes_of(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.mark.parametrize(
    ("chosen", "gone"),
    [
        ({"speaker": "ann  MARIE"}, ["t2"]),
        ({"session": "two"}, ["t3"]),
        ({"meta": {"channel": "web"}}, ["t4", "t5"]),
        ({"meta": {"channel": "web", "page": 3}}, ["t5"]),
        ({"matching": "invoice 77"}, ["t5"]),
        ({"matching": "Ann Marie"}, ["t2"]),
        ({"entity": "Ann Marie"}, ["t2"]),
        ({"speaker": "Ann Marie", "session": "two"}, ["t2", "t3"]),
    ],
)
def test_turns_are_chosen_by_who_said_them_where_and_with_what(
    home: Path, chosen: dict[str, object], gone: list[str]
) -> None:
    with MemoryManager.open(home) as memory:
        memory.remember(
            [
                said(1, "I had soup."),
                said(2, "So did I.", speaker="Ann Marie"),
                said(3, "It rained.", session="two"),
                said(4, "I saw a film.", meta={"channel": "web", "page": 2}),
                said(
                    5,
                    "It was long.",
                    meta={"channel": "web", "page": 3, "items": [{"note": "Invoice 77"}]},
                ),
            ]
        )
        plan = memory.forget(**chosen, preview=True)  # type: ignore[arg-type]
        assert list(plan.turns) == gone
        receipt = memory.forget(**chosen)  # type: ignore[arg-type]
        assert list(receipt.turns) == gone
        assert {turn.id for turn in memory.turns()} == {f"t{n}" for n in range(1, 6)} - set(gone)


@pytest.mark.parametrize(
    "written",
    [
        "The safe  word is\nRhododendron.",
        "The sa\u200bfe word is rhodo\u00addendron.",
        "The \uff53\uff41\uff46\uff45 word is RHODODENDRON.",
        "The safe\u00a0word is \u2060rhododendron\ufeff.",
    ],
)
def test_spelling_variants_are_found(home: Path, written: str) -> None:
    with MemoryManager.open(home) as memory:
        memory.remember([said(1, written), said(2, "I had soup.")])
        receipt = memory.forget(matching="safe word is rhododendron")
        assert receipt.turns == ("t1",)


def test_texts_with_the_same_letters_are_named_but_not_erased(home: Path) -> None:
    with MemoryManager.open(home) as memory:
        memory.remember([said(1, "I like Café-Noir."), said(2, "I like cafe noir.")])
        receipt = memory.forget(matching="cafe noir")
        assert (receipt.turns, "t1" in receipt.similar) == (("t2",), True)


def test_one_spelling_stands_for_all() -> None:
    assert spelled(" Ca\u200bfe\u0301\u00a0 NOIR\n") == "café noir"
    assert letters("Café-Noir!") == letters("CAFE NOIR") == "cafenoir"


def test_what_was_undone_goes_with_its_entity(home: Path) -> None:
    with MemoryManager.open(home) as memory:
        memory.remember([said(1, "I had soup.")])
        memory.undo(memory.insert("Barnabas Quillfeather likes long walks."))
        memory.forget(entity="Barnabas Quillfeather")
    assert b"Quillfeather" not in bytes_of(home)


def test_metadata_goes_with_its_turn_and_is_looked_for(home: Path) -> None:
    with MemoryManager.open(home) as memory:
        memory.remember([said(1, "See this.", meta={"payload": {"thought": SECRET}})])
        assert memory.forget(matching="rhododendron forty").residues == ()
    assert b"rhododendron" not in bytes_of(home)


def test_an_erased_thought_does_not_come_back_while_its_turn_stays(home: Path) -> None:
    with MemoryManager.open(home) as memory:
        memory.remember([said(1, "I live in Oslo."), said(2, "My sister is called Ida.")])
        memory.settle()
        oslo = next(thought for thought in memory.thoughts() if "Oslo" in thought.text)
        memory.forget(thoughts=[oslo.id])
        memory.reindex()
        memory.settle()
        assert not any("Oslo" in thought.text for thought in memory.thoughts(history=True))
        assert any("Ida" in thought.text for thought in memory.thoughts())
        memory.remember([said(9, "I live in Oslo.", session="later")])
        memory.settle()
        assert any("Oslo" in thought.text for thought in memory.thoughts())


def test_a_receipt_names_what_was_looked_at_and_can_be_verified(home: Path) -> None:
    with MemoryManager.open(home) as memory:
        memory.remember([said(1, f"I live in Oslo, and {SECRET}."), said(2, "I had soup.")])
        memory.settle()
        receipt = memory.forget(matching="rhododendron")
        assert any(name.endswith("space.db") for name in receipt.looked_at)
        assert (receipt.residues, receipt.held) == ((), ())
        assert memory.verify(receipt) == []
    with MemoryManager.open(home) as memory:
        assert memory.verify(receipt) == []
        again = receipt_from(json.loads(json.dumps(asdict(receipt), default=str)))
        assert memory.verify(again) == []
        for changed in (
            replace(receipt, turns=()),
            replace(receipt, residues=("elsewhere",)),
            replace(receipt, digest="0" * 64),
            replace(receipt, time=START),
        ):
            assert memory.verify(changed)
        assert memory.verify(memory.forget(matching="soup", preview=True))


def test_a_receipt_of_another_home_does_not_hold(home: Path, tmp_path: Path) -> None:
    with MemoryManager.open(home) as memory:
        memory.remember([said(1, SECRET)])
        receipt = memory.forget(turns=["t1"])
    with MemoryManager.open(tmp_path / "other") as other:
        assert len(other.verify(receipt)) == 2


def test_a_receipt_without_thoughts_differs_from_one_with(home: Path) -> None:
    with MemoryManager.open(home) as memory:
        memory.remember([said(1, "I live in Oslo."), said(2, "I live in Rome.", speaker="Bob")])
        memory.settle()
        one, two = sorted(memory.thoughts(), key=lambda thought: thought.text)[:2]
        digests = {memory.forget(thoughts=[each.id]).digest for each in (one, two)}
        assert len(digests) == 2


@pytest.mark.parametrize("values", [{}, {"space": 1}, {"space": "a", "turns": 3}, {"nonsense": 1}])
def test_what_is_no_receipt_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="no receipt"):
        receipt_from(values)


READER = """
import sys
from knowhen.memory.stores.sqlite import SqliteStore
store = SqliteStore(sys.argv[1])
with store.snapshot("default"):
    print(store.count_turns("default"), flush=True)
    sys.stdin.readline()
store.close()
"""


def test_what_another_process_still_reads_is_named_and_cleared_later(home: Path) -> None:
    with MemoryManager.open(home) as memory:
        memory.remember([said(1, f"{SECRET}."), said(2, "I had soup.")])
        reader = subprocess.Popen(
            [sys.executable, "-c", READER, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert reader.stdout is not None
        assert reader.stdin is not None
        assert reader.stdout.readline() == "2\n"
        receipt = memory.forget(turns=["t1"])
        assert any(name.endswith("-wal") for name in receipt.held)
        assert memory.verify(receipt)
        reader.communicate("\n")
        assert memory.verify(receipt) == []
    assert b"rhododendron" not in bytes_of(home)


def test_forgetting_looks_at_no_other_space(home: Path) -> None:
    with MemoryManager.open(home, space="nora") as memory:
        memory.remember([said(1, f"{SECRET}.")])
        memory.at("bob").remember([said(1, f"{SECRET}.")])
        receipt = memory.forget(turns=["t1"])
        assert receipt.residues == ()
        assert memory.at("bob").turn("t1").text == f"{SECRET}."
        others = str(next(path for path in home.rglob("*") if path.name == "spaces"))
        assert len({name for name in receipt.looked_at if name.startswith(others)}) <= 3


@pytest.mark.parametrize("program", ["/bin/true", "/nowhere/python", ""])
def test_where_no_process_can_be_started_erasing_is_as_sure(
    home: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    monkeypatch.setenv("PATH", "")
    with MemoryManager.open(home) as memory:
        memory.remember([said(1, f"{SECRET}."), said(2, "I had soup.")])
        (home / "notes.txt").write_text(f"I wrote down that {SECRET}.")
        receipt = memory.forget(turns=["t1"])
        assert [Path(name).name for name in receipt.residues] == ["notes.txt"]
        (home / "notes.txt").unlink()
        assert memory.verify(receipt) == []
    assert b"rhododendron" not in bytes_of(home)
