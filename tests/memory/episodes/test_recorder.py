"""Events of a space while its turns arrive: what each new turn costs, and what a reader sees."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from knowhen import MemoryManager, Turn
from knowhen.memory.episodes import Cut, OfflineSegmenter, Unit, recorder
from knowhen.memory.episodes.describe import describe
from knowhen.memory.settings import EventSettings, Settings

START = datetime(2024, 3, 1, 9, tzinfo=UTC)
TALK = [
    Turn(f"The tulips in bed {n} bloom red.", "Ann", time=START + timedelta(seconds=n), id=f"t{n}")
    for n in range(40)
]
LATER = Turn("What about the boat?", "Ann", time=START + timedelta(days=1), id="later")


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Sizes of the events that were described."""
    sizes: list[int] = []

    def noted(units: Sequence[Unit]) -> tuple[str, tuple[str, ...]]:
        sizes.append(len(units))
        return describe(units)

    monkeypatch.setattr(recorder, "describe", noted)
    yield sizes


def test_an_open_event_is_described_anew_only_when_it_has_doubled(described: list[int]) -> None:
    with MemoryManager.open(":memory:") as memory:
        for turn in TALK:
            memory.remember(turn)
            newest = memory.events()[-1]
            assert newest.title and newest.keys and not newest.closed
        sizes = [event.turns for event in memory.events()]
        assert max(sizes) >= 16
        assert len(described) <= sum(size.bit_length() + 1 for size in sizes)


def test_a_closed_event_is_described_by_all_of_its_turns(described: list[int]) -> None:
    with MemoryManager.open(":memory:") as memory:
        for turn in (*TALK, LATER):
            memory.remember(turn)
        closed = [event for event in memory.events() if event.closed]
        assert sum(event.turns for event in closed) == len(TALK)
        assert set(described) >= {event.turns for event in closed}


def test_settling_describes_what_was_open_by_all_of_its_turns(described: list[int]) -> None:
    with MemoryManager.open(":memory:") as memory:
        memory.remember(TALK[:7])
        described.clear()
        memory.settle()
        assert sum(described) == 7
        assert all(event.closed for event in memory.events())


def test_the_description_does_not_depend_on_how_turns_arrive() -> None:
    seen = []
    for size in (1, 3, len(TALK)):
        with MemoryManager.open(":memory:") as memory:
            for first in range(0, len(TALK), size):
                memory.remember(TALK[first : first + size])
            seen.append(memory.events())
    assert seen[0] == seen[1] == seen[2]


def sittings(count: int) -> list[list[Turn]]:
    """One sitting a day in one endless session, each with two topics."""
    topics = ("The tulips in bed {} bloom red.", "I own a boat, and sail {} is torn.")
    return [
        [
            Turn(
                topics[place // 4].format(place),
                "Ann",
                time=START + timedelta(days=day, minutes=place),
                session="chat",
                id=f"t{day}-{place}",
            )
            for place in range(8)
        ]
        for day in range(count)
    ]


def test_settling_after_each_sitting_gives_the_events_of_settling_once() -> None:
    seen = []
    for once in (True, False):
        with MemoryManager.open(":memory:") as memory:
            for sitting in sittings(5):
                memory.remember(sitting)
                if not once:
                    memory.settle()
            memory.settle()
            thoughts = {(t.text, t.status) for t in memory.thoughts(history=True)}
            seen.append((memory.events(), thoughts, memory.settle().events))
    assert seen[0] == seen[1]
    assert len(seen[0][0]) >= 5 and seen[0][1] and seen[0][2] == 0


def test_settling_cuts_only_the_sitting_that_went_on(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    cut = OfflineSegmenter.cut

    def noted(self: OfflineSegmenter, units: Sequence[Unit], **settings: int) -> list[Cut]:
        sizes.append(len(units))
        return cut(self, units, **settings)

    monkeypatch.setattr(OfflineSegmenter, "cut", noted)
    with MemoryManager.open(":memory:") as memory:
        for sitting in sittings(4):
            memory.remember(sitting)
            memory.settle()
    assert sizes == [8] * 4


def test_what_settling_leaves_as_it_was_starts_no_cache_anew() -> None:
    with MemoryManager.open(":memory:") as memory:
        memory.remember(TALK[0])
        memory.settle()
        store = memory._equipment.store
        epoch = store.epoch("default")
        memory.remember(replace(TALK[1], time=START + timedelta(days=1)))
        memory.settle()
        assert store.epoch("default") == epoch and len(memory.events()) == 2


def test_what_was_chosen_to_cut_by_stays_in_force_when_it_settles() -> None:
    turns = [
        Turn(text, "Ann", time=datetime(2024, 5, 1, 9, n, tzinfo=UTC), session="s", id=f"c{n}")
        for n, text in enumerate(["The ferry sails at nine."] * 5 + ["Beans need warm soil."] * 5)
    ]
    settings = Settings(events=EventSettings(refine="modularity"))
    with MemoryManager.open(":memory:", settings=settings) as memory:
        memory.remember(turns)
        before = [event.first_turn for event in memory.events()]
        memory.settle()
        assert [event.first_turn for event in memory.events()] == before
        assert not any(event.settled for event in memory.events())
    with MemoryManager.open(":memory:") as memory:
        memory.remember(turns)
        memory.settle()
        assert all(event.settled for event in memory.events())
