"""Homes of the first release, one file for everything, moved over to a file for each space."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np

from knowhen.memory.errors import HomeTooNew, HomeUnavailable
from knowhen.memory.stores.cells import CELL, HOME, NAME, SHARED, SPACES, WHOLE, cell_folder
from knowhen.memory.stores.database import connect, private_file, spoken
from knowhen.memory.stores.schema import prepare_cell, prepare_home
from knowhen.memory.stores.vectors import vector_blob

OLD = "memory.db"
_KNOWN = 3
_WAIT = 600.0
"""Seconds to wait for another process that moves the same home."""
_OF_A_SPACE = ("gate:", "unjudged:")
"""Heads of settings that were kept for a space under its name."""
_COPIED = {
    "turns": "seq, id, session, speaker, role, text, time, meta, recorded_at",
    "entries": 'id, kind, owner, start, "end", length, terms',
    "postings": "kind, term, entry, count",
    "events": "id, session, first_seq, extent, closed, consolidated, changed, body",
    "thoughts": "id, changed, body",
    "sources": "thought, turn",
    "quarantine": "id, turns, reason, text",
    "mentions": "id, turn, entity, surface",
    "operations": "id, time, kind, payload, before, undone_by",
    "buried": "digest",
}


def move_over(folder: Path, *, timeout: float) -> None:
    """Move a home of the first release over, if the folder is one; does nothing otherwise.

    Safe with other processes and when it is killed: the home is the old file until `home.db`
    stands beside it, which is the last thing that is made; after that the old file is removed.

    Raises:
        HomeTooNew: the old file has a format that the first release did not write.
        HomeUnavailable: it is no database of knowhen, is damaged, or stays locked.
    """
    old = folder / OLD
    if not old.exists():
        return
    with spoken(str(old)):
        with closing(connect(old, timeout=max(timeout, _WAIT))) as connection:
            _check_format(connection, old)
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("BEGIN IMMEDIATE")  # others wait here until it is done
            if not (folder / HOME).exists():
                _build(connection, folder, old)
            connection.execute("ROLLBACK")
        # The index of the first release stood beside; that of a space is made again in its folder.
        shutil.rmtree(folder / "chroma", ignore_errors=True)
        for name in (f"{OLD}-wal", f"{OLD}-shm", OLD):
            (folder / name).unlink(missing_ok=True)


def _check_format(connection: sqlite3.Connection, old: Path) -> None:
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found > _KNOWN:
        raise HomeTooNew(f"{old} has format {found}, which this knowhen does not know; upgrade it")
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if tables and not (found and {"spaces", *_COPIED} <= tables):
        raise HomeUnavailable(
            f"{old} belongs to another program; move it away or choose another home"
        )


def _build(connection: sqlite3.Connection, folder: Path, old: Path) -> None:
    shutil.rmtree(folder / SPACES, ignore_errors=True)  # left by a move that was killed
    tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'spaces'").fetchone()
    spaces = connection.execute("SELECT number, name FROM spaces").fetchall() if tables else []
    settings = dict(connection.execute("SELECT key, value FROM settings")) if tables else {}
    for number, name in spaces:
        _build_cell(old, number, name, cell_folder(folder, name), settings)
    fresh = folder / f"{HOME}.new"
    for name in (fresh.name, f"{fresh.name}-wal", f"{fresh.name}-shm"):
        (folder / name).unlink(missing_ok=True)
    private_file(str(fresh))
    with closing(connect(fresh, timeout=1)) as home:
        prepare_home(home, str(fresh))
        home.execute("PRAGMA synchronous = FULL")
        home.execute("BEGIN")
        shared = [each for each in settings.items() if not each[0].startswith(_OF_A_SPACE)]
        home.executemany("INSERT INTO settings VALUES (?, ?)", [*shared, (WHOLE, "1")])
        home.executemany(
            "INSERT INTO spaces (name, begun) VALUES (?, 0)", [(name,) for _, name in spaces]
        )
        home.execute("COMMIT")
    os.replace(fresh, folder / HOME)
    _sync_folder(folder)


def _build_cell(old: Path, number: int, name: str, folder: Path, settings: dict[str, str]) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / CELL
    private_file(str(path))
    with closing(connect(path, timeout=1)) as cell:
        prepare_cell(cell, str(path))
        cell.create_function("rewritten", 1, _rewritten, deterministic=True)
        cell.execute("PRAGMA synchronous = FULL")
        cell.execute("ATTACH ? AS old", (str(old),))
        cell.execute("BEGIN")
        for table, columns in _COPIED.items():
            cell.execute(
                f"INSERT INTO main.{table} ({columns}) "
                f"SELECT {columns} FROM old.{table} WHERE space = ?",
                (number,),
            )
        cell.execute(
            "INSERT INTO main.vectors SELECT entry, rewritten(vector) FROM old.vectors "
            "WHERE entry IN (SELECT id FROM main.entries)"
        )
        cell.execute(
            "UPDATE space SET (version, epoch) = "
            "(SELECT version, epoch FROM old.spaces WHERE number = ?)",
            (number,),
        )
        # A number must never come back with another row, whatever the highest one left is.
        cell.execute("DELETE FROM main.sqlite_sequence")
        cell.execute("INSERT INTO main.sqlite_sequence SELECT name, seq FROM old.sqlite_sequence")
        cell.executemany(
            "INSERT INTO main.settings VALUES (?, ?)", _settings_of(name, settings).items()
        )
        cell.execute("COMMIT")
    _sync_folder(folder)


def _settings_of(space: str, settings: dict[str, str]) -> dict[str, str]:
    own = {NAME: space}
    own |= {key: settings[key] for key in SHARED if key in settings}
    for head in _OF_A_SPACE:
        if f"{head}{space}" in settings:
            own[head.removesuffix(":")] = settings[f"{head}{space}"]
    return own


def _rewritten(vector: bytes) -> bytes:
    return vector_blob(np.frombuffer(vector, "<f4"))


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
