"""Items of an application in one SQLite file: a namespace, a key, a JSON value, vectors, an end.

Safe with many threads and processes: every call is one transaction. Deleted values are
overwritten in the file.
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np

from knowhen.memory.stores.base import Vectors
from knowhen.memory.stores.database import Database

Namespace = tuple[str, ...]
TIMEOUT = 30.0
"""Seconds to wait for another process."""
PATIENCE = 1.0
"""Seconds that a purge waits for those who read."""
_BETWEEN = "."  # LangGraph allows it in no label
_AFTER = chr(ord(_BETWEEN) + 1)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    fields TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL,
    minutes REAL, expires REAL, UNIQUE (namespace, key)
);
CREATE INDEX IF NOT EXISTS items_expire ON items (expires) WHERE expires IS NOT NULL;
CREATE TABLE IF NOT EXISTS vectors (
    item INTEGER NOT NULL REFERENCES items (id) ON DELETE CASCADE, vector BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS vectors_item ON vectors (item);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_COLUMNS = "id, namespace, key, value, created, updated"


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item as it is stored; times are seconds since 1970, UTC."""

    id: int
    namespace: Namespace
    key: str
    value: dict[str, Any]
    created: float
    updated: float


class ItemTable:
    """The file; `now` of each call is the time in seconds that decides what has expired."""

    def __init__(self, path: str) -> None:
        self._db = Database(path, prepare=_prepare, timeout=TIMEOUT)
        # Whoever used the file last may have been killed.
        self._due = not self._db.journal_is_empty()
        self._purged = 0.0

    def writing(self) -> AbstractContextManager[None]:
        """One transaction; rolled back on an exception. Nests."""
        return self._db.writing()

    def get(self, namespace: Namespace, key: str, *, now: float) -> StoredItem | None:
        found = self._items("namespace = ? AND key = ?", [_path(namespace), key], now)
        return found[0] if found else None

    def under(self, prefix: Namespace, *, now: float) -> list[StoredItem]:
        """Items in a namespace and those below it, last changed first."""
        return self._items(*_below(prefix), now)

    def by_id(self, ids: Sequence[int], *, now: float) -> list[StoredItem]:
        """The items with these ids, in that order; those that are gone are left out."""
        marks = ",".join("?" * len(ids))
        found = {item.id: item for item in self._items(f"id IN ({marks})", ids, now)}
        return [found[each] for each in ids if each in found]

    def vectors(self, prefix: Namespace, *, now: float) -> tuple[list[int], list[Vectors]]:
        """Item ids and vectors below a namespace; an item has one for each text that it holds."""
        condition, values = _below(prefix)
        rows = self._db.all(
            f"SELECT item, vector FROM vectors JOIN items ON items.id = item WHERE {condition} "
            "AND (expires IS NULL OR expires > ?)",
            [*values, now],
        )
        return [row[0] for row in rows], [np.frombuffer(row[1], np.float32) for row in rows]

    def namespaces(self, *, now: float) -> list[Namespace]:
        """Namespaces that hold an item, sorted."""
        rows = self._db.all(
            "SELECT DISTINCT namespace FROM items WHERE expires IS NULL OR expires > ?", [now]
        )
        return sorted(_namespace(row[0]) for row in rows)

    def put(
        self,
        namespace: Namespace,
        key: str,
        value: Mapping[str, Any],
        *,
        fields: object,
        vectors: Iterable[Vectors],
        minutes: float | None,
        now: float,
    ) -> None:
        """Add or replace an item; one that is replaced keeps the time it was made."""
        expires = None if minutes is None else now + 60 * minutes
        with self.writing():
            self._sweep(now)
            gone = "SELECT 1 FROM items WHERE namespace = ? AND key = ?"
            self._due |= bool(self._db.all(gone, [_path(namespace), key]))
            row = self._db.one(
                "INSERT INTO items (namespace, key, value, fields, created, updated, minutes, "
                "expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (namespace, key) DO UPDATE "
                "SET value = excluded.value, fields = excluded.fields, updated = excluded.updated,"
                " minutes = excluded.minutes, expires = excluded.expires RETURNING id",
                [
                    *(_path(namespace), key, json.dumps(value), json.dumps(fields)),
                    *(now, now, minutes, expires),
                ],
            )
            self._put_vectors(row[0], vectors)

    def delete(self, namespace: Namespace, key: str) -> None:
        with self.writing():
            self._due |= bool(
                self._db.run(
                    "DELETE FROM items WHERE namespace = ? AND key = ?", [_path(namespace), key]
                )
            )

    def refresh(self, ids: Sequence[int], *, now: float) -> None:
        """Let the lives of items that have one begin anew."""
        marks = ",".join("?" * len(ids))
        mortal = f"id IN ({marks}) AND minutes IS NOT NULL"
        if self._db.all(f"SELECT 1 FROM items WHERE {mortal} LIMIT 1", ids):
            with self.writing():
                self._db.run(
                    f"UPDATE items SET expires = ? + 60 * minutes WHERE {mortal}", [now, *ids]
                )

    def sweep(self, *, now: float) -> int:
        """Delete what has expired, with every byte of it; how many items that were."""
        with self.writing():
            count = self._sweep(now)
        self.purge()
        return count

    def _sweep(self, now: float) -> int:
        count = self._db.run("DELETE FROM items WHERE expires <= ?", [now])
        self._due |= bool(count)
        return count

    def setting(self, name: str) -> str | None:
        rows = self._db.all("SELECT value FROM settings WHERE name = ?", [name])
        return str(rows[0][0]) if rows else None

    def set_setting(self, name: str, value: str) -> None:
        with self.writing():
            self._db.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", [name, value])

    def indexed(self) -> list[tuple[int, dict[str, Any], Any]]:
        """Id, value and fields of every item, for embedding them anew."""
        rows = self._db.all("SELECT id, value, fields FROM items", [])
        return [(row[0], json.loads(row[1]), json.loads(row[2])) for row in rows]

    def set_vectors(self, item: int, vectors: Iterable[Vectors]) -> None:
        with self.writing():
            self._put_vectors(item, vectors)

    def purge(self) -> None:
        """Leave nothing of what was deleted or replaced in the file, unless somebody reads it."""
        if self._due:
            self._due = not self._db.purge(PATIENCE)
            self._purged = time.monotonic()

    def purge_soon(self) -> None:
        """The same, at most once a second; in between, only the journal is cut off."""
        if self._due and time.monotonic() - self._purged >= 1:
            self.purge()
        elif self._due:
            self._db.emptied_journal(PATIENCE)

    def close(self) -> None:
        self.purge()
        self._db.close()

    def _put_vectors(self, item: int, vectors: Iterable[Vectors]) -> None:
        self._db.run("DELETE FROM vectors WHERE item = ?", [item])
        rows = [(item, np.asarray(vector, np.float32).tobytes()) for vector in vectors]
        self._db.many("INSERT INTO vectors VALUES (?, ?)", rows)

    def _items(self, condition: str, values: Sequence[Any], now: float) -> list[StoredItem]:
        rows = self._db.all(
            f"SELECT {_COLUMNS} FROM items WHERE {condition} "
            "AND (expires IS NULL OR expires > ?) ORDER BY updated DESC, id DESC",
            [*values, now],
        )
        return [
            StoredItem(row[0], _namespace(row[1]), row[2], json.loads(row[3]), row[4], row[5])
            for row in rows
        ]


def _prepare(connection: sqlite3.Connection, path: str) -> None:
    connection.executescript(_SCHEMA)


def _path(namespace: Namespace) -> str:
    return _BETWEEN.join(namespace)


def _namespace(path: str) -> Namespace:
    return tuple(path.split(_BETWEEN)) if path else ()


def _below(prefix: Namespace) -> tuple[str, list[str]]:
    """A condition for a namespace and all below it, which the index answers."""
    if not prefix:
        return "1", []
    path = _path(prefix)
    condition = "(namespace = ? OR (namespace >= ? AND namespace < ?))"
    return condition, [path, path + _BETWEEN, path + _AFTER]
