"""A store in plain dictionaries, for tests and for memory that may vanish with the process."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import numpy as np

from knowhen.memory.errors import OperationRefused, TurnConflict
from knowhen.memory.records import Event, Thought, Turn
from knowhen.memory.stores.base import (
    Entry,
    EntryKind,
    EntryRow,
    Integers,
    LoggedOperation,
    Mention,
    StoredTurn,
    Vectors,
)
from knowhen.memory.stores.checks import check_store
from knowhen.memory.stores.codec import dumps, loads, names_any, same_content, stored_form

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class VolatileEvent:
    """An event with what the store keeps beside it."""

    event: Event
    first_seq: int
    changed: int
    consolidated: bool


@dataclass(slots=True)
class VolatileSpace:
    """Rows of one space. Values are immutable, so that a shallow copy is a snapshot."""

    version: int = 0
    epoch: int = 0
    turns: dict[str, StoredTurn] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    events: dict[str, VolatileEvent] = field(default_factory=dict)
    thoughts: dict[str, tuple[int, Thought]] = field(default_factory=dict)
    mentions: dict[int, Mention] = field(default_factory=dict)
    operations: dict[int, LoggedOperation] = field(default_factory=dict)
    quarantine: tuple[tuple[tuple[str, ...], str, str], ...] = ()
    buried: frozenset[str] = frozenset()

    def copy(self) -> "VolatileSpace":
        """A snapshot that later writes leave alone."""
        return replace(
            self,
            turns=dict(self.turns),
            entries=dict(self.entries),
            events=dict(self.events),
            thoughts=dict(self.thoughts),
            mentions=dict(self.mentions),
            operations=dict(self.operations),
        )


_EMPTY = VolatileSpace()


class VolatileStore:
    """The store protocol kept by dictionaries: same rules as SQLite, no file, one process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._last: dict[tuple[str, str], int] = {}
        self._settings: dict[tuple[str | None, str], str] = {}
        self._spaces: dict[str, VolatileSpace] = {}

    @contextmanager
    def transaction(self, space: str) -> Iterator[None]:
        with self._lock:
            settings, last = dict(self._settings), dict(self._last)
            spaces = {name: space.copy() for name, space in self._spaces.items()}
            self._depth += 1
            try:
                yield
            except BaseException:
                self._settings, self._last, self._spaces = settings, last, spaces
                raise
            finally:
                self._depth -= 1

    @contextmanager
    def snapshot(self, space: str) -> Iterator[None]:
        with self._lock:
            yield

    def setting(self, key: str, *, space: str | None = None) -> str | None:
        return self._settings.get((space, key))

    def set_setting(self, key: str, value: str, *, space: str | None = None) -> None:
        self._settings[space, key] = value

    def claim_setting(self, key: str, value: str) -> str:
        return self._settings.setdefault((None, key), value)

    def spaces(self) -> list[str]:
        return sorted(name for name, space in self._spaces.items() if space.version)

    def version(self, space: str) -> int:
        return self._read(space).version

    def epoch(self, space: str) -> int:
        return self._read(space).epoch

    # Turns -------------------------------------------------------------------------------
    def add_turns(
        self, space: str, turns: Sequence[Turn], recorded_at: datetime
    ) -> list[StoredTurn]:
        with self._lock:
            known = {key: row.turn for key, row in self._read(space).turns.items()}
            new = []
            for turn in turns:
                if turn.id not in known:
                    known[turn.id] = stored_form(turn)
                    new.append(known[turn.id])
                elif not same_content(known[turn.id], turn):
                    raise TurnConflict(turn.id, space)
            if not new:
                return []
            added = [StoredTurn(self._next(space, "turn"), turn, recorded_at) for turn in new]
            self._write(space).turns.update((row.turn.id, row) for row in added)
            return added

    def turn(self, space: str, turn_id: str) -> StoredTurn | None:
        return self._read(space).turns.get(turn_id)

    def turns(
        self,
        space: str,
        *,
        after: int = 0,
        session: str | None = None,
        ids: Sequence[str] | None = None,
        newest: int | None = None,
    ) -> Iterator[StoredTurn]:
        wanted = None if ids is None else set(ids)
        found = [
            row
            for row in self._read(space).turns.values()
            if row.seq > after
            and (session is None or row.turn.session == session)
            and (wanted is None or row.turn.id in wanted)
        ]
        return iter(_newest(found, newest))

    def count_turns(self, space: str) -> int:
        return len(self._read(space).turns)

    def sessions(self, space: str) -> list[str]:
        return list(dict.fromkeys(r.turn.session for r in self._read(space).turns.values()))

    def delete_turns(self, space: str, turn_ids: Sequence[str]) -> None:
        gone = set(turn_ids) & self._read(space).turns.keys()
        if not gone:
            return
        rows = self._write(space, vanish=True)
        self.delete_entries(space, "turn", list(gone))
        rows.turns = {k: v for k, v in rows.turns.items() if k not in gone}
        rows.mentions = {k: m for k, m in rows.mentions.items() if m.turn_id not in gone}
        rows.quarantine = tuple(q for q in rows.quarantine if gone.isdisjoint(q[0]))

    def bury(self, space: str, digests: Iterable[str]) -> None:
        self._write(space).buried |= frozenset(digests)

    def buried(self, space: str, digests: Sequence[str]) -> set[str]:
        return set(self._read(space).buried.intersection(digests))

    # Entries: full text and vectors ------------------------------------------------------
    def add_entries(self, space: str, entries: Sequence[Entry]) -> list[int]:
        if not entries:
            return []
        rows = self._write(space)
        added = []
        for entry in entries:
            number = self._next(space, "entry")
            rows.entries[number] = replace(
                entry, id=number, terms=tuple(entry.terms), vector=_copied(entry.vector)
            )
            added.append(number)
        return added

    def delete_entries(self, space: str, kind: EntryKind, owners: Sequence[str]) -> None:
        gone = {e.id for e in self._of_kind(space, kind) if e.owner in set(owners)}
        if gone:
            rows = self._write(space, vanish=True)
            rows.entries = {k: e for k, e in rows.entries.items() if k not in gone}

    def entries(self, space: str, kind: EntryKind, *, after: int = 0) -> list[EntryRow]:
        return [
            EntryRow(e.id, e.owner, e.start, e.end, len(e.terms))
            for e in self._of_kind(space, kind)
            if e.id > after
        ]

    def entry_ids(self, space: str, kind: EntryKind) -> Integers:
        return self.vectors(space, kind)[0]

    def postings(
        self, space: str, kind: EntryKind, terms: Iterable[str]
    ) -> dict[str, tuple[Integers, Integers]]:
        entries = self._of_kind(space, kind)
        found = {}
        for term in set(terms):
            pairs = [(e.id, list(e.terms).count(term)) for e in entries if term in e.terms]
            if pairs:
                ids, counts = np.array(pairs, dtype=np.int64).T
                found[term] = (ids.copy(), counts.copy())
        return found

    def vectors(self, space: str, kind: EntryKind, *, after: int = 0) -> tuple[Integers, Vectors]:
        known = [
            (e.id, e.vector)
            for e in self._of_kind(space, kind)
            if e.id > after and e.vector is not None
        ]
        if not known:
            return np.empty(0, dtype=np.int64), np.empty((0, 0), dtype=np.float32)
        return np.array([i for i, _ in known], dtype=np.int64), np.stack([v for _, v in known])

    def vectors_of(self, space: str, kind: EntryKind, owners: Sequence[str]) -> dict[str, Vectors]:
        wanted, found = set(owners), dict[str, list[Vectors]]()
        for entry in self._of_kind(space, kind):
            if entry.owner in wanted and entry.vector is not None:
                found.setdefault(entry.owner, []).append(entry.vector)
        return {owner: np.stack(vectors) for owner, vectors in found.items()}

    def pending_vectors(self, space: str) -> list[Entry]:
        return [e for e in self._read(space).entries.values() if e.vector is None]

    def set_vectors(self, space: str, vectors: Mapping[int, Vectors]) -> None:
        known = self._read(space).entries
        given = {number: vector for number, vector in vectors.items() if number in known}
        if not given:
            return
        late = any(
            e.vector is not None and e.kind == known[number].kind and e.id >= number
            for number in given
            for e in known.values()
        )
        rows = self._write(space, vanish=late)
        for number, vector in given.items():
            rows.entries[number] = replace(rows.entries[number], vector=_copied(vector))

    # Events ------------------------------------------------------------------------------
    def put_events(self, space: str, events: Sequence[Event]) -> None:
        if not events:
            return
        rows = self._write(space)
        for event in events:
            first, old = rows.turns.get(event.first_turn), rows.events.get(event.id)
            same = old is not None and _extent(old.event) == _extent(event)
            rows.events[event.id] = VolatileEvent(
                event,
                first.seq if first else 0,
                rows.version,
                old.consolidated if old is not None and same else False,
            )

    def delete_events(self, space: str, event_ids: Sequence[str]) -> None:
        gone = self._read(space).events.keys() & set(event_ids)
        if gone:
            rows = self._write(space, vanish=True)
            rows.events = {k: e for k, e in rows.events.items() if k not in gone}

    def events(
        self, space: str, *, changed_after: int = 0, session: str | None = None
    ) -> list[Event]:
        return [
            row.event
            for row in self._event_rows(space)
            if row.changed > changed_after and (session is None or row.event.session == session)
        ]

    def set_consolidated(self, space: str, event_ids: Sequence[str], done: bool) -> None:
        known = [key for key in event_ids if key in self._read(space).events]
        if not known:
            return
        rows = self._write(space)
        for key in known:
            rows.events[key] = replace(rows.events[key], consolidated=done, changed=rows.version)

    def unconsolidated(self, space: str, *, ids: Sequence[str] | None = None) -> list[Event]:
        return [
            row.event
            for row in self._event_rows(space)
            if row.event.closed and not row.consolidated and (ids is None or row.event.id in ids)
        ]

    # Thoughts ----------------------------------------------------------------------------
    def put_thoughts(self, space: str, thoughts: Sequence[Thought]) -> None:
        if not thoughts:
            return
        rows = self._write(space)
        for thought in thoughts:
            rows.thoughts[thought.id] = (rows.version, thought)

    def delete_thoughts(self, space: str, thought_ids: Sequence[str]) -> None:
        gone = self._read(space).thoughts.keys() & set(thought_ids)
        if gone:
            rows = self._write(space, vanish=True)
            rows.thoughts = {k: t for k, t in rows.thoughts.items() if k not in gone}
        self.delete_entries(space, "thought", thought_ids)

    def thoughts(
        self,
        space: str,
        *,
        changed_after: int = 0,
        ids: Sequence[str] | None = None,
        turn_id: str | None = None,
    ) -> list[Thought]:
        wanted = None if ids is None else set(ids)
        found = [
            thought
            for changed, thought in self._read(space).thoughts.values()
            if changed > changed_after
            and (wanted is None or thought.id in wanted)
            and (turn_id is None or any(s.turn_id == turn_id for s in thought.sources))
        ]
        return sorted(found, key=lambda thought: thought.id)

    def thought_ids(self, space: str) -> list[str]:
        return list(self._read(space).thoughts)

    def quarantine(self, space: str, turn_ids: Sequence[str], reason: str, text: str) -> None:
        self._write(space).quarantine += ((tuple(turn_ids), reason, text),)

    def quarantined(self, space: str) -> list[tuple[Sequence[str], str, str]]:
        return list(self._read(space).quarantine)

    # Mentions ----------------------------------------------------------------------------
    def add_mentions(self, space: str, mentions: Sequence[Mention]) -> None:
        known = set(self._read(space).mentions.values())
        new = [m for m in dict.fromkeys(mentions) if m not in known]
        if new:
            self._write(space).mentions.update((self._next(space, "mention"), m) for m in new)

    def mentions(self, space: str, *, after: int = 0) -> list[tuple[int, Mention]]:
        return [(k, m) for k, m in self._read(space).mentions.items() if k > after]

    # Operation log -----------------------------------------------------------------------
    def log(
        self,
        space: str,
        kind: str,
        payload: Mapping[str, object],
        before: Mapping[str, object],
        time: datetime,
    ) -> int:
        rows, number = self._write(space), self._next(space, "operation")
        kept = loads(dumps(payload)), loads(dumps(before))
        rows.operations[number] = LoggedOperation(number, space, time, kind, *kept)
        return number

    def operations(
        self, space: str, *, ids: Sequence[int] | None = None, newest: int | None = None
    ) -> list[LoggedOperation]:
        found = [
            op for op in self._read(space).operations.values() if ids is None or op.id in set(ids)
        ]
        return _newest(found, newest)

    def mark_undone(self, space: str, operation_id: int, by: int) -> None:
        if operation_id in self._read(space).operations:
            rows = self._write(space)
            rows.operations[operation_id] = replace(rows.operations[operation_id], undone_by=by)

    def scrub(self, space: str, ids: Sequence[str]) -> None:
        wanted = set(ids)
        hit = [
            op
            for op in self._read(space).operations.values()
            if names_any(op.payload, wanted) or names_any(op.before, wanted)
        ]
        if hit:
            rows = self._write(space)
            rows.operations.update((op.id, replace(op, payload={}, before={})) for op in hit)

    # Care --------------------------------------------------------------------------------
    def bump_epoch(self, space: str) -> None:
        self._write(space, vanish=True)

    def clear_derived(self, space: str) -> None:
        rows = self._write(space, vanish=True)
        rows.entries, rows.events, rows.thoughts, rows.mentions = {}, {}, {}, {}
        rows.quarantine = ()

    def purge(self, space: str) -> bool:
        if self._depth:
            raise OperationRefused("purge needs its own turn; call it after the transaction")
        return True

    def residues(self, space: str, needles: Sequence[bytes]) -> list[tuple[str, list[int]]]:
        return []

    def files(self, space: str) -> list[str]:
        return []

    def says(self, space: str, texts: Sequence[str]) -> list[bool]:
        rows = self._read(space)
        said = [
            repr((row.turn.text, row.turn.speaker, row.turn.session, dict(row.turn.meta)))
            for row in rows.turns.values()
        ]
        said += [repr(each) for each in (*rows.thoughts.values(), *rows.operations.values())]
        return [any(repr(text)[1:-1] in other for other in said) for text in texts]

    def beside(self, space: str) -> Path | None:
        return None

    def check(self, space: str | None = None) -> list[str]:
        names = self.spaces() if space is None else [space]
        return [finding for name in names for finding in check_store(self, name)]

    def mend(self, space: str) -> list[str]:
        return []

    def backup(self, folder: Path) -> int:
        raise OperationRefused("nothing of this memory is on a disk; export it")

    def disk_bytes(self, space: str | None = None) -> int:
        return 0

    def close(self) -> None:
        return None

    def _next(self, space: str, kind: str) -> int:
        self._last[space, kind] = self._last.get((space, kind), 0) + 1
        return self._last[space, kind]

    def _read(self, space: str) -> VolatileSpace:
        return self._spaces.get(space, _EMPTY)

    def _write(self, space: str, *, vanish: bool = False) -> VolatileSpace:
        rows = self._spaces.setdefault(space, VolatileSpace())
        rows.version += 1
        rows.epoch += vanish
        return rows

    def _of_kind(self, space: str, kind: EntryKind) -> list[Entry]:
        return [e for e in self._read(space).entries.values() if e.kind == kind]

    def _event_rows(self, space: str) -> list[VolatileEvent]:
        rows = self._read(space).events.values()
        return sorted(rows, key=lambda row: (row.first_seq, row.event.id))


def _newest(rows: list[_Row], newest: int | None) -> list[_Row]:
    return rows if newest is None else rows[max(0, len(rows) - newest) :]


def _extent(event: Event) -> tuple[str, str, int]:
    return event.first_turn, event.last_turn, event.turns


def _copied(vector: Vectors | None) -> Vectors | None:
    return None if vector is None else np.array(vector, dtype=np.float32)
