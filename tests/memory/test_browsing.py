"""Looking in: one record by its id, and lists narrowed and paged."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from knowhen import MemoryManager, Turn
from knowhen.memory.errors import InvalidInput, NotFound
from knowhen.memory.testing.clock import FixedClock

MARCH = datetime(2024, 3, 1, 9, tzinfo=UTC)
JUNE = datetime(2024, 6, 10, 18, tzinfo=UTC)
SAID = [
    Turn("I live in Oslo with my cat Pixel.", "Nora", time=MARCH, session="s1", id="a1"),
    Turn("Oslo must be beautiful.", "Sam", time=MARCH, session="s1", id="a2"),
    Turn("I moved to Bergen last week.", "Nora", time=JUNE, session="s2", id="b1"),
    Turn("Is Sam-Erik there, too?", "Ivo", time=JUNE, session="s2", id="b2"),
]


@pytest.fixture
def memory() -> Iterator[MemoryManager]:
    clock = FixedClock(JUNE + timedelta(days=1))
    with MemoryManager.open(":memory:", clock=clock) as opened:
        opened.remember(SAID[:2])
        clock.advance(timedelta(days=30))
        opened.remember(SAID[2:])
        opened.settle()
        yield opened


def test_turns_are_narrowed_by_person_words_and_time(memory: MemoryManager) -> None:
    def ids(**wanted: object) -> list[str]:
        return [turn.id for turn in memory.turns(**wanted)]  # type: ignore[arg-type]

    assert ids(about="Nora") == ["a1", "b1"]
    assert ids(about="sam") == ["a2", "b2"]
    assert ids(about="Erik", session="s1") == []
    assert ids(matching="OSLO") == ["a1", "a2"]
    assert ids(since=JUNE) == ["b1", "b2"]
    assert ids(about="Nora", newest=1) == ["b1"]
    assert ids(limit=2) == ["a1", "a2"] and ids(after="a2", limit=2) == ["b1", "b2"]
    with pytest.raises(NotFound):
        ids(after="zz")
    with pytest.raises(InvalidInput):
        ids(since=datetime(2024, 1, 1))


def test_one_record_is_found_by_its_id(memory: MemoryManager) -> None:
    (event,) = memory.events(about="Bergen")
    assert memory.event(event.id) == event and event.session == "s2"
    thought = memory.thoughts(history=True, about="Oslo")[0]
    assert memory.thought(thought.id) == thought
    for look in (memory.turn, memory.event, memory.thought):
        with pytest.raises(NotFound):
            look("nothing")
    assert memory.sessions() == ["s1", "s2"]


def test_thoughts_are_narrowed_and_the_newest_come_last(memory: MemoryManager) -> None:
    assert {t.sources[0].turn_id for t in memory.thoughts(turn="b1")} == {"b1"}
    assert all("Nora" in (t.subject, t.text[:4]) for t in memory.thoughts(about="Nora"))
    assert memory.thoughts(since=JUNE) == memory.thoughts(turn="b1", since=JUNE)
    times = [t.valid_from for t in memory.thoughts(newest=2) if t.valid_from]
    assert times == sorted(times)


def test_changes_tell_what_took_over_and_which_turn_caused_it(memory: MemoryManager) -> None:
    before = memory.changes(JUNE + timedelta(days=40))
    assert before == []
    changes = memory.changes(JUNE + timedelta(days=15))
    (changed,) = [change for change in changes if change.kind == "changed"]
    assert "Oslo" in changed.thought.text and changed.now and "Bergen" in changed.now.text
    assert changed.turns == ("b1",)
    memory.forget(turns=["b1"])
    assert not [c for c in memory.changes(JUNE + timedelta(days=15)) if c.kind == "changed"]


async def test_a_twin_narrows_as_well(memory: MemoryManager) -> None:
    assert await memory.aturns(about="Nora") == memory.turns(about="Nora")
