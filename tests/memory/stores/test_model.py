"""SQLite against plain dictionaries: after any sequence of calls both say the same."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from knowhen.memory.errors import TurnConflict
from knowhen.memory.records import Event, Source, Thought, Turn
from knowhen.memory.stores.base import Entry, Mention, Store
from knowhen.memory.stores.sqlite import SqliteStore
from knowhen.memory.testing.volatile_store import VolatileStore

NOW = datetime(2024, 5, 1, tzinfo=UTC)
SPACES = ("a", "b")
TERMS = ("oslo", "c++", "漢字", "")
spaces = st.sampled_from(SPACES)
keys = st.sampled_from(["t1", "t2", "t3", "t4"])
key_lists = st.lists(keys, max_size=4)
kinds = st.sampled_from(["turn", "thought", "entity"])
terms = st.lists(st.sampled_from(TERMS), max_size=5)
vectors = st.none() | st.integers(0, 5).map(lambda n: np.array([127, n], np.float32))


class RolledBack(Exception):
    pass


class Stores(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.stores: tuple[Store, Store] = (SqliteStore(), VolatileStore())

    def both(self, space: str, call: Callable[[Store], object]) -> None:
        """The same call on both, now and then inside a transaction that is rolled back first."""
        for store in self.stores:
            try:
                with store.transaction(space):
                    call(store)
                    raise RolledBack
            except (RolledBack, TurnConflict):
                pass
        outcomes = []
        for store in self.stores:
            try:
                outcomes.append(repr(call(store)))
            except TurnConflict as error:
                outcomes.append(repr(error))
        assert outcomes[0] == outcomes[1]

    @rule(space=spaces, ids=key_lists, text=st.sampled_from(["x", "x", "y"]))
    def add_turns(self, space: str, ids: list[str], text: str) -> None:
        turns = [Turn(text, id=key, session=key[1:], meta={"k": (1,)}) for key in ids]
        self.both(space, lambda store: store.add_turns(space, turns, NOW))

    @rule(space=spaces, ids=key_lists)
    def delete_turns(self, space: str, ids: list[str]) -> None:
        self.both(space, lambda store: store.delete_turns(space, ids))

    @rule(space=spaces, kind=kinds, owner=keys, terms=terms, vector=vectors)
    def add_entry(self, space, kind, owner, terms, vector) -> None:  # type: ignore[no-untyped-def]
        self.both(
            space, lambda store: store.add_entries(space, [Entry(kind, owner, 0, 1, terms, vector)])
        )

    @rule(space=spaces, kind=kinds, owners=key_lists)
    def delete_entries(self, space, kind, owners) -> None:  # type: ignore[no-untyped-def]
        self.both(space, lambda store: store.delete_entries(space, kind, owners))

    @rule(space=spaces, number=st.integers(1, 12))
    def set_vectors(self, space: str, number: int) -> None:
        given = {number: np.array([9, 9], np.float32)}
        self.both(space, lambda store: store.set_vectors(space, given))

    @rule(space=spaces, key=keys, first=keys, last=keys, closed=st.booleans())
    def put_event(self, space: str, key: str, first: str, last: str, closed: bool) -> None:
        event = Event(key, space, first[1:], first, last, 2, NOW, NOW, 0.5, closed=closed)
        self.both(space, lambda store: store.put_events(space, [event]))

    @rule(space=spaces, ids=key_lists, done=st.booleans())
    def set_consolidated(self, space: str, ids: list[str], done: bool) -> None:
        self.both(space, lambda store: store.set_consolidated(space, ids, done))

    @rule(space=spaces, ids=key_lists)
    def delete_events(self, space: str, ids: list[str]) -> None:
        self.both(space, lambda store: store.delete_events(space, ids))

    @rule(space=spaces, key=keys, subject=keys, turns=key_lists)
    def put_thought(self, space: str, key: str, subject: str, turns: list[str]) -> None:
        sources = tuple(Source(turn, 0, 1) for turn in turns)
        thought = Thought(key, space, "x", subject, "p", "o", sources=sources)
        self.both(space, lambda store: store.put_thoughts(space, [thought]))

    @rule(space=spaces, ids=key_lists)
    def delete_thoughts(self, space: str, ids: list[str]) -> None:
        self.both(space, lambda store: store.delete_thoughts(space, ids))

    @rule(space=spaces, turn=keys, entity=keys)
    def add_mention(self, space: str, turn: str, entity: str) -> None:
        self.both(space, lambda store: store.add_mentions(space, [Mention(turn, entity, "X")]))

    @rule(space=spaces, turns=key_lists)
    def quarantine(self, space: str, turns: list[str]) -> None:
        self.both(space, lambda store: store.quarantine(space, turns, "why", "text"))

    @rule(space=spaces, key=keys, days=st.integers(0, 3))
    def log(self, space: str, key: str, days: int) -> None:
        time = NOW + timedelta(days=days)
        self.both(space, lambda store: store.log(space, "Insert", {"id": key}, {"of": [key]}, time))

    @rule(space=spaces, ids=key_lists)
    def scrub(self, space: str, ids: list[str]) -> None:
        self.both(space, lambda store: store.scrub(space, ids))

    @rule(space=spaces, number=st.integers(1, 5))
    def mark_undone(self, space: str, number: int) -> None:
        self.both(space, lambda store: store.mark_undone(space, number, 99))

    @rule(space=spaces)
    def clear_derived(self, space: str) -> None:
        self.both(space, lambda store: store.clear_derived(space))

    @invariant()
    def both_say_the_same(self) -> None:
        one, other = (observed(store) for store in self.stores)
        assert one == other

    def teardown(self) -> None:
        for store in self.stores:
            store.close()


def observed(store: Store) -> list[object]:
    seen: list[object] = [store.spaces(), sorted(store.check())]
    for space in SPACES:
        seen += [
            list(store.turns(space)),
            store.sessions(space),
            store.events(space),
            store.unconsolidated(space),
            store.thoughts(space),
            store.thoughts(space, turn_id="t1"),
            sorted(store.thought_ids(space)),
            store.quarantined(space),
            [mention for _, mention in store.mentions(space)],
            store.operations(space),
            [(e.id, e.kind, list(e.terms)) for e in store.pending_vectors(space)],
            store.version(space),
            store.epoch(space),
        ]
        for kind in ("turn", "thought", "entity"):
            ids, matrix = store.vectors(space, kind)  # type: ignore[arg-type]
            postings = store.postings(space, kind, TERMS)  # type: ignore[arg-type]
            seen += [
                store.entries(space, kind),  # type: ignore[arg-type]
                (ids.tolist(), matrix.tolist()),
                {term: (i.tolist(), n.tolist()) for term, (i, n) in postings.items()},
            ]
    return seen


TestStores = Stores.TestCase
TestStores.settings = settings(
    deadline=None,
    max_examples=25,
    stateful_step_count=20,
    suppress_health_check=[HealthCheck.too_slow],
)
