"""Entries in SQLite: what can be found, by term and by vector."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from knowhen.memory.stores.base import KINDS, Entry, EntryKind, EntryRow, Integers, Vectors
from knowhen.memory.stores.codec import dumps, loads
from knowhen.memory.stores.database import chunks
from knowhen.memory.stores.turn_rows import TurnRows

# Kinds are kept as numbers; the order of KINDS is part of the file format.
# A posting is read as one number, entry << 20 | count: SQLite joins a term's postings into one
# text, which is several times faster than a Python tuple for each.
_COUNT_BITS = 20


class EntryRows(TurnRows):
    """Entries with their postings and vectors."""

    def add_entries(self, space: str, entries: Sequence[Entry]) -> list[int]:
        if not entries:
            return []
        with self._db.writing():
            number, _ = self._touch(space)
            keys = [self._add_entry(number, entry) for entry in entries]
            # In the order of the table, so that neighbours are written together.
            postings = sorted(
                (number, KINDS.index(entry.kind), term, key, count)
                for key, entry in zip(keys, entries, strict=True)
                for term, count in Counter(entry.terms).items()
            )
            self._db.many("INSERT INTO postings VALUES (?, ?, ?, ?, ?)", postings)
            self._db.many(
                "INSERT INTO vectors VALUES (?, ?)",
                [
                    (key, _blob(entry.vector))
                    for key, entry in zip(keys, entries, strict=True)
                    if entry.vector is not None
                ],
            )
            return keys

    def _add_entry(self, number: int, entry: Entry) -> int:
        terms, kind = list(entry.terms), KINDS.index(entry.kind)
        return self._db.insert(
            'INSERT INTO entries (space, kind, owner, start, "end", length, terms) '
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (number, kind, entry.owner, entry.start, entry.end, len(terms), dumps(terms)),
        )

    def delete_entries(self, space: str, kind: EntryKind, owners: Sequence[str]) -> None:
        with self._db.writing():
            number, code = self._number(space), KINDS.index(kind)
            gone = [
                row
                for marks, group in chunks(owners)
                for row in self._db.all(
                    "SELECT id, terms FROM entries "
                    f"WHERE space = ? AND kind = ? AND owner IN ({marks})",
                    (number, code, *group),
                )
            ]
            if not gone:
                return
            self._touch(space, vanish=True)
            self._db.many(
                "DELETE FROM postings WHERE space = ? AND kind = ? AND term = ? AND entry = ?",
                ((number, code, term, key) for key, terms in gone for term in set(loads(terms))),
            )
            self._db.many("DELETE FROM entries WHERE id = ?", ((key,) for key, _ in gone))

    def entries(self, space: str, kind: EntryKind, *, after: int = 0) -> list[EntryRow]:
        rows = self._db.all(
            'SELECT id, owner, start, "end", length FROM entries '
            "WHERE space = ? AND kind = ? AND id > ? ORDER BY id",
            (self._number(space), KINDS.index(kind), after),
        )
        return [EntryRow(*row) for row in rows]

    def postings(
        self, space: str, kind: EntryKind, terms: Iterable[str]
    ) -> dict[str, tuple[Integers, Integers]]:
        number, code = self._number(space), KINDS.index(kind)
        found = {}
        for term in set(terms):
            (packed,) = self._db.one(
                f"SELECT group_concat(entry << {_COUNT_BITS} | count, ' ') FROM postings "
                "WHERE space = ? AND kind = ? AND term = ?",
                (number, code, term),
            )
            if packed:
                numbers = np.fromstring(packed, dtype=np.int64, sep=" ")
                numbers.sort()
                found[term] = (numbers >> _COUNT_BITS, numbers & ((1 << _COUNT_BITS) - 1))
        return found

    def vectors(self, space: str, kind: EntryKind, *, after: int = 0) -> tuple[Integers, Vectors]:
        rows = self._db.all(
            "SELECT id, vector FROM entries JOIN vectors ON entry = id "
            "WHERE space = ? AND kind = ? AND id > ? ORDER BY id",
            (self._number(space), KINDS.index(kind), after),
        )
        if not rows:
            return np.empty(0, dtype=np.int64), np.empty((0, 0), dtype=np.float32)
        ids, blobs = zip(*rows, strict=True)
        return np.array(ids, dtype=np.int64), _matrix(blobs)

    def vectors_of(self, space: str, kind: EntryKind, owners: Sequence[str]) -> dict[str, Vectors]:
        number, code = self._number(space), KINDS.index(kind)
        found: dict[str, list[bytes]] = {}
        for marks, group in chunks(owners):
            for owner, blob in self._db.all(
                "SELECT owner, vector FROM entries JOIN vectors ON entry = id "
                # The plus keeps the planner from reading all entries because they are in order.
                f"WHERE space = ? AND kind = ? AND owner IN ({marks}) ORDER BY +id",
                (number, code, *group),
            ):
                found.setdefault(owner, []).append(blob)
        return {owner: _matrix(blobs) for owner, blobs in found.items()}

    def pending_vectors(self, space: str) -> list[Entry]:
        rows = self._db.all(
            'SELECT kind, owner, start, "end", terms, id FROM entries '
            "WHERE space = ? AND id NOT IN (SELECT entry FROM vectors) ORDER BY id",
            (self._number(space),),
        )
        return [
            Entry(KINDS[kind], owner, start, end, tuple(loads(terms)), None, key)
            for kind, owner, start, end, terms, key in rows
        ]

    def set_vectors(self, space: str, vectors: Mapping[int, Vectors]) -> None:
        with self._db.writing():
            number = self._number(space)
            known = [
                row
                for marks, group in chunks(vectors)
                for row in self._db.all(
                    f"SELECT id, kind FROM entries WHERE +space = ? AND id IN ({marks})",
                    (number, *group),
                )
            ]
            if not known:
                return
            self._touch(space, vanish=self._late(number, known))
            self._db.many(
                "REPLACE INTO vectors VALUES (?, ?)",
                ((key, _blob(vectors[key])) for key, _ in known),
            )

    def _late(self, number: int, known: list[tuple[int, int]]) -> bool:
        """Whether a cache may be past one of the entries already, and so would miss it."""
        first: dict[int, int] = {}
        for key, kind in known:
            first[kind] = min(key, first.get(kind, key))
        return any(
            self._db.one(
                "SELECT 1 FROM entries JOIN vectors ON entry = id "
                "WHERE space = ? AND kind = ? AND id >= ? LIMIT 1",
                (number, kind, key),
            )
            for kind, key in first.items()
        )


def _blob(vector: Vectors) -> bytes:
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()


def _matrix(blobs: Sequence[bytes]) -> Vectors:
    """One copy for all; a ValueError if they differ in length."""
    lengths = {len(blob) for blob in blobs}
    if len(lengths) > 1:
        raise ValueError(f"vectors of different lengths: {sorted(lengths)} bytes")
    joined = np.frombuffer(b"".join(blobs), dtype="<f4")
    return joined.reshape(len(blobs), -1).astype(np.float32)
