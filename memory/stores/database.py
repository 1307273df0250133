"""The one place that opens SQLite: connections, transactions, and errors in words."""

import logging
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from knowhen.memory.errors import HomeUnavailable, InvalidInput, OperationRefused
from knowhen.memory.stores.residues import zero_unused

log = logging.getLogger(__name__)
T = TypeVar("T")
MEMORY = ":memory:"
PRIVATE = 0o600
# Placeholders of one IN (...): SQLite can be built to allow no more than 999.
_CHUNK = 900


class Database:
    """A connection that threads take turns with; processes queue for SQLite's own lock.

    Whoever writes keeps it for a whole transaction, so no thread sees what is not committed. The
    connection is opened when it is first needed; `rest` closes it until it is needed again.
    """

    def __init__(
        self,
        path: str,
        *,
        prepare: Callable[[sqlite3.Connection, str], None],
        timeout: float,
        opened: "Callable[[Database], None]" = lambda database: None,
    ) -> None:
        """`prepare` brings the tables of a file that was just opened up to date."""
        self.path = path
        self._prepare, self._timeout, self._opened = prepare, timeout, opened
        self._start()

    def _start(self) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._reading = self._closed = False
        self._process = os.getpid()
        self._connection: sqlite3.Connection | None = None
        self._file = (0, 0)

    def _held(self) -> "threading.RLock":
        """The lock that makes the connection this thread's alone; it was opened by this process."""
        if self._process != os.getpid() and self.path != MEMORY:
            # One carried over a fork would corrupt the file. It is not closed either, because
            # closing a file drops the locks that the process has on it.
            if self._connection is not None:
                _CARRIED_OVER.append(self._connection)
            self._start()
        return self._lock

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        # Called for every statement, where nested context managers would cost as much as SQLite.
        with self._held():
            try:
                return work(self._connection or self._connect())
            except (sqlite3.Error, UnicodeError, OverflowError):
                with spoken(self.path):
                    raise

    def _connect(self) -> sqlite3.Connection:
        if self._closed:
            raise HomeUnavailable(f"{self.path} is closed; open the memory again")
        self._connection = _opened(self.path, self._prepare, self._timeout)
        self._file = _identity(self.path)
        self._opened(self)
        return self._connection

    def rest(self) -> bool:
        """Close the connection until it is needed again; False if it is in use just now."""
        if self.path == MEMORY or not self._lock.acquire(blocking=False):
            return False
        try:
            if self._depth or self._reading:
                return False
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
                self._connection = None
            return True
        finally:
            self._lock.release()

    def _check_file(self) -> None:
        """Refuse to go on with a file that is no longer the one in its place.

        What is written to a file that was deleted, or that a backup has replaced, is lost when
        the process ends, so it must not be acknowledged.
        """
        if self.path != MEMORY and _identity(self.path) != self._file:
            raise HomeUnavailable(
                f"{self.path} was deleted or replaced while it was open; open the memory again"
            )

    def copy_to(self, path: Path) -> None:
        """Copy the database as it is at one moment, while others use it."""
        private_file(str(path))
        with self._held(), spoken(str(path)), closing(connect(path, timeout=1)) as target:
            (self._connection or self._connect()).backup(target)

    def emptied_journal(self, patience: float) -> bool:
        """Bring the journal into the file and cut it off; False if somebody reads it for longer.

        Threads that only read are not held up meanwhile.
        """
        until = time.monotonic() + patience
        while True:
            with self._held():
                self.one("PRAGMA busy_timeout = 0")
                try:
                    if not self.alone("PRAGMA wal_checkpoint(TRUNCATE)")[0]:
                        return True
                finally:
                    self.one(f"PRAGMA busy_timeout = {int(1000 * self._timeout)}")
            if time.monotonic() > until:
                return False
            time.sleep(0.02)

    def purge(self, patience: float, finish: Callable[[], object] = lambda: None) -> bool:
        """Leave no byte of deleted rows in the file; False if somebody still reads them.

        Deleting overwrote the rows. What is left is what SQLite moved within its pages before,
        in the parts of pages that are not used. Nobody can write while those are made zeros, and
        the commit of what `finish` writes makes every process read the pages anew.
        """
        if self.path == MEMORY:
            return True
        until = time.monotonic() + patience
        while self.emptied_journal(until - time.monotonic()):
            done = self._cleared(finish)
            if done or time.monotonic() > until:
                return done
        log.warning("%s is being read, so its journal still has old rows", self.path)
        return False

    def _cleared(self, finish: Callable[[], object]) -> bool:
        """Clear the unused parts of the pages, unless somebody wrote just now."""
        with self._held():
            self.alone("PRAGMA shrink_memory")  # pages read before would be written back
            with self.transaction():
                if self._journal_bytes():
                    return False
                zeroed = self._zeroed()
                self.run(f"PRAGMA user_version = {self.one('PRAGMA user_version')[0]}")  # a commit
                finish()
            if not zeroed:
                self.alone("VACUUM")
        return zeroed or self.emptied_journal(0)

    def _zeroed(self) -> bool:
        try:
            zero_unused(Path(self.path))
        except OSError as error:  # where no process can be started, the whole is written anew
            log.warning("%s is written anew, because %s", self.path, error)
            return False
        return True

    def journal_is_empty(self) -> bool:
        """Whether all that was committed stands in the file."""
        return not self._journal_bytes()

    def _journal_bytes(self) -> int:
        """Size of the journal, in which commits stand that are not in the file yet."""
        with suppress(FileNotFoundError):
            return os.stat(f"{self.path}-wal").st_size
        return 0

    @property
    def busy(self) -> bool:
        """Whether a transaction or a snapshot is open in this thread."""
        with self._held():
            return self._depth > 0 or self._reading

    @property
    def open(self) -> bool:
        """Whether the connection is open just now."""
        return self._connection is not None

    @property
    def in_transaction(self) -> bool:
        """Whether this thread sees what may yet be rolled back."""
        with self._held():
            return self._depth > 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end, roll back on an exception; an inner one rolls back alone."""
        with self._held():
            if self._reading:
                raise OperationRefused("nothing can be written inside a snapshot")
            savepoint = f"inner{self._depth}" if self._depth else None
            self.run(f"SAVEPOINT {savepoint}" if savepoint else "BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                self.run(f"RELEASE {savepoint}" if savepoint else "COMMIT")
            except BaseException:
                self._roll_back(savepoint)
                raise
            finally:
                self._depth -= 1
            if savepoint is None:
                self._check_file()

    def _roll_back(self, savepoint: str | None) -> None:
        # SQLite rolls back by itself on a full disk.
        if self._connection is None or not self._connection.in_transaction:
            return
        self.run(f"ROLLBACK TO {savepoint}" if savepoint else "ROLLBACK")
        if savepoint:
            self.run(f"RELEASE {savepoint}")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The transaction that is open, or one of its own."""
        with self._held():
            if self._depth:
                yield
            else:
                with self.transaction():
                    yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Reads of one state; in a transaction or another snapshot, that one's state."""
        with self._held():
            if self._depth or self._reading:
                yield
                return
            self.run("BEGIN")
            self._reading = True
            try:
                self._check_file()
                yield
            finally:
                self._reading = False
                self._roll_back(None)

    def alone(self, statement: str) -> Any:
        """Run a statement that no transaction may surround; its first row.

        Raises:
            OperationRefused: a transaction or a snapshot is open.
        """
        with self._held():
            if self._depth or self._reading:
                raise OperationRefused(f"{statement} cannot run inside a transaction")
            return self.one(statement)

    def run(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run one statement; the number of rows it changed."""
        return self._do(lambda connection: connection.execute(sql, values).rowcount)

    def insert(self, sql: str, values: Sequence[object]) -> int:
        """Run an INSERT; the row's number."""
        return self._do(lambda connection: int(connection.execute(sql, values).lastrowid or 0))

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> int:
        """Run one statement for each row of values; the number of rows it changed."""
        return self._do(lambda connection: connection.executemany(sql, rows).rowcount)

    def all(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Rows of a query as tuples."""
        return self._do(lambda connection: connection.execute(sql, values).fetchall())

    def one(self, sql: str, values: Sequence[object] = ()) -> Any:
        """First row of a query, or None."""
        rows = self.all(sql, values)
        return rows[0] if rows else None

    def close(self) -> None:
        """Close the connection; closing twice is allowed."""
        if self._process == os.getpid():
            with self._lock:
                self._closed = True
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None


def _identity(path: str) -> tuple[int, int]:
    """What tells a file from another one of the same name; zeros if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


_CARRIED_OVER: list[sqlite3.Connection] = []


def chunks(values: Iterable[object]) -> Iterator[tuple[str, list[object]]]:
    """Values in groups small enough for one `IN`, each with its placeholders."""
    rest = list(dict.fromkeys(values))
    for start in range(0, len(rest), _CHUNK):
        group = rest[start : start + _CHUNK]
        yield ", ".join("?" * len(group)), group


@contextmanager
def spoken(path: str) -> Iterator[None]:
    """Turn SQLite's errors into `HomeUnavailable` with one sentence that says what to do."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise InvalidInput(f"{error.object!r} is not valid Unicode (a lone surrogate)") from None
    except UnicodeDecodeError:
        raise HomeUnavailable(_sentence(path, "malformed")) from None
    except OverflowError:
        raise InvalidInput("a number is larger than a database can hold") from None
    except sqlite3.ProgrammingError as error:
        if "closed" not in str(error):
            raise
        raise HomeUnavailable(f"{path} is closed; open the memory again") from error
    except sqlite3.IntegrityError:
        raise  # a defect of ours, not of the home
    except sqlite3.DatabaseError as error:
        if "decode" in str(error):  # its message shows what was kept
            raise HomeUnavailable(_sentence(path, "malformed")) from None
        raise HomeUnavailable(_sentence(path, str(error))) from error


_SENTENCES = {
    "not a database": "is not a knowhen database; move it away or choose another home",
    "malformed": "is damaged; restore a backup, or try `knowhen doctor --repair`",
    "readonly": "cannot be written; give this user the right to, or choose another home",
    "locked": "stayed locked by another process; end that process or try again",
    "full": "cannot grow because the disk is full; make room and try again",
    "unable to open": "cannot be opened; check that its folder exists and can be written",
}


def _sentence(path: str, error: str) -> str:
    for part, sentence in _SENTENCES.items():
        if part in error:
            return f"{path} {sentence}"
    return f"{path} cannot be used ({error})"


def connect(path: str | Path, *, timeout: float) -> sqlite3.Connection:
    """A bare connection that any thread may use; transactions are begun by hand."""
    return sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False)


@contextmanager
def contents(path: str) -> Iterator[bytes]:
    """The bytes of a file; those of a database through SQLite, which keeps its locks by that."""
    if not path.endswith(".db"):
        yield Path(path).read_bytes()
        return
    with spoken(path), closing(connect(path, timeout=1)) as connection:
        found = connection.serialize()
    yield found


def _opened(
    path: str, prepare: Callable[[sqlite3.Connection, str], None], timeout: float
) -> sqlite3.Connection:
    with spoken(path):
        if path != MEMORY:
            private_file(path)
        connection = connect(path, timeout=timeout)
        try:
            _configure(connection, path, timeout)
            prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def private_file(path: str) -> None:
    """Let nobody but the owner read the file; SQLite gives its journal the same mode."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE))
    except FileExistsError:
        mode = stat.S_IMODE(os.stat(path).st_mode)
        if os.name == "posix" and mode & ~PRIVATE and os.stat(path).st_uid == os.getuid():
            log.warning("%s could be read by others; now only its owner can", path)
            for each in (path, f"{path}-wal", f"{path}-shm"):
                with suppress(FileNotFoundError):
                    os.chmod(each, mode & PRIVATE)
    except OSError:
        return  # connecting says what is wrong


_PRAGMAS = (
    "foreign_keys = ON",
    "secure_delete = ON",  # deleted rows become zeros at once
    "synchronous = FULL",  # a commit is on the disk when it returns
    "cache_size = -16000",  # KiB; the postings of about 50,000 turns stay in memory
    "wal_autocheckpoint = 4000",  # pages; a commit touches many, and most of them again soon
    "journal_size_limit = 16777216",
)


def _configure(connection: sqlite3.Connection, path: str, timeout: float) -> None:
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    if path != MEMORY:
        _write_ahead(connection, timeout)


def _write_ahead(connection: sqlite3.Connection, timeout: float) -> None:
    """Switch the file to a write-ahead log, so that readers and a writer do not wait."""
    until = time.monotonic() + timeout
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        # The switch does not wait for its lock, so a process that opens the file at the same
        # moment can be in the way.
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)
