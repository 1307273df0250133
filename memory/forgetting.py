"""Forgetting: choosing what goes, erasing it from every table, index and file, and a receipt."""

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from knowhen.graphs.names import normalise
from knowhen.memory.clock import Clock
from knowhen.memory.episodes.recorder import EventRecorder
from knowhen.memory.errors import InvalidInput, NotFound
from knowhen.memory.indexes.base import VectorIndex
from knowhen.memory.language.entities import find_entities
from knowhen.memory.language.terms import fold
from knowhen.memory.records import Receipt, Thought, Turn
from knowhen.memory.remembering import PREMISE, keyed_digest, thought_tombstone, tombstone
from knowhen.memory.stores.base import Store
from knowhen.memory.thoughts.ledger import Erased, ThoughtLedger
from knowhen.memory.thoughts.resolution import NEW

NEEDLE = 24
"""Shortest text, in bytes, that a scan of the files looks for: a shorter one proves nothing,
because it may stand in another record by chance."""
_SHORTEST = 4
"""Letters that a text must have for texts with the same letters to be called similar."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user asks to forget; a turn or thought that fits any of it is chosen."""

    turns: tuple[str, ...] = ()
    thoughts: tuple[str, ...] = ()
    entity: str | None = None
    matching: str | None = None
    before: datetime | None = None
    speaker: str | None = None
    session: str | None = None
    meta: tuple[tuple[str, object], ...] = ()
    """Keys with their values; a turn must have all of them."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What an erasure is about."""

    turns: tuple[str, ...] = ()
    thoughts: tuple[str, ...] = ()
    similar: tuple[str, ...] = ()
    """What was not chosen, but has the same letters."""


# Choosing --------------------------------------------------------------------------------------
def select(store: Store, space: str, wanted: Wanted) -> Selection:
    """Ids of the turns and thoughts that fit.

    Raises:
        InvalidInput: nothing was asked for, or an empty text was.
        NotFound: a turn or thought asked for by id is not there.
    """
    _check(store, space, wanted)
    reader = _Reader(wanted)
    turns, thoughts = dict.fromkeys(wanted.turns), dict.fromkeys(wanted.thoughts)
    similar: list[str] = []
    if reader.reads_turns:
        named = {m.turn_id for _, m in store.mentions(space) if m.entity == reader.entity}
        for stored in store.turns(space):
            if stored.turn.id in named or reader.chooses(stored.turn):
                turns[stored.turn.id] = None
            elif reader.may_mean(_words_of(stored.turn)):
                similar.append(stored.turn.id)
    if reader.reads_thoughts:
        for thought in store.thoughts(space):
            if reader.chooses_thought(thought):
                thoughts[thought.id] = None
            elif reader.may_mean([thought.text]):
                similar.append(thought.id)
        thoughts |= dict.fromkeys(_undone(store, space, reader))
    return Selection(tuple(turns), tuple(thoughts), tuple(similar))


def _check(store: Store, space: str, wanted: Wanted) -> None:
    if wanted == Wanted():
        raise InvalidInput(
            "say what to forget: turns, thoughts, entity, matching, before, speaker, session "
            "or meta"
        )
    for what, text in (("text to match", wanted.matching), ("speaker", wanted.speaker)):
        if text is not None and not spelled(text):
            raise InvalidInput(f"the {what} is empty; that would forget everything")
    if wanted.entity is not None and not normalise(wanted.entity):
        raise InvalidInput("the name of the entity is empty")
    for turn_id in wanted.turns:
        if store.turn(space, turn_id) is None:
            raise NotFound("turn", turn_id, space)
    known = {thought.id for thought in store.thoughts(space, ids=list(wanted.thoughts))}
    for thought_id in wanted.thoughts:
        if thought_id not in known:
            raise NotFound("thought", thought_id, space)


