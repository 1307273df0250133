"""A ledger over a store in memory, and turns said to it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from knowhen.memory.language.terms import terms
from knowhen.memory.records import Role, Thought, Turn
from knowhen.memory.stores.base import Entry
from knowhen.memory.testing.clock import FixedClock
from knowhen.memory.testing.volatile_store import VolatileStore
from knowhen.memory.thoughts.ledger import ThoughtLedger
from knowhen.memory.thoughts.rules import RuleProposer

START = datetime(2024, 3, 1, 9, tzinfo=UTC)


def entries(thoughts: Sequence[Thought]) -> list[Entry]:
    return [Entry("thought", t.id, 0, len(t.text), terms(t.text)) for t in thoughts]


def turn(text: str, *, id: str, day: float = 0, speaker: str = "Ann", role: Role = "user") -> Turn:
    time = START + timedelta(days=day)
    return Turn(text, speaker=speaker, role=role, time=time, session="s", id=id)


class Talk:
    """Says turns to a ledger, one call each, and looks at what memory holds then."""

    def __init__(self, space: str = "home", store: VolatileStore | None = None) -> None:
        self.space, self.clock = space, FixedClock(START)
        self.store = store if store is not None else VolatileStore()
        self.ledger = ThoughtLedger(self.store, space, self.clock, entries)

    def say(
        self,
        text: str,
        *,
        id: str,
        day: float = 0,
        speaker: str = "Ann",
        before: Sequence[str] = (),
    ) -> list[int]:
        return self.hear([turn(text, id=id, day=day, speaker=speaker)], before=before)

    def hear(
        self, turns: Sequence[Turn], *, before: Sequence[str] = (), anew: bool = False
    ) -> list[int]:
        earlier = [row.turn for row in self.store.turns(self.space, ids=before)] if before else []
        with self.store.transaction(self.space):
            self.store.add_turns(self.space, turns, self.clock.now())
        return self.ledger.learn(RuleProposer().propose_after(earlier, turns), anew=anew)

    def all(self) -> list[Thought]:
        return self.store.thoughts(self.space)

    def active(self) -> set[str]:
        return {thought.text for thought in self.all() if thought.status == "active"}

    def one(self, text: str) -> Thought:
        found = [thought for thought in self.all() if thought.text == text]
        assert len(found) == 1, [thought.text for thought in self.all()]
        return found[0]

    def forget(self, *turn_ids: str) -> None:
        with self.store.transaction(self.space):
            self.ledger.erase(turn_ids=turn_ids)
            self.store.delete_turns(self.space, turn_ids)
            self.store.bump_epoch(self.space)


@pytest.fixture
def talk() -> Talk:
    return Talk()
