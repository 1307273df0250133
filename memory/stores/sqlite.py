"""The default store: everything of a home in one SQLite file."""

import logging
from collections.abc import Sequence
from pathlib import Path

from knowhen.memory.errors import HomeUnavailable
from knowhen.memory.stores.checks import check_store
from knowhen.memory.stores.codec import loads
from knowhen.memory.stores.database import MEMORY, Database
from knowhen.memory.stores.record_rows import RecordRows
from knowhen.memory.stores.residues import files_with
from knowhen.memory.stores.schema import migrate
from knowhen.memory.stores.turn_rows import EntryRows, TurnRows

log = logging.getLogger(__name__)


_UNPURGED = "unpurged"
"""Setting that stands while deleted turns may have bytes left, so that a process that was
killed between deleting and purging is made up for at the next opening."""


class SqliteStore(TurnRows, EntryRows, RecordRows):
    """The store protocol on one SQLite file; safe with threads, processes and `kill -9`.

    Raises:
        HomeTooNew: a newer knowhen wrote the file.
        HomeUnavailable: the file is no database, is damaged, cannot be written, or stays locked.
    """

    def __init__(self, path: str | Path = MEMORY, *, timeout: float = 30.0) -> None:
        """`path` is the file, created if missing, or ":memory:"; `timeout` is in seconds."""
        super().__init__(Database(str(path), prepare=migrate, timeout=timeout))
        if self.setting(_UNPURGED):
            self._finish_purge()

    @property
    def in_memory(self) -> bool:
        """Whether nothing is kept on the disk."""
        return self._db.path == MEMORY

    def delete_turns(self, space: str, turn_ids: Sequence[str]) -> None:
        with self._db.writing():
            gone = [stored.turn.id for stored in self.turns(space, ids=turn_ids)]
            if not gone:
                return
            number, _ = self._touch(space, vanish=True)
            self.set_setting(_UNPURGED, "1")
            self.delete_entries(space, "turn", gone)
            keys = [(number, turn_id) for turn_id in gone]
            self._db.many("DELETE FROM mentions WHERE space = ? AND turn = ?", keys)
            self._db.many("DELETE FROM turns WHERE space = ? AND id = ?", keys)
            self._delete_quarantined(number, set(gone))

    def _delete_quarantined(self, number: int, turn_ids: set[str]) -> None:
        """A refused proposal repeats words of its turns, so it goes with them."""
        rows = self._db.all("SELECT id, turns FROM quarantine WHERE space = ?", (number,))
        hit = [(key,) for key, turns in rows if not turn_ids.isdisjoint(loads(turns))]
        self._db.many("DELETE FROM quarantine WHERE id = ?", hit)

    def delete_thoughts(self, space: str, thought_ids: Sequence[str]) -> None:
        with self._db.writing():
            if self._delete(space, "thoughts", thought_ids):
                self._touch(space, vanish=True)
            self.delete_entries(space, "thought", thought_ids)

    def clear_derived(self, space: str) -> None:
        with self._db.writing():
            number, _ = self._touch(space, vanish=True)
            for table in ("postings", "entries", "events", "thoughts", "quarantine", "mentions"):
                self._db.run(f"DELETE FROM {table} WHERE space = ?", (number,))

    def purge(self) -> None:
        # Deleting overwrote the rows already; only writing the file anew is sure to leave out
        # what SQLite moved between pages before.
        self._db.alone("VACUUM")
        if not self.in_memory and self._db.alone("PRAGMA wal_checkpoint(TRUNCATE)")[0]:
            log.warning("%s is being read, so its journal still has old rows", self._db.path)
            return
        with self._db.writing():
            self._db.run("DELETE FROM settings WHERE key = ?", (_UNPURGED,))

    def _finish_purge(self) -> None:
        try:
            self.purge()
        except HomeUnavailable as error:  # a reader is in the way; the next opening tries again
            log.warning("deleted turns may still have bytes on the disk: %s", error)

    def residues(self, needles: Sequence[bytes]) -> list[str]:
        if self.in_memory:
            return []
        return [str(file) for file in files_with(Path(self._db.path).parent, needles)]

    def check(self) -> list[str]:
        try:
            with self._db.snapshot():
                return self._check_file() or self._check_index() + check_store(self)
        except HomeUnavailable as error:
            return [str(error)]

    def _check_file(self) -> list[str]:
        """What SQLite itself has to say; rows of a damaged file are not worth a look."""
        findings = [str(row[0]) for row in self._db.all("PRAGMA integrity_check")]
        findings = [finding for finding in findings if finding != "ok"]
        for table, _, parent, _ in self._db.all("PRAGMA foreign_key_check"):
            findings.append(f"a row of {table} refers to a row of {parent} that is not there")
        return findings

    def _check_index(self) -> list[str]:
        findings = []
        for owner, length, found in self._db.all(
            "SELECT owner, length, IFNULL(found, 0) FROM entries LEFT JOIN "
            "(SELECT entry, SUM(count) AS found FROM postings GROUP BY entry) ON entry = id "
            "WHERE length != IFNULL(found, 0)"
        ):
            findings.append(f"{found} of {length} terms of an entry of {owner!r} are indexed")
        for (entry,) in self._db.all(
            "SELECT DISTINCT entry FROM postings WHERE entry NOT IN (SELECT id FROM entries)"
        ):
            findings.append(f"the full-text index has terms of entry {entry}, which is not there")
        return findings

    def disk_bytes(self) -> int:
        if self.in_memory:
            return 0
        names = (self._db.path, f"{self._db.path}-wal", f"{self._db.path}-shm")
        return sum(Path(name).stat().st_size for name in names if Path(name).exists())

    def close(self) -> None:
        self._db.close()
