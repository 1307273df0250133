"""What was said, and how it is found: turns, buried digests, entries, postings, vectors."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, cast

import numpy as np

from knowhen.memory.errors import TurnConflict
from knowhen.memory.records import Role, Turn
from knowhen.memory.stores.base import (
    KINDS,
    Entry,
    EntryKind,
    EntryRow,
    Integers,
    StoredTurn,
    Vectors,
)
from knowhen.memory.stores.cells import Cells
from knowhen.memory.stores.codec import decoded, dumps, loads, same_content, stored_form
from knowhen.memory.stores.database import Database, chunks
from knowhen.memory.stores.vectors import matrix, vector_blob

COLUMNS = "seq, id, session, speaker, role, text, time, meta, recorded_at"
_FIRST_PAGE, _LAST_PAGE = 32, 2048
# Kinds are kept as numbers; the order of KINDS is part of the file format.
# A posting is read as one number, entry << 20 | count: SQLite joins a term's postings into one
# text, which is several times faster than a Python tuple for each.
_COUNT_BITS = 20


class SpaceRows:
    """Spaces with their version and epoch, and settings of the home and of each space."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells

    @contextmanager
    def transaction(self, space: str) -> Iterator[None]:
        database = self._cells.writing(space)
        with database.transaction():
            yield
        self._cells.committed(space, database)

    def snapshot(self, space: str) -> AbstractContextManager[None]:
        return self._at(space).snapshot()

    def setting(self, key: str, *, space: str | None = None) -> str | None:
        if space is None:
            return self._cells.setting(key)
        row = self._at(space).one("SELECT value FROM settings WHERE key = ?", (key,))
        return None if row is None else str(row[0])

    def set_setting(self, key: str, value: str, *, space: str | None = None) -> None:
        if space is None:
            self._cells.home.run("REPLACE INTO settings VALUES (?, ?)", (key, value))
            return
        with self._writing(space) as db:
            db.run("REPLACE INTO settings VALUES (?, ?)", (key, value))

    def claim_setting(self, key: str, value: str) -> str:
        home = self._cells.home
        if self._cells.setting(key) is None:
            home.run("INSERT OR IGNORE INTO settings VALUES (?, ?)", (key, value))
        return self._cells.setting(key) or value

    def spaces(self) -> list[str]:
        return self._cells.names()

    def version(self, space: str) -> int:
        return int(self._at(space).one("SELECT version FROM space")[0])

    def epoch(self, space: str) -> int:
        return int(self._at(space).one("SELECT epoch FROM space")[0])

    def bump_epoch(self, space: str) -> None:
        with self._writing(space) as db:
            touch(db, vanish=True)

    def _at(self, space: str) -> Database:
        return self._cells.reading(space)

    @contextmanager
    def _writing(self, space: str) -> Iterator[Database]:
        """The transaction of the space that is open, or one of its own."""
        database = self._cells.writing(space)
        with database.writing():
            yield database
        self._cells.committed(space, database)


def touch(database: Database, *, vanish: bool = False) -> int:
    """Raise the version, and the epoch if rows vanish; give back the version."""
    row = database.one(
        "UPDATE space SET version = version + 1, epoch = epoch + ? RETURNING version",
        (int(vanish),),
    )
    return int(row[0])


