"""Taking in turns: one transaction makes them durable, searchable and part of an event."""

import hashlib
import hmac
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from knowhen.memory.clock import Clock, NewId
from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.identity import checked_vectors
from knowhen.memory.episodes.recorder import EventRecorder
from knowhen.memory.errors import EmbedderFailed
from knowhen.memory.language.base import EntityFinder
from knowhen.memory.language.entities import title_names
from knowhen.memory.language.sentences import parts
from knowhen.memory.language.terms import terms
from knowhen.memory.records import Turn
from knowhen.memory.settings import PartSettings
from knowhen.memory.stores.base import Entry, Mention, Store, Vectors

log = logging.getLogger(__name__)
_NONE: Mapping[str, list[Entry]] = {}


class Remembering:
    """Remembers turns of one space. Embedding happens before the write lock is taken."""

    def __init__(
        self,
        store: Store,
        space: str,
        *,
        embedder: Embedder,
        events: EventRecorder,
        clock: Clock,
        new_id: NewId,
        settings: PartSettings,
        finder: EntityFinder,
    ) -> None:
        self._store, self._space, self._embedder = store, space, embedder
        self._events, self._clock, self._new_id = events, clock, new_id
        self._settings, self._finder = settings, finder

    def remember(self, turns: Sequence[Turn]) -> list[str]:
        """Store turns and everything derived from them at once; give back the ids of new ones.

        Raises:
            TurnConflict: an id is taken by other content; nothing of the call is kept.
        """
        complete = [self._complete(turn) for turn in self._dated(turns)]
        fresh = self._unknown(complete)
        if not fresh:
            self._store_turns(complete, {})
            return []
        return self._store_turns(complete, self._entries(fresh))

    def _dated(self, turns: Sequence[Turn]) -> list[Turn]:
        """A turn that comes again without a time has the time it was given the first time."""
        undated = [turn.id for turn in turns if turn.id and turn.time is None]
        if not undated:
            return list(turns)
        stored = self._store.turns(self._space, ids=undated)
        times = {row.turn.id: row.turn.time for row in stored}
        return [
            replace(turn, time=times[turn.id]) if turn.time is None and turn.id in times else turn
            for turn in turns
        ]

    def _complete(self, turn: Turn) -> Turn:
        """Give a turn what it lacks; with a time, its id follows from its content."""
        speaker = turn.speaker or turn.role
        if turn.id and turn.time and turn.speaker:
            return turn
        identity = self._content_id(turn) if turn.time else self._new_id()
        time = turn.time or self._clock.now()
        return replace(turn, id=turn.id or identity, time=time, speaker=speaker)

    @staticmethod
    def _content_id(turn: Turn) -> str:
        fields = (turn.session, turn.speaker, turn.role, str(turn.time), turn.text)
        return hashlib.blake2b("\0".join(fields).encode(), digest_size=8).hexdigest()

    def _unknown(self, turns: Sequence[Turn]) -> list[Turn]:
        """Turns that are neither stored nor erased, so only they are embedded."""
        stored = {s.turn.id for s in self._store.turns(self._space, ids=[t.id for t in turns])}
        digests = {turn.id: self.tombstone(turn) for turn in turns if turn.id not in stored}
        buried = self._store.buried(self._space, list(digests.values()))
        return [t for t in turns if t.id in digests and digests[t.id] not in buried]

    def tombstone(self, turn: Turn) -> str:
        """Keyed digest by which an erased turn is known again without keeping its text."""
        return tombstone(self._store, turn)

    def _entries(self, turns: Sequence[Turn]) -> dict[str, list[Entry]]:
        spans = [
            (turn, start, end)
            for turn in turns
            for start, end in parts(turn.text, size=self._settings.size, whole=self._settings.whole)
        ]
        texts = [indexed_text(turn, start, end) for turn, start, end in spans]
        try:
            vectors = list(checked_vectors(self._embedder, texts))
        except EmbedderFailed as error:
            # The turns matter more than their vectors: keep them, embed at the next settle.
            log.warning("%s; the turns are kept and embedded later", error)
            vectors = [None] * len(texts)
        entries: dict[str, list[Entry]] = {}
        for (turn, start, end), text, vector in zip(spans, texts, vectors, strict=True):
            entries.setdefault(turn.id, []).append(
                Entry("turn", turn.id, start, end, terms(text), vector)
            )
        return entries

    def _store_turns(self, turns: Sequence[Turn], entries: dict[str, list[Entry]]) -> list[str]:
        store, space = self._store, self._space
        with store.transaction(space):
            digests = {self.tombstone(turn): turn for turn in turns}
            gone = store.buried(space, list(digests))
            kept = [turn for digest, turn in digests.items() if digest not in gone]
            added = [stored.turn for stored in store.add_turns(space, kept, self._clock.now())]
            if not added:
                return []
            self.derive(added, entries)
        return [turn.id for turn in added]

    def derive(self, turns: Sequence[Turn], entries: Mapping[str, list[Entry]] = _NONE) -> None:
        """Index stored turns and cut them into events, inside a transaction."""
        missing = [turn for turn in turns if turn.id not in entries]
        entries = {**entries, **(self._entries(missing) if missing else {})}
        self._store.add_entries(self._space, [e for turn in turns for e in entries[turn.id]])
        found = [m for turn in turns for m in mentions(turn, self._finder)]
        self._store.add_mentions(self._space, found)
        self._events.extend(turns, {turn.id: _mean_vector(entries[turn.id]) for turn in turns})

    def embed_pending(self) -> int:
        """Embed what was kept while the embedder failed; how many entries that were."""
        pending = self._store.pending_vectors(self._space)
        if not pending:
            return 0
        texts = [" ".join(entry.terms) for entry in pending]
        owners = {
            s.turn.id: s.turn
            for s in self._store.turns(
                self._space, ids=[entry.owner for entry in pending if entry.kind == "turn"]
            )
        }
        for number, entry in enumerate(pending):
            if entry.owner in owners:
                texts[number] = indexed_text(owners[entry.owner], entry.start, entry.end)
        vectors = checked_vectors(self._embedder, texts)
        with self._store.transaction(self._space):
            self._store.set_vectors(
                self._space, {e.id: v for e, v in zip(pending, vectors, strict=True)}
            )
            self._store.bump_epoch(self._space)
        return len(pending)


