"""Choosing what to forget, before anything is erased."""

from dataclasses import dataclass
from datetime import datetime

from knowhen.graphs.names import normalise
from knowhen.memory.erasure import Selection
from knowhen.memory.errors import InvalidInput, NotFound
from knowhen.memory.language.entities import find_entities
from knowhen.memory.language.terms import fold
from knowhen.memory.records import Thought
from knowhen.memory.stores.base import Store
from knowhen.memory.thoughts.resolution import NEW


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user asks to forget; a turn or thought that fits any of it is chosen."""

    turns: tuple[str, ...] = ()
    thoughts: tuple[str, ...] = ()
    entity: str | None = None
    matching: str | None = None
    before: datetime | None = None


def select(store: Store, space: str, wanted: Wanted) -> Selection:
    """Ids of the turns and thoughts that fit.

    Raises:
        InvalidInput: nothing was asked for, or an empty text was.
        NotFound: a turn or thought asked for by id is not there.
    """
    if wanted == Wanted():
        raise InvalidInput("say what to forget: turns, thoughts, entity, matching or before")
    if wanted.matching is not None and not wanted.matching.strip():
        raise InvalidInput("the text to match is empty; that would forget everything")
    if wanted.entity is not None and not normalise(wanted.entity):
        raise InvalidInput("the name of the entity is empty")
    for turn_id in wanted.turns:
        if store.turn(space, turn_id) is None:
            raise NotFound("turn", turn_id, space)
    known = {thought.id for thought in store.thoughts(space, ids=list(wanted.thoughts))}
    for thought_id in wanted.thoughts:
        if thought_id not in known:
            raise NotFound("thought", thought_id, space)
    turns = dict.fromkeys(wanted.turns) | dict.fromkeys(_turns(store, space, wanted))
    thoughts = dict.fromkeys(wanted.thoughts) | dict.fromkeys(_thoughts(store, space, wanted))
    return Selection(tuple(turns), tuple(thoughts))


def _turns(store: Store, space: str, wanted: Wanted) -> list[str]:
    key = normalise(wanted.entity) if wanted.entity else None
    naming = {m.turn_id for _, m in store.mentions(space) if m.entity == key} if key else set()
    text = fold(wanted.matching) if wanted.matching else None
    chosen: list[str] = []
    if wanted.before is None and not naming and text is None:
        return chosen
    for stored in store.turns(space):
        turn = stored.turn
        early = wanted.before is not None and turn.time is not None and turn.time < wanted.before
        if early or turn.id in naming or (text is not None and text in fold(turn.text)):
            chosen.append(turn.id)
    return chosen


def _thoughts(store: Store, space: str, wanted: Wanted) -> list[str]:
    key = normalise(wanted.entity) if wanted.entity else None
    text = fold(wanted.matching) if wanted.matching else None
    if key is None and text is None:
        return []
    return [
        thought.id
        for thought in store.thoughts(space)
        if (text is not None and text in fold(thought.text))
        or (key is not None and key in _names(thought))
    ] + _undone(store, space, text)


def _names(thought: Thought) -> set[str]:
    """What a thought is about, and what else its text names."""
    found = find_entities(thought.text, speaker=thought.subject)
    return {normalise(thought.subject), normalise(thought.object), *(span.name for span in found)}


def _undone(store: Store, space: str, text: str | None) -> list[str]:
    """Ids of thoughts that were undone, whose words only the log still has."""
    if text is None:
        return []
    return [
        thought_id
        for operation in store.operations(space)
        if operation.undone_by is not None and text in fold(str(operation.payload.get("text", "")))
        for thought_id, change in operation.before.items()
        if change == NEW
    ]
