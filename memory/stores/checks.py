"""What must hold between the rows of any store."""

from collections.abc import Iterator

import numpy as np

from knowhen.memory.stores.base import KINDS, Store

DIMENSION = "dimension"
"""Setting that holds the length of the stored vectors, once an embedder was adopted."""


def check_store(store: Store, space: str) -> list[str]:
    """Inconsistencies between the rows of a space, in words, through the protocol alone."""
    return list(_check_space(store, space))


def _check_space(store: Store, space: str) -> Iterator[str]:
    turns = {row.turn.id: len(row.turn.text) for row in store.turns(space)}
    thoughts = store.thoughts(space)
    store.operations(space)  # raises if one cannot be read
    store.quarantined(space)
    where = f"in space {space!r}"
    yield from _check_entries(store, space, turns, {thought.id for thought in thoughts})
    yield from _check_vectors(store, space)
    for event in store.events(space):
        for turn_id in {event.first_turn, event.last_turn, *event.keys} - turns.keys():
            yield f"event {event.id!r} {where} covers turn {turn_id!r}, which is not there"
    for thought in thoughts:
        for turn_id in {source.turn_id for source in thought.sources} - turns.keys():
            yield f"thought {thought.id!r} {where} cites turn {turn_id!r}, which is not there"
    for turn_id in {mention.turn_id for _, mention in store.mentions(space)} - turns.keys():
        yield f"a mention {where} belongs to turn {turn_id!r}, which is not there"


def _check_entries(
    store: Store, space: str, turns: dict[str, int], thoughts: set[str]
) -> Iterator[str]:
    covered = set()
    for entry in store.entries(space, "turn"):
        covered.add(entry.owner)
        if entry.owner not in turns:
            yield f"an entry of turn {entry.owner!r} in space {space!r} has no such turn"
        elif not 0 <= entry.start <= entry.end <= turns[entry.owner]:
            yield f"an entry of turn {entry.owner!r} in space {space!r} exceeds its text"
    for turn_id in turns.keys() - covered:
        yield f"turn {turn_id!r} in space {space!r} has no entry and cannot be found"
    for owner in {entry.owner for entry in store.entries(space, "thought")} - thoughts:
        yield f"an entry of thought {owner!r} in space {space!r} has no such thought"


def _check_vectors(store: Store, space: str) -> Iterator[str]:
    stored = store.setting(DIMENSION, space=space) or store.setting(DIMENSION)
    for kind in KINDS:
        try:
            _, vectors = store.vectors(space, kind)
        except ValueError:
            yield f"vectors of kind {kind!r} in space {space!r} differ in length"
            continue
        if not len(vectors):
            continue
        if stored is not None and str(vectors.shape[1]) != stored:
            yield f"vectors of kind {kind!r} in space {space!r} are not of length {stored}"
        if not np.isfinite(vectors).all():
            yield f"vectors of kind {kind!r} in space {space!r} hold values that are no numbers"
