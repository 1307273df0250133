"""The default store: a home as a folder with one SQLite file for each space."""

import logging
from collections.abc import Sequence
from pathlib import Path

from knowhen.memory.errors import HomeUnavailable, OperationRefused
from knowhen.memory.stores.cells import CELL, HOME, SPACES, Cells, cell_folder
from knowhen.memory.stores.checks import check_store
from knowhen.memory.stores.codec import dumps, loads
from knowhen.memory.stores.database import MEMORY, Database, contents
from knowhen.memory.stores.first_release import move_over
from knowhen.memory.stores.record_rows import RecordRows, delete
from knowhen.memory.stores.repair import mend
from knowhen.memory.stores.residues import files_with, looked_through
from knowhen.memory.stores.turn_rows import EntryRows, TurnRows, touch

log = logging.getLogger(__name__)


_UNPURGED = "unpurged"
"""Setting of a space that stands while deleted rows may have bytes left, so that a process that
was killed between deleting and purging is made up for when the space is opened next."""
PATIENCE = 2.0
"""Seconds that a purge waits for those who read."""


class SqliteStore(TurnRows, EntryRows, RecordRows):
    """The store protocol on SQLite files; safe with threads, processes and `kill -9`.

    Raises:
        HomeTooNew: a newer knowhen wrote a file.
        HomeUnavailable: a file is no database, is damaged, cannot be written, or stays locked.
    """

    def __init__(self, home: str | Path = MEMORY, *, timeout: float = 30.0) -> None:
        """`home` is a folder that is there, or ":memory:"; `timeout` is in seconds."""
        self.in_memory = str(home) == MEMORY
        """Whether nothing is kept on the disk."""
        self.folder = None if self.in_memory else Path(home)
        if self.folder is not None:
            move_over(self.folder, timeout=timeout)
        super().__init__(Cells(str(home), timeout=timeout))
        self._looked_after: set[str] = set()
        for space in self._cells.to_purge():
            self._at(space)

    def beside(self, space: str) -> Path | None:
        """The folder for what is kept of a space beside its rows; None in memory."""
        return self._cells.beside(space)

    def _at(self, space: str) -> Database:
        database = super()._at(space)
        if space not in self._looked_after:
            self._looked_after.add(space)
            self._finish_purge(space, database)
        return database

    # What spans the tables -----------------------------------------------------------------
    def delete_turns(self, space: str, turn_ids: Sequence[str]) -> None:
        with self._writing(space) as db:
            gone = [stored.turn.id for stored in self.turns(space, ids=turn_ids)]
            if not gone:
                return
            touch(db, vanish=True)
            self._to_purge(space, db)
            self.delete_entries(space, "turn", gone)
            keys = [(turn_id,) for turn_id in gone]
            db.many("DELETE FROM mentions WHERE turn = ?", keys)
            db.many("DELETE FROM turns WHERE id = ?", keys)
            _delete_quarantined(db, set(gone))

    def delete_thoughts(self, space: str, thought_ids: Sequence[str]) -> None:
        with self._writing(space) as db:
            if delete(db, "thoughts", thought_ids):
                touch(db, vanish=True)
                self._to_purge(space, db)
            self.delete_entries(space, "thought", thought_ids)

    def clear_derived(self, space: str) -> None:
        with self._writing(space) as db:
            touch(db, vanish=True)
            for table in ("postings", "entries", "events", "thoughts", "quarantine", "mentions"):
                db.run(f"DELETE FROM {table}")

    # Care ----------------------------------------------------------------------------------
    def purge(self, space: str) -> bool:
        database = self._at(space)
        if database.busy:
            raise OperationRefused("purge needs its own turn; call it after the transaction")
        return self._purged(space, database, PATIENCE)

    def _purged(self, space: str, database: Database, patience: float) -> bool:
        done = database.purge(
            patience,
            lambda: database.run("DELETE FROM settings WHERE key = ?", (_UNPURGED,)),
        )
        if done and not self.in_memory:
            self._cells.note_purge(space, False)
        return done

    def _to_purge(self, space: str, database: Database) -> None:
        if not self.in_memory:
            self._cells.note_purge(space, True)
            database.run("REPLACE INTO settings VALUES (?, '1')", (_UNPURGED,))

    def _finish_purge(self, space: str, database: Database) -> None:
        if database.path == MEMORY or database.busy:
            self._looked_after.discard(space)
            return
        if database.one("SELECT 1 FROM settings WHERE key = ?", (_UNPURGED,)):
            try:
                self._purged(space, database, 0)
            except HomeUnavailable as error:  # a reader is in the way; the next opening tries again
                log.warning("deleted turns may still have bytes on the disk: %s", error)

    def files(self, space: str) -> list[str]:
        if self.folder is None:
            return []
        own, others = self.beside(space), self.folder / SPACES
        shared = [path for path in self.folder.iterdir() if path != others]
        found = [below for path in shared for below in (path, *path.rglob("*"))]
        if own is not None:
            found += own.rglob("*")
        return sorted(str(path) for path in found if path.is_file())

    def residues(self, space: str, needles: Sequence[bytes]) -> list[tuple[str, list[int]]]:
        files = self.files(space)
        try:
            return files_with(files, needles)
        except OSError as error:
            log.warning("files are looked through in this process, because %s", error)
            # Journals are left out: they were cut off, or the receipt says that they are held.
            here = [name for name in files if not name.endswith(("-wal", "-shm"))]
            return looked_through(here, needles, opened=contents)

    def says(self, space: str, texts: Sequence[str]) -> list[bool]:
        db = self._at(space)
        return [
            any(
                db.one(f"SELECT 1 FROM {table} WHERE instr({column}, ?) LIMIT 1", (written,))
                for table, column in _SAYING
                for written in dict.fromkeys((text, dumps([text])[2:-2]))  # as inside JSON
            )
            for text in texts
        ]

    def check(self, space: str | None = None) -> list[str]:
        findings = []
        for name in self.spaces() if space is None else [space]:
            try:
                with self.snapshot(name):
                    database = self._at(name)
                    findings += _check_file(database) or (
                        _check_index(database) + check_store(self, name)
                    )
            except HomeUnavailable as error:
                findings.append(str(error))
        return findings

    def mend(self, space: str) -> list[str]:
        return mend(self._at(space))

    def backup(self, folder: Path) -> int:
        if self.folder is None:
            raise OperationRefused("nothing of this memory is on a disk; export it")
        try:
            folder.mkdir(mode=0o700, parents=True)
        except OSError as error:
            raise HomeUnavailable(f"{folder} cannot be made ({error.strerror})") from error
        spaces = self.spaces()
        for space in spaces:
            target = cell_folder(folder, space)
            target.mkdir(mode=0o700, parents=True)
            self._at(space).copy_to(target / CELL)
        self._cells.home.copy_to(folder / HOME)
        return len(spaces)

    def disk_bytes(self, space: str | None = None) -> int:
        if self.folder is None:
            return 0
        below = self.folder if space is None else self.beside(space)
        if below is None or not below.exists():
            return 0
        return sum(path.stat().st_size for path in below.rglob("*") if path.is_file())

    def close(self) -> None:
        self._cells.close()


