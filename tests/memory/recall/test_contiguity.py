"""Neighbours of what was found, and their share of the budget."""

from datetime import UTC, datetime, timedelta

import pytest

from knowhen import MemoryManager, Turn
from knowhen.memory.errors import InvalidInput
from knowhen.memory.recall.contiguity import neighbours
from knowhen.memory.recall.ranking import ranked_turns
from knowhen.memory.settings import RecallSettings, Settings

START = datetime(2024, 3, 1, 9, tzinfo=UTC)
SAID = [
    ("s1", "I came home late yesterday."),
    ("s1", "The violin needs a new bridge."),
    ("s1", "It broke while I was asleep."),
    ("s2", "A violin hung in the window."),
    ("s2", "We should paint the fence green."),
]


def memory_with(**settings: float) -> MemoryManager:
    memory = MemoryManager.open(
        ":memory:", settings=Settings(recall=RecallSettings(walk="none", **settings))
    )
    memory.remember(
        [
            Turn(text, "Ann", time=START + timedelta(minutes=n), session=session, id=str(n))
            for n, (session, text) in enumerate(SAID)
        ]
    )
    return memory


def test_the_next_turn_comes_before_the_previous_one_within_the_session() -> None:
    findings = memory_with().search("Which bridge does the violin need?")
    best = ranked_turns(findings, 1)
    assert [entry.turn for entry in neighbours(best, findings)] == [2, 0]


def test_a_neighbour_that_was_said_later_than_as_of_is_left_out() -> None:
    engine = memory_with()._recalling
    findings = engine.search("violin bridge", as_of=START + timedelta(minutes=1))
    assert [e.turn for e in neighbours(ranked_turns(findings, 1), findings)] == [0]


def test_a_long_turn_has_the_turns_beside_it_as_neighbours_not_its_own_parts() -> None:
    memory = MemoryManager.open(":memory:")
    long = " ".join(f"Sentence {n} about the quarry." for n in range(200))
    texts = ["before it", long, "after it"]
    memory.remember([Turn(t, "Ann", time=START, id=str(n)) for n, t in enumerate(texts)])
    findings = memory.search("quarry")
    assert [e.turn for e in neighbours(ranked_turns(findings, 1), findings)] == [2, 0]


def test_the_share_is_spent_on_what_came_next_instead_of_what_is_shorter() -> None:
    query, budget = "Which bridge does the violin need?", 34
    plain = memory_with().recall(query, budget=budget, gate=False)
    contiguous = memory_with(contiguity=0.3).recall(query, budget=budget, gate=False)
    assert max(plain.tokens, contiguous.tokens) <= budget
    assert [item.id for item in plain.items if item.packed] == ["1", "0"]
    assert [item.id for item in contiguous.items if item.packed] == ["1", "2"]
    assert SAID[2][1] in contiguous.context


def test_a_share_that_leaves_little_for_similarity_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at most a half"):
        RecallSettings(contiguity=0.6)
