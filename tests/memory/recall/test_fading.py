"""Decay orders thoughts that fit equally well; it hides none and touches no turn."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from knowhen import MemoryManager, Turn
from knowhen.memory.records import Recall
from knowhen.memory.testing.clock import FixedClock
from knowhen.memory.thoughts.operations import Expire, Pin

START = datetime(2024, 3, 1, 9, tzinfo=UTC)
QUERY = "Which pet does Nora love?"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START)


@pytest.fixture
def memory(clock: FixedClock) -> Iterator[MemoryManager]:
    with MemoryManager.open(":memory:", clock=clock) as memory:
        memory.remember(
            [
                Turn("I love my pet parrot.", "Nora", time=START, session="s", id="a"),
                Turn("I love my pet badger.", "Nora", time=START, session="s", id="b"),
            ]
        )
        memory.settle()
        yield memory


def thoughts(recall: Recall) -> list[str]:
    return [item.sources[0] for item in recall.items if item.kind == "thought"]


def test_what_was_of_use_comes_first_when_both_have_aged(
    memory: MemoryManager, clock: FixedClock
) -> None:
    *_, last = thoughts(memory.recall(QUERY, gate=False))
    clock.advance(timedelta(days=60))
    recall = memory.recall(QUERY, gate=False)
    order = [item.id for item in recall.items if item.kind == "turn"]
    useful = [i.id for i in recall.items if i.kind == "thought" and i.sources[0] == last]
    memory.feedback(recall, useful=useful)
    clock.advance(timedelta(days=30))
    after = memory.recall(QUERY, gate=False)
    assert thoughts(after)[0] == last and len(thoughts(after)) == 2
    assert [item.id for item in after.items if item.kind == "turn"] == order


def test_a_pinned_thought_fades_less(memory: MemoryManager, clock: FixedClock) -> None:
    *_, last = thoughts(memory.recall(QUERY, gate=False))
    [pinned] = [t for t in memory.thoughts() if t.sources[0].turn_id == last]
    memory.apply(Pin(pinned.id))
    clock.advance(timedelta(days=3650))
    assert thoughts(memory.recall(QUERY, gate=False))[0] == last


def test_an_archived_thought_is_not_recalled_until_that_is_undone(memory: MemoryManager) -> None:
    [parrot] = [t for t in memory.thoughts() if "parrot" in t.text]
    operation = memory.apply(Expire(parrot.id))
    assert thoughts(memory.recall(QUERY, gate=False)) == ["b"]
    assert "parrot" in memory.recall(QUERY, gate=False).context
    memory.undo(operation)
    assert set(thoughts(memory.recall(QUERY, gate=False))) == {"a", "b"}