def indexed_text(turn: Turn, start: int, end: int) -> str:
    """What is searched for a part: its own text, under the title if it is a document's."""
    text = turn.text[start:end]
    title = str(turn.meta.get("title", "")) if turn.role == "document" else ""
    return f"{title}\n{text}" if title and not text.startswith(title) else text


def mentions(turn: Turn, finder: EntityFinder) -> list[Mention]:
    """Entities that a turn names; a document's title is among them."""
    title = str(turn.meta.get("title", "")) if turn.role == "document" else ""
    found = {name: title for name in title_names(title)}
    for span in finder.find(turn.text, speaker=turn.speaker, known=frozenset()):
        found[span.name] = turn.text[span.start : span.end]
    return [Mention(turn.id, name, surface) for name, surface in found.items()]


def tombstone(store: Store, turn: Turn) -> str:
    """Keyed digest by which an erased turn is known again without keeping its text."""
    return keyed_digest(store, f"{turn.id}\0{turn.speaker}\0{turn.text}")


PREMISE = ""
"""In place of a thought's text: whatever a turn says about something that it does not name."""


def thought_tombstone(store: Store, turn_id: str, text: str) -> str:
    """Keyed digest by which an erased thought is known when its turn is thought about again."""
    return keyed_digest(store, f"thought\0{turn_id}\0{text}")


def keyed_digest(store: Store, message: str) -> str:
    """Digest that nobody can guess a text from who does not have the home's secret."""
    key = store.setting("secret") or ""
    return hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()


def _mean_vector(entries: Sequence[Entry]) -> Vectors | None:
    vectors = [entry.vector for entry in entries if entry.vector is not None]
    if not vectors:
        return None
    mean = np.mean(vectors, axis=0)
    return np.asarray(mean / (np.linalg.norm(mean) or 1.0), np.float32)
