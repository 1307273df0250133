"""The default store: everything of a home in one SQLite file."""

import json
import logging
import mmap
from collections.abc import Sequence
from pathlib import Path

from knowhen.memory.errors import OperationRefused
from knowhen.memory.stores.checks import check_store
from knowhen.memory.stores.codec import loads
from knowhen.memory.stores.database import MEMORY, Database, files
from knowhen.memory.stores.log_rows import LogRows

log = logging.getLogger(__name__)


class SqliteStore(LogRows):
    """The store protocol on one SQLite file; safe with threads, processes and `kill -9`.

    Raises:
        HomeTooNew: a newer knowhen wrote the file.
        HomeUnavailable: the file is no database, is damaged, cannot be written, or stays locked.
    """

    def __init__(self, path: str | Path = MEMORY, *, timeout: float = 30.0) -> None:
        """`path` is the file, created if missing, or ":memory:"; `timeout` is in seconds."""
        super().__init__(Database(str(path), timeout=timeout))

    def delete_turns(self, space: str, turn_ids: Sequence[str]) -> None:
        with self._db.writing():
            gone = [stored.turn.id for stored in self.turns(space, ids=turn_ids)]
            if not gone:
                return
            number, _ = self._touch(space, vanish=True)
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

    def clear_derived(self, space: str) -> None:
        with self._db.writing():
            number, _ = self._touch(space, vanish=True)
            for table in ("postings", "entries", "events", "thoughts", "quarantine", "mentions"):
                self._db.run(f"DELETE FROM {table} WHERE space = ?", (number,))

    def purge(self) -> None:
        if self._db.depth:
            raise OperationRefused("purge needs its own turn; call it after the transaction")
        self._db.run("VACUUM")
        if self._db.path != MEMORY:
            busy, *_ = self._db.one("PRAGMA wal_checkpoint(TRUNCATE)")
            if busy:
                log.warning("%s is being read; its journal still holds old rows", self._db.path)

    def residues(self, needles: Sequence[bytes]) -> list[str]:
        wanted = {form for needle in needles if needle for form in _forms(needle)}
        return [str(file) for file in files(self._db.path) if _holds(file, wanted)]

    def check(self) -> list[str]:
        findings = [str(row[0]) for row in self._db.all("PRAGMA integrity_check") if row[0] != "ok"]
        findings += [
            f"a row of {table} refers to a row of {parent} that is not there"
            for table, _, parent, _ in self._db.all("PRAGMA foreign_key_check")
        ]
        return findings + check_store(self)

    def disk_bytes(self) -> int:
        if self._db.path == MEMORY:
            return 0
        names = (self._db.path, f"{self._db.path}-wal", f"{self._db.path}-shm")
        return sum(Path(name).stat().st_size for name in names if Path(name).exists())

    def close(self) -> None:
        self._db.close()


def _forms(needle: bytes) -> set[bytes]:
    """The bytes themselves, and as they stand inside JSON."""
    quoted = json.dumps(needle.decode("utf-8", errors="replace"), ensure_ascii=False)[1:-1]
    return {needle, quoted.encode()}


def _holds(file: Path, needles: set[bytes]) -> bool:
    with file.open("rb") as opened:
        if not file.stat().st_size:
            return False
        with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return any(content.find(needle) >= 0 for needle in needles)