class TurnRows(SpaceRows):
    """Turns, verbatim and unchangeable."""

    def add_turns(
        self, space: str, turns: Sequence[Turn], recorded_at: datetime
    ) -> list[StoredTurn]:
        with self._writing(space) as db:
            known = {s.turn.id: s.turn for s in self.turns(space, ids=[t.id for t in turns])}
            new: list[Turn] = []
            for turn in turns:
                if turn.id not in known:
                    known[turn.id] = stored_form(turn)
                    new.append(known[turn.id])
                elif not same_content(known[turn.id], turn):
                    raise TurnConflict(turn.id, space)
            if not new:
                return []
            touch(db)
            return [_add_turn(db, turn, recorded_at) for turn in new]

    def turn(self, space: str, turn_id: str) -> StoredTurn | None:
        return next(self.turns(space, ids=[turn_id]), None)

    def turns(
        self,
        space: str,
        *,
        after: int = 0,
        session: str | None = None,
        ids: Sequence[str] | None = None,
        newest: int | None = None,
    ) -> Iterator[StoredTurn]:
        where = "seq > ?"
        values: list[object] = [after]
        if session is not None:
            where, values = f"{where} AND session = ?", [*values, session]
        if ids is not None:
            return iter(_newest(self._turns_of(space, where, values, ids), newest))
        if newest is not None:
            rows = self._at(space).all(
                f"SELECT {COLUMNS} FROM turns WHERE {where} ORDER BY seq DESC LIMIT ?",
                (*values, max(0, newest)),
            )
            return iter(decoded("turn", reversed(rows), stored_turn))
        return self._pages(space, where, values)

    def _turns_of(
        self, space: str, where: str, values: list[object], ids: Sequence[str]
    ) -> list[StoredTurn]:
        rows = [
            row
            for marks, group in chunks(ids)
            for row in self._at(space).all(
                # The plus keeps the planner from going through all turns after the last seen.
                f"SELECT {COLUMNS} FROM turns WHERE +{where} AND id IN ({marks})",
                (*values, *group),
            )
        ]
        found = decoded("turn", rows, stored_turn)
        return sorted(found, key=lambda stored: stored.seq)

    def _pages(self, space: str, where: str, values: list[object]) -> Iterator[StoredTurn]:
        """Page by page, so that neither a lock nor all of the text is held while reading.

        The first page is small, because many a reader wants no more than a few.
        """
        page = _FIRST_PAGE
        while True:
            rows = self._at(space).all(
                f"SELECT {COLUMNS} FROM turns WHERE {where} ORDER BY seq LIMIT {page}", values
            )
            yield from decoded("turn", rows, stored_turn)
            if len(rows) < page:
                return
            values[0], page = rows[-1][0], min(4 * page, _LAST_PAGE)

    def count_turns(self, space: str) -> int:
        return int(self._at(space).one("SELECT COUNT(*) FROM turns")[0])

    def sessions(self, space: str) -> list[str]:
        rows = self._at(space).all("SELECT session FROM turns GROUP BY session ORDER BY MIN(seq)")
        return [row[0] for row in rows]

    def bury(self, space: str, digests: Iterable[str]) -> None:
        with self._writing(space) as db:
            touch(db)
            rows = ((digest,) for digest in digests)
            db.many("INSERT OR IGNORE INTO buried VALUES (?)", rows)

    def buried(self, space: str, digests: Sequence[str]) -> set[str]:
        return {
            row[0]
            for marks, group in chunks(digests)
            for row in self._at(space).all(
                f"SELECT digest FROM buried WHERE digest IN ({marks})", group
            )
        }