_SAYING = (
    ("turns", "text"),
    ("turns", "speaker"),
    ("turns", "session"),
    ("turns", "meta"),
    ("thoughts", "body"),
    ("events", "body"),
    ("operations", "payload"),
    ("operations", "before"),
    ("quarantine", "text"),
)
"""Where the text of a record stands; the rest of the tables is made of it."""


def _delete_quarantined(database: Database, turn_ids: set[str]) -> None:
    """A refused proposal repeats words of its turns, so it goes with them."""
    rows = database.all("SELECT id, turns FROM quarantine")
    hit = [(key,) for key, turns in rows if not turn_ids.isdisjoint(loads(turns))]
    database.many("DELETE FROM quarantine WHERE id = ?", hit)


def _check_file(database: Database) -> list[str]:
    """What SQLite itself has to say; rows of a damaged file are not worth a look."""
    findings = [str(row[0]) for row in database.all("PRAGMA integrity_check")]
    findings = [finding for finding in findings if finding != "ok"]
    for table, _, parent, _ in database.all("PRAGMA foreign_key_check"):
        findings.append(f"a row of {table} refers to a row of {parent} that is not there")
    return findings


def _check_index(database: Database) -> list[str]:
    findings = []
    for owner, length, found in database.all(
        "SELECT owner, length, IFNULL(found, 0) FROM entries LEFT JOIN "
        "(SELECT entry, SUM(count) AS found FROM postings GROUP BY entry) ON entry = id "
        "WHERE length != IFNULL(found, 0)"
    ):
        findings.append(f"{found} of {length} terms of an entry of {owner!r} are indexed")
    for (entry,) in database.all(
        "SELECT DISTINCT entry FROM postings WHERE entry NOT IN (SELECT id FROM entries)"
    ):
        findings.append(f"the full-text index has terms of entry {entry}, which is not there")
    return findings
