"""Erasing: out of every table, index and file, with a receipt that proves it."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from knowhen.memory.clock import Clock
from knowhen.memory.episodes.recorder import EventRecorder
from knowhen.memory.indexes.base import VectorIndex
from knowhen.memory.ingestion import tombstone
from knowhen.memory.records import Receipt, Turn
from knowhen.memory.stores.base import Store
from knowhen.memory.thoughts.ledger import Erased, ThoughtLedger

NEEDLE = 24
"""Shortest text, in bytes, that a scan of the files looks for: a shorter one proves nothing,
because it may stand in another record by chance."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What an erasure is about."""

    turns: tuple[str, ...] = ()
    thoughts: tuple[str, ...] = ()


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
            with self._store.transaction():
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
        with store.transaction():
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
        store.purge()
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
        """Files that still hold an erased text which no other turn of the home says as well."""
        needles = [text for text in texts if len(text.encode()) >= NEEDLE]
        said = [
            stored.turn.text
            for space in self._store.spaces()
            for stored in self._store.turns(space)
        ]
        unique = [text for text in needles if not any(text in other for other in said)]
        return self._store.residues([text.encode() for text in unique])

    def _digest(self, turns: Sequence[Turn]) -> str:
        key = (self._store.setting("secret") or "").encode()
        text = "\0".join(f"{turn.id}\0{turn.text}" for turn in turns)
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