class _Reader:
    """Tells whether a record fits what is wanted, whatever its spelling."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self.entity = normalise(wanted.entity) if wanted.entity else None
        self._name = spelled(wanted.entity) if wanted.entity else None
        self._text = spelled(wanted.matching) if wanted.matching else None
        self._speaker = spelled(wanted.speaker) if wanted.speaker else None
        asked = wanted.matching or wanted.entity or ""
        self._letters = letters(asked) if len(letters(asked)) >= _SHORTEST else None
        self.reads_thoughts = self._text is not None or self.entity is not None
        self.reads_turns = (
            self.reads_thoughts
            or wanted.before is not None
            or wanted.session is not None
            or self._speaker is not None
            or bool(wanted.meta)
        )

    def chooses(self, turn: Turn) -> bool:
        """Whether a turn is meant by its time, sitting, speaker, metadata, names or words."""
        wanted = self._wanted
        if wanted.before is not None and turn.time is not None and turn.time < wanted.before:
            return True
        if wanted.session is not None and turn.session == wanted.session:
            return True
        if wanted.meta and all(turn.meta.get(key) == value for key, value in wanted.meta):
            return True
        if self._speaker is not None and spelled(turn.speaker) == self._speaker:
            return True
        if self.entity is not None and normalise(turn.speaker) == self.entity:
            return True
        return self._text is not None and any(
            self._text in spelled(words) for words in _words_of(turn)
        )

    def chooses_thought(self, thought: Thought) -> bool:
        """Whether a thought is about what is wanted, or says it."""
        if self._text is not None and self._text in spelled(thought.text):
            return True
        return self.entity is not None and self.entity in _names(thought)

    def may_mean(self, texts: Iterable[str]) -> bool:
        """Whether one of the texts has the letters that were asked for, one after the other."""
        return self._letters is not None and any(self._letters in letters(text) for text in texts)

    def says(self, text: str) -> bool:
        """Whether a text holds the words or the name that was asked for."""
        said = spelled(text)
        return any(asked is not None and asked in said for asked in (self._text, self._name))


def spelled(text: str) -> str:
    """A text in the one spelling that it is compared in: `"Ca\\u200bfé  Noir"` -> `"café noir"`.

    Normal form, case, kind and number of spaces, and signs that nobody sees make no difference.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(each for each in text if unicodedata.category(each) != "Cf")
    return " ".join(fold(text).split())


def letters(text: str) -> str:
    """Letters and digits alone, without accents: `"Café-Noir"` -> `"cafenoir"`."""
    plain = fold(text)
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", plain)
    return "".join(each for each in plain if each.isalnum())


def _words_of(turn: Turn) -> list[str]:
    return [turn.text, turn.speaker, turn.session, *_texts_in(turn.meta)]


