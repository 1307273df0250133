"""What happened to a fact that changed, shown and reversed on the command line."""

import json
from pathlib import Path

import pytest
from cli_program import Run

from knowhen import MemoryManager
from knowhen.memory.settling import Settled

MOVES = [
    ("m1", "2024-01-05T09:00:00Z", "I live in Oslo."),
    ("m2", "2024-03-05T09:00:00Z", "I live in Bergen now."),
    ("m3", "2024-05-05T09:00:00Z", "I live in Tromso now."),
    ("m4", "2024-07-05T09:00:00Z", "I live in Hamar now."),
]


@pytest.fixture
def moved(run: Run, tmp_path: Path) -> Run:
    """The runner, on a memory of somebody who moved three times, told out of order."""
    path = tmp_path / "moves.jsonl"
    rows = [
        {"id": id, "session": id, "time": time, "speaker": "Nora", "text": text}
        for id, time, text in (MOVES[2], MOVES[0], MOVES[3], MOVES[1])
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run("remember", path).code == 0
    assert run("settle").code == 0
    return run


def test_the_history_of_a_fact_is_listed_in_the_order_of_its_change(moved: Run) -> None:
    rows = [line.split("\t") for line in moved("thoughts", "--history").out.splitlines()]
    assert [row[:3] for row in rows] == [
        ["superseded", "2024-01-05", "2024-03-05"],
        ["superseded", "2024-03-05", "2024-05-05"],
        ["superseded", "2024-05-05", "2024-07-05"],
        ["active", "2024-07-05", ""],
    ]
    assert [row[3] for row in rows] == ["m1", "m2", "m3", "m4"]
    assert [row[6] for row in rows] == [*(row[4] for row in rows[1:]), ""]


def test_operations_name_what_they_did_and_undo_gives_the_former_value_back(moved: Run) -> None:
    listed = [line.split("\t") for line in moved("operations").out.splitlines()]
    assert [row[2] for row in listed] == ["learn"] * 4
    [last] = [row for row in listed if "Hamar" in row[4]]
    assert moved("undo", last[0]).code == 0
    rows = [line.split("\t") for line in moved("thoughts", "--history").out.splitlines()]
    assert [row[3] for row in rows] == ["m1", "m2", "m3"]
    assert rows[-1][0] == "active" and rows[-1][2] == ""
    undone = [line.split("\t") for line in moved("operations").out.splitlines()]
    assert undone[-1][2] == "undo"
    assert [row[3] for row in undone if row[0] == last[0]] == [undone[-1][0]]
    assert "undone" in moved("undo", last[0]).err


def test_nothing_is_quarantined_without_a_model(moved: Run) -> None:
    assert moved("thoughts", "--quarantined", "--json").json == []
    assert moved("thoughts", "--quarantined").out == ""


def test_settling_says_what_the_model_cost_and_what_was_rejected(
    filled: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled = Settled(
        events=2, operations=3, failures=("timed out",), calls=4, tokens=120, rejected=1
    )
    monkeypatch.setattr(MemoryManager, "settle", lambda memory: settled)
    outcome = filled("settle")
    assert "2 events thought about, 3 operations" in outcome.out
    assert "4 calls of the model, 120 tokens" in outcome.out
    assert "1 proposal not supported" in outcome.err and "- timed out" in outcome.err
    assert filled("settle", "--json").json["calls"] == 4


def test_what_was_quarantined_is_listed_with_its_reason(moved: Run, tmp_path: Path) -> None:
    with MemoryManager.open(tmp_path / "home") as memory:
        store = memory._store
        with store.transaction(memory.space):
            store.quarantine(memory.space, ["m1"], "it has no subject", "Lives in Oslo.")
    assert moved("thoughts", "--quarantined").out == "m1\tit has no subject\tLives in Oslo.\n"
    [row] = moved("thoughts", "--quarantined", "--json").json
    assert row["reason"] == "it has no subject"
