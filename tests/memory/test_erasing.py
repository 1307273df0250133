"""A home that forgot is a home that never knew: after every erasure, and after a reindex."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from knowhen import MemoryManager, Turn

START = datetime(2024, 5, 1, 9, tzinfo=UTC)
PLACES = ["Oslo", "Rome", "Lisbon", "Bergen", "Paris"]
THINGS = ["tea", "chess", "violins", "kayaks"]
SAYS = [
    "I live in {place}.",
    "I moved to {place} last week.",
    "My cat is called {pet}.",
    "I love {thing}.",
    "I no longer like {thing}.",
    "What did you do about the {thing}?",
    "It rained in {place} yesterday.",
]


class Later:
    """A clock that stands still, long after all that is said."""

    def now(self) -> datetime:
        return START + timedelta(days=400)


def told(rng: random.Random, count: int) -> list[Turn]:
    """What two people say of homes, pets and tastes, with changes of mind."""
    return [
        Turn(
            rng.choice(SAYS).format(
                place=rng.choice(PLACES),
                thing=rng.choice(THINGS),
                pet=rng.choice(["Momo", "Rex", "Luna"]),
            ),
            speaker=rng.choice(["Ann", "Bob"]),
            time=START + timedelta(hours=7 * number),
            session=f"s{number // 6}",
            id=f"t{number}",
        )
        for number in range(count)
    ]


def beliefs(memory: MemoryManager) -> list[object]:
    return sorted(
        (t.id, t.text, t.status, t.sources, t.superseded_by, t.contested, t.valid_to)
        for t in memory.thoughts(history=True)
    )


def never_told(turns: Sequence[Turn]) -> MemoryManager:
    memory = MemoryManager.open(":memory:", clock=Later())
    memory.remember(turns)
    memory.settle()
    memory.reindex()
    return memory


@pytest.mark.parametrize("seed", range(3))
def test_what_was_erased_leaves_no_mark_on_what_is_believed(seed: int) -> None:
    rng = random.Random(seed)
    left = told(rng, 30)
    memory = MemoryManager.open(":memory:", clock=Later())
    for first in range(0, 30, 5):
        memory.remember(left[first : first + 5])
    memory.settle()
    for _ in range(4):
        victims = rng.sample(left, rng.choice([1, 1, 2, 4]))
        left = [turn for turn in left if turn not in victims]
        memory.forget(turns=[turn.id for turn in victims])
        if rng.random() < 0.4:
            memory.settle()
        with never_told(left) as other:
            assert beliefs(memory) == beliefs(other)
    memory.reindex()
    with never_told(left) as other:
        assert memory.turns() == other.turns()
        assert memory.events() == other.events()
        assert beliefs(memory) == beliefs(other)
    memory.close()


def test_what_was_noted_and_merged_by_hand_outlives_a_reindex() -> None:
    with MemoryManager.open(":memory:") as memory:
        for text in ("Bob likes chess and tea.", "Bob likes kayaks.", "Bob likes violins."):
            memory.insert(text)
        memory.merge([thought.id for thought in memory.thoughts()[:2]])
        before = beliefs(memory)
        memory.reindex()
        assert beliefs(memory) == before
