"""Forgetting: choosing what goes, erasing it from every table, index and file, and a receipt."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from knowhen.graphs.names import normalise
from knowhen.memory.clock import Clock
from knowhen.memory.episodes.recorder import EventRecorder
from knowhen.memory.errors import InvalidInput, NotFound
from knowhen.memory.indexes.base import VectorIndex
from knowhen.memory.language.entities import find_entities
from knowhen.memory.language.terms import fold
from knowhen.memory.records import Receipt, Thought, Turn
from knowhen.memory.remembering import tombstone
from knowhen.memory.stores.base import Store
from knowhen.memory.thoughts.ledger import Erased, ThoughtLedger
from knowhen.memory.thoughts.resolution import NEW

NEEDLE = 24
"""Shortest text, in bytes, that a scan of the files looks for: a shorter one proves nothing,
because it may stand in another record by chance."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user asks to forget; a turn or thought that fits any of it is chosen."""

    turns: tuple[str, ...] = ()
    thoughts: tuple[str, ...] = ()
    entity: str | None = None
    matching: str | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What an erasure is about."""

    turns: tuple[str, ...] = ()
    thoughts: tuple[str, ...] = ()


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


class _OnlyAsked(Exception):
    """Rolls a previewed erasure back."""


class Erasure:
    """Erases turns and thoughts of one space with everything derived from them."""

    def __init__(
        self,
        store: Store,
        space: str,
        *,
        index: VectorIndex,
        events: EventRecorder,
        ledger: ThoughtLedger,
        clock: Clock,
    ) -> None:
        self._store, self._space = store, space
        self._index, self._events, self._ledger, self._clock = index, events, ledger, clock

    def preview(self, selection: Selection) -> Receipt:
        """What an erasure would take, found by doing it and rolling it back."""
        found = Erased()
        try:
            with self._store.transaction(self._space):
                found = self._ledger.erase(turn_ids=selection.turns, thought_ids=selection.thoughts)
                raise _OnlyAsked
        except _OnlyAsked:
            self._ledger.start_anew()
        return Receipt(
            space=self._space,
            turns=selection.turns,
            thoughts=found.vanished,
            revived=found.revived,
            preview=True,
        )

    def erase(self, selection: Selection) -> Receipt:
        """Erase now, in one transaction, then leave no byte of it in any file."""
        store, space = self._store, self._space
        turns = [s.turn for s in store.turns(space, ids=selection.turns)]
        with store.transaction(space):
            gone = self._ledger.erase(turn_ids=selection.turns, thought_ids=selection.thoughts)
            store.bury(space, [tombstone(store, turn) for turn in turns])
            ids = [turn.id for turn in turns]
            for session in dict.fromkeys(turn.session for turn in turns):
                self._events.recut(session, without=frozenset(ids))
            store.delete_turns(space, ids)
            store.scrub(space, [*selection.turns, *gone.vanished])
            counts = {"turns": len(turns), "thoughts": len(gone.vanished)}
            store.log(space, "erase", counts, {}, self._clock.now())
            store.bump_epoch(space)
        self._index.forget(space)
        store.purge(space)
        texts = [turn.text for turn in turns] + list(gone.texts)
        return Receipt(
            space=space,
            turns=tuple(turn.id for turn in turns),
            thoughts=tuple(gone.vanished),
            revived=tuple(gone.revived),
            residues=tuple(self._residues(texts)),
            time=self._clock.now(),
            digest=self._digest(turns),
        )

    def _residues(self, texts: Sequence[str]) -> list[str]:
        """Files that still hold an erased text which no other record of the space says as well."""
        needles = [text for text in texts if len(text.encode()) >= NEEDLE]
        found = self._store.residues(self._space, [text.encode() for text in needles])
        hit = sorted({place for _, places in found for place in places})
        said = dict(zip(hit, self._store.says(self._space, [needles[n] for n in hit]), strict=True))
        return [name for name, places in found if not all(said[place] for place in places)]

    def _digest(self, turns: Sequence[Turn]) -> str:
        key = (self._store.setting("secret") or "").encode()
        text = "\0".join(f"{turn.id}\0{turn.text}" for turn in turns)
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
