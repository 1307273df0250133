"""Mending a damaged cell: what can be read is kept, what is derived is left to a reindex."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from knowhen.memory.stores.database import MEMORY, Database, connect, private_file
from knowhen.memory.stores.schema import prepare_cell
from knowhen.memory.stores.turn_rows import COLUMNS, stored_turn

_KEPT = {
    "settings": ("key, value", False),
    "space": ("version, epoch", True),
    "turns": (COLUMNS, True),
    "operations": ("id, time, kind, payload, before, undone_by", True),
    "buried": ("digest", False),
}
"""Tables of what cannot be derived: their columns, and whether rows are reached by number."""
_AGO = "1970-01-01T00:00:00+00:00"


def mend(database: Database) -> list[str]:
    """Give up what cannot be read; a line for everything that was lost.

    Nobody else may use the space meanwhile.
    """
    lost = []
    if database.path != MEMORY and not _sound(database):
        database.rest()
        lost += _salvage(Path(database.path))
    with database.writing():
        lost += _mend_turns(database)
        for column in ("payload", "before"):
            count = database.run(
                f"UPDATE operations SET {column} = '{{}}' WHERE NOT json_valid({column})"
            )
            if count:
                lost.append(f"{count} logged operations lost what they said")
    return lost


def _sound(database: Database) -> bool:
    try:
        return [tuple(row) for row in database.all("PRAGMA integrity_check")] == [("ok",)]
    except OSError:  # so damaged that it cannot even be looked at
        return False


def _mend_turns(database: Database) -> list[str]:
    lost = []
    for row in database.all(f"SELECT {COLUMNS} FROM turns"):
        seq, key, *_, time, meta, recorded_at = row
        if _readable(row):
            continue
        mended = [*row[:6], None if not _is_time(time) else time, "{}", _AGO]
        if _is_time(recorded_at):
            mended[-1] = recorded_at
        if _readable(mended):
            database.run(
                "UPDATE turns SET time = ?, meta = ?, recorded_at = ? WHERE seq = ?",
                (*mended[6:], seq),
            )
            lost.append(f"turn {key!r} lost its metadata or its time")
        else:
            database.run("DELETE FROM turns WHERE seq = ?", (seq,))
            lost.append(f"turn {key!r} is lost")
    return lost


def _readable(row: Sequence[Any]) -> bool:
    try:
        stored_turn(row)
    except (ValueError, TypeError, KeyError, AttributeError):
        return False
    return True


def _is_time(value: object) -> bool:
    try:
        return datetime.fromisoformat(str(value)).utcoffset() is not None
    except ValueError:
        return False


def _salvage(path: Path) -> list[str]:
    """Copy what can be read of the tables that matter into a new file in its place."""
    fresh = path.with_suffix(".mended")
    fresh.unlink(missing_ok=True)
    private_file(str(fresh))
    lost = []
    with closing(connect(path, timeout=5)) as old, closing(connect(fresh, timeout=5)) as new:
        prepare_cell(new, str(fresh))
        new.execute("BEGIN")
        new.execute("DELETE FROM space")
        for table, (columns, numbered) in _KEPT.items():
            marks = ", ".join("?" * len(columns.split(",")))
            for rows, missed in _readings(old, table, columns, numbered):
                new.executemany(f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})", rows)
                if missed:
                    lost.append(f"{missed} rows of {table} could not be read")
        if new.execute("SELECT 1 FROM space").fetchone() is None:
            new.execute("INSERT INTO space VALUES (1, 1)")
        new.execute("COMMIT")
    for name in (f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
    fresh.replace(path)
    return lost


def _readings(
    old: sqlite3.Connection, table: str, columns: str, numbered: bool
) -> Iterator[tuple[list[Any], int]]:
    """Groups of rows that could be read, with how many of a group could not."""
    if not numbered:
        rows: list[Any] = []
        try:
            for row in old.execute(f"SELECT {columns} FROM {table}"):
                rows.append(row)
        except sqlite3.DatabaseError:
            yield rows, 1
            return
        yield rows, 0
        return
    try:
        (last,) = old.execute(f"SELECT MAX(rowid) FROM {table}").fetchone()
    except sqlite3.DatabaseError:
        last = 1 << 24
    waiting = [(0, last or 0)]
    while waiting:
        low, high = waiting.pop()
        try:
            select = f"SELECT {columns} FROM {table} WHERE rowid BETWEEN ? AND ?"
            yield old.execute(select, (low, high)).fetchall(), 0
        except sqlite3.DatabaseError:
            if low == high:
                yield [], 1
            else:
                middle = (low + high) // 2
                waiting += [(middle + 1, high), (low, middle)]
