"""Rows that the store tests put in: short to write, valid as they stand."""

from datetime import datetime, timedelta, timezone

import numpy as np

from knowhen.memory.records import Event, Source, Thought, Turn
from knowhen.memory.stores.base import Entry, Mention, Store

NOW = datetime(2024, 5, 1, 12, 30, 15, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))


def turn(key: str, text: str = "I moved to Oslo.", **fields: object) -> Turn:
    return Turn(**{"text": text, "id": key, "time": NOW, "session": "s1"} | fields)  # type: ignore[arg-type]


def entry(owner: str, *terms: str, vector: list[float] | None = None, kind: str = "turn") -> Entry:
    values = None if vector is None else np.array(vector, np.float32)
    return Entry(kind, owner, 0, 5, terms, values)  # type: ignore[arg-type]


def event(key: str, first: str, last: str, **fields: object) -> Event:
    values = {"session": "s1", "turns": 2, "start": NOW, "end": NOW, "boundary_probability": 0.25}
    return Event(id=key, space="a", first_turn=first, last_turn=last, **values | fields)  # type: ignore[arg-type]


def thought(key: str, *turns: str, **fields: object) -> Thought:
    sources = tuple(Source(name, 0, 3, 0.5) for name in turns)
    values = {"text": "Ann lives in Oslo", "subject": "ann", "predicate": "lives in"}
    return Thought(id=key, space="a", object="Oslo", sources=sources, **values | fields)  # type: ignore[arg-type]


def filled(store: Store) -> None:
    with store.transaction("a"):
        store.add_turns("a", [turn("t1"), turn("t2", "Lucky you!")], NOW)
        store.add_entries("a", [entry("t1", "move", "oslo"), entry("t2", "lucky")])
        store.add_mentions("a", [Mention("t1", "oslo", "Oslo")])
        store.put_events("a", [event("e1", "t1", "t2", closed=True)])
        store.put_thoughts("a", [thought("h1", "t1")])
        store.quarantine("a", ["t1"], "no such words", "Ann lives in Rome")
        store.log("a", "Insert", {"thought": "h1"}, {"none": None}, NOW)
        store.bury("a", ["d1"])