class EntryRows(SpaceRows):
    """Entries with their postings and vectors."""

    def add_entries(self, space: str, entries: Sequence[Entry]) -> list[int]:
        if not entries:
            return []
        with self._writing(space) as db:
            touch(db)
            keys = [_add_entry(db, entry) for entry in entries]
            # In the order of the table, so that neighbours are written together.
            postings = sorted(
                (KINDS.index(entry.kind), term, key, count)
                for key, entry in zip(keys, entries, strict=True)
                for term, count in Counter(entry.terms).items()
            )
            db.many("INSERT INTO postings VALUES (?, ?, ?, ?)", postings)
            db.many(
                "INSERT INTO vectors VALUES (?, ?)",
                [
                    (key, vector_blob(entry.vector))
                    for key, entry in zip(keys, entries, strict=True)
                    if entry.vector is not None
                ],
            )
            return keys

    def delete_entries(self, space: str, kind: EntryKind, owners: Sequence[str]) -> None:
        with self._writing(space) as db:
            code = KINDS.index(kind)
            gone = [
                row
                for marks, group in chunks(owners)
                for row in db.all(
                    f"SELECT id, terms FROM entries WHERE kind = ? AND owner IN ({marks})",
                    (code, *group),
                )
            ]
            if not gone:
                return
            touch(db, vanish=True)
            db.many(
                "DELETE FROM postings WHERE kind = ? AND term = ? AND entry = ?",
                ((code, term, key) for key, terms in gone for term in set(loads(terms))),
            )
            db.many("DELETE FROM entries WHERE id = ?", ((key,) for key, _ in gone))

    def entries(self, space: str, kind: EntryKind, *, after: int = 0) -> list[EntryRow]:
        rows = self._at(space).all(
            'SELECT id, owner, start, "end", length FROM entries '
            "WHERE kind = ? AND id > ? ORDER BY id",
            (KINDS.index(kind), after),
        )
        return [EntryRow(*row) for row in rows]

    def entry_ids(self, space: str, kind: EntryKind) -> Integers:
        rows = self._at(space).all(
            "SELECT id FROM entries JOIN vectors ON entry = id WHERE kind = ? ORDER BY id",
            (KINDS.index(kind),),
        )
        return np.array([row[0] for row in rows], dtype=np.int64)

    def postings(
        self, space: str, kind: EntryKind, terms: Iterable[str]
    ) -> dict[str, tuple[Integers, Integers]]:
        db, code = self._at(space), KINDS.index(kind)
        found = {}
        for term in set(terms):
            (packed,) = db.one(
                f"SELECT group_concat(entry << {_COUNT_BITS} | count, ' ') FROM postings "
                "WHERE kind = ? AND term = ?",
                (code, term),
            )
            if packed:
                numbers = np.fromstring(packed, dtype=np.int64, sep=" ")
                numbers.sort()
                found[term] = (numbers >> _COUNT_BITS, numbers & ((1 << _COUNT_BITS) - 1))
        return found

    def vectors(self, space: str, kind: EntryKind, *, after: int = 0) -> tuple[Integers, Vectors]:
        rows = self._at(space).all(
            "SELECT id, vector FROM entries JOIN vectors ON entry = id "
            "WHERE kind = ? AND id > ? ORDER BY id",
            (KINDS.index(kind), after),
        )
        if not rows:
            return np.empty(0, dtype=np.int64), np.empty((0, 0), dtype=np.float32)
        ids, blobs = zip(*rows, strict=True)
        return np.array(ids, dtype=np.int64), matrix(blobs)

    def vectors_of(self, space: str, kind: EntryKind, owners: Sequence[str]) -> dict[str, Vectors]:
        db, code = self._at(space), KINDS.index(kind)
        found: dict[str, list[bytes]] = {}
        for marks, group in chunks(owners):
            for owner, blob in db.all(
                "SELECT owner, vector FROM entries JOIN vectors ON entry = id "
                # The plus keeps the planner from reading all entries because they are in order.
                f"WHERE kind = ? AND owner IN ({marks}) ORDER BY +id",
                (code, *group),
            ):
                found.setdefault(owner, []).append(blob)
        return {owner: matrix(blobs) for owner, blobs in found.items()}

    def pending_vectors(self, space: str) -> list[Entry]:
        rows = self._at(space).all(
            'SELECT kind, owner, start, "end", terms, id FROM entries '
            "WHERE id NOT IN (SELECT entry FROM vectors) ORDER BY id"
        )
        return [
            Entry(KINDS[kind], owner, start, end, tuple(loads(terms)), None, key)
            for kind, owner, start, end, terms, key in rows
        ]

    def set_vectors(self, space: str, vectors: Mapping[int, Vectors]) -> None:
        with self._writing(space) as db:
            known = [
                row
                for marks, group in chunks(vectors)
                for row in db.all(f"SELECT id, kind FROM entries WHERE id IN ({marks})", group)
            ]
            if not known:
                return
            touch(db, vanish=_late(db, known))
            db.many(
                "REPLACE INTO vectors VALUES (?, ?)",
                ((key, vector_blob(vectors[key])) for key, _ in known),
            )


def _add_turn(db: Database, turn: Turn, recorded_at: datetime) -> StoredTurn:
    seq = db.insert(
        "INSERT INTO turns (id, session, speaker, role, text, time, meta, recorded_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            turn.id,
            turn.session,
            turn.speaker,
            turn.role,
            turn.text,
            turn.time.isoformat() if turn.time else None,
            dumps(turn.meta),
            recorded_at.isoformat(),
        ),
    )
    return StoredTurn(seq, turn, recorded_at)


def _add_entry(db: Database, entry: Entry) -> int:
    terms, kind = list(entry.terms), KINDS.index(entry.kind)
    return db.insert(
        'INSERT INTO entries (kind, owner, start, "end", length, terms) VALUES (?, ?, ?, ?, ?, ?)',
        (kind, entry.owner, entry.start, entry.end, len(terms), dumps(terms)),
    )


def _late(db: Database, known: list[tuple[int, int]]) -> bool:
    """Whether a cache may be past one of the entries already, and so would miss it."""
    first: dict[int, int] = {}
    for key, kind in known:
        first[kind] = min(key, first.get(kind, key))
    return any(
        db.one(
            "SELECT 1 FROM entries JOIN vectors ON entry = id WHERE kind = ? AND id >= ? LIMIT 1",
            (kind, key),
        )
        for kind, key in first.items()
    )


def stored_turn(row: Sequence[Any]) -> StoredTurn:
    """A turn from its row; the values are `COLUMNS`."""
    seq, key, session, speaker, role, text, time, meta, recorded_at = row
    turn = Turn(
        text,
        speaker,
        cast(Role, role),
        datetime.fromisoformat(time) if time else None,
        session,
        key,
        loads(meta),
    )
    return StoredTurn(seq, turn, datetime.fromisoformat(recorded_at))


def _newest(rows: list[StoredTurn], newest: int | None) -> list[StoredTurn]:
    return rows if newest is None else rows[max(0, len(rows) - newest) :]