def _texts_in(value: object) -> list[str]:
    """Every text in a value of metadata, where frameworks keep their payloads."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for key, each in value.items() for text in (str(key), *_texts_in(each))]
    if isinstance(value, list | tuple):
        return [text for each in value for text in _texts_in(each)]
    return []


def _names(thought: Thought) -> set[str]:
    """What a thought is about, and what else its text names."""
    found = find_entities(thought.text, speaker=thought.subject)
    return {normalise(thought.subject), normalise(thought.object), *(span.name for span in found)}


def _undone(store: Store, space: str, reader: _Reader) -> list[str]:
    """Ids of thoughts that were undone, whose words only the log still has."""
    return [
        thought_id
        for operation in store.operations(space)
        if operation.undone_by is not None and reader.says(str(operation.payload.get("text", "")))
        for thought_id, change in operation.before.items()
        if change == NEW
    ]


# Erasing ---------------------------------------------------------------------------------------
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
            similar=selection.similar,
            preview=True,
        )

    def erase(self, selection: Selection) -> Receipt:
        """Erase now, in one transaction, then leave no byte of it in any file."""
        store, space = self._store, self._space
        turns = [s.turn for s in store.turns(space, ids=selection.turns)]
        ids = [turn.id for turn in turns]
        with store.transaction(space):
            gone = self._ledger.erase(turn_ids=selection.turns, thought_ids=selection.thoughts)
            tombstones = [tombstone(store, turn) for turn in turns]
            # A thought that was chosen does not come back from turns that stay; one that went
            # with some of its turns may.
            chosen = {*ids, *selection.thoughts}
            tombstones += [
                thought_tombstone(store, source.turn_id, thought.text)
                for thought in gone.thoughts
                for source in thought.sources
                if not chosen.isdisjoint((thought.id, source.turn_id))
            ]
            # A correction whose statement is erased must not find another one to correct.
            tombstones += [
                thought_tombstone(store, source.turn_id, PREMISE)
                for thought in gone.thoughts
                if any(source.weight == 0 for source in thought.sources)
                for source in thought.sources
                if source.weight > 0
            ]
            store.bury(space, tombstones)
            for session in dict.fromkeys(turn.session for turn in turns):
                self._events.recut(session, without=frozenset(ids))
            store.delete_turns(space, ids)
            store.scrub(space, [*selection.turns, *gone.vanished])
            counts = {"turns": len(turns), "thoughts": len(gone.vanished)}
            store.log(space, "erase", counts, {}, self._clock.now())
            store.bump_epoch(space)
        self._index.forget(space)
        purged = store.purge(space)
        texts = [text for turn in turns for text in (turn.text, *_texts_in(turn.meta))]
        texts += [thought.text for thought in gone.thoughts]
        return _sealed(
            store,
            Receipt(
                space=space,
                turns=tuple(ids),
                thoughts=tuple(gone.vanished),
                revived=tuple(gone.revived),
                residues=tuple(self._residues(texts)),
                similar=selection.similar,
                looked_at=tuple(store.files(space)),
                held=() if purged else tuple(_journals(store.files(space))),
                time=self._clock.now(),
                tombstones=tuple(dict.fromkeys(tombstones)),
            ),
        )

    def _residues(self, texts: Sequence[str]) -> list[str]:
        """Files that still hold an erased text which no other record of the space says as well."""
        needles = list(dict.fromkeys(text for text in texts if len(text.encode()) >= NEEDLE))
        found = self._store.residues(self._space, [text.encode() for text in needles])
        hit = sorted({place for _, places in found for place in places})
        said = dict(zip(hit, self._store.says(self._space, [needles[n] for n in hit]), strict=True))
        return [name for name, places in found if not all(said[place] for place in places)]


def _journals(files: Sequence[str]) -> list[str]:
    return [name for name in files if name.endswith("-wal")]


# Proving ---------------------------------------------------------------------------------------
def verify(store: Store, receipt: Receipt) -> list[str]:
    """What speaks against a receipt, in words; empty when it holds.

    It was made by this home and not changed since, what it names was not remembered again, and
    nothing was left to be cleared.
    """
    if receipt.preview or not receipt.digest:
        return ["it is a preview, after which nothing was erased"]
    found = []
    if _sealed(store, receipt).digest != receipt.digest:
        found.append("it was not made by this home, or was changed since")
    space = receipt.space
    missing = set(receipt.tombstones) - store.buried(space, receipt.tombstones)
    if missing:
        found.append(f"{len(missing)} of its digests are not known to space {space!r}")
    for row in store.turns(space, ids=receipt.turns):
        if tombstone(store, row.turn) in receipt.tombstones:
            found.append(f"turn {row.turn.id!r} is there again")
    for thought in store.thoughts(space, ids=list(receipt.thoughts)):
        marks = {thought_tombstone(store, s.turn_id, thought.text) for s in thought.sources}
        if marks and marks <= set(receipt.tombstones):
            found.append(f"thought {thought.id!r} is there again")
    if (receipt.held or receipt.residues) and not store.purge(space):
        found.append(f"bytes may be left in {', '.join(receipt.held or receipt.residues)}")
    return found


def _sealed(store: Store, receipt: Receipt) -> Receipt:
    """The receipt with the digest of all that it says."""
    said = asdict(replace(receipt, digest=""))
    said["time"] = receipt.time.isoformat() if receipt.time else None
    return replace(receipt, digest=keyed_digest(store, json.dumps(said, sort_keys=True)))


def receipt_from(values: Mapping[str, object]) -> Receipt:
    """A receipt as `knowhen forget --json` printed it.

    Raises:
        InvalidInput: the values are not those of a receipt.
    """
    try:
        kept = {
            key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
        }
        time = kept.pop("time", None)
        found = Receipt(**kept, time=datetime.fromisoformat(str(time)) if time else None)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"this is no receipt: {error}") from None
    if not all(isinstance(each, str) for each in (found.space, found.digest, *found.turns)):
        raise InvalidInput("this is no receipt: its fields are not text")
    return found
