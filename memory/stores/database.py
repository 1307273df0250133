"""One connection to one SQLite file: opening, transactions, and errors in words."""

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from knowhen.memory.errors import HomeUnavailable, InvalidInput
from knowhen.memory.stores.schema import migrate

MEMORY = ":memory:"
# Placeholders of one IN (...); SQLite allowed no more than 999 before 3.32.
_CHUNK = 900

log = logging.getLogger(__name__)


class Database:
    """A connection that threads take turns with; processes queue for SQLite's own lock.

    A writer holds it for a whole transaction, so that no thread sees what is not committed.
    """

    def __init__(self, path: str, *, timeout: float = 30.0) -> None:
        self.path = path
        self._timeout = timeout
        self._connect()

    def _connect(self) -> None:
        self.lock = threading.RLock()
        self.depth = 0
        self._owner = os.getpid()
        self._connection = _opened(self.path, self._timeout)

    def _here(self) -> sqlite3.Connection:
        """This process's connection: one carried over a fork would corrupt the file."""
        if self._owner != os.getpid():
            # Closing it here could drop the parent's locks, so it is leaked on purpose.
            _LEAKED.append(self._connection)
            self._connect()
        return self._connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end, roll back on an exception; an inner one rolls back alone."""
        self._here()
        with self.lock:
            name = f"inner{self.depth}"
            self.run(f"SAVEPOINT {name}" if self.depth else "BEGIN IMMEDIATE")
            self.depth += 1
            try:
                yield
                self.run(f"RELEASE {name}" if self.depth > 1 else "COMMIT")
            except BaseException:
                self._roll_back(name if self.depth > 1 else None)
                raise
            finally:
                self.depth -= 1

    def _roll_back(self, savepoint: str | None) -> None:
        if not self._connection.in_transaction:  # a full disk rolls back by itself
            return
        if savepoint is None:
            self.run("ROLLBACK")
        else:
            self.run(f"ROLLBACK TO {savepoint}")
            self.run(f"RELEASE {savepoint}")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The transaction that is open, or one of its own."""
        self._here()
        with self.lock:
            if self.depth:
                yield
            else:
                with self.transaction():
                    yield

    def run(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run one statement; the number of rows it changed."""
        with self.lock, spoken(self.path):
            return self._here().execute(sql, values).rowcount

    def insert(self, sql: str, values: Sequence[object]) -> int:
        """Run an INSERT; the row's number."""
        with self.lock, spoken(self.path):
            return int(self._here().execute(sql, values).lastrowid or 0)

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for each row of values."""
        with self.lock, spoken(self.path):
            self._here().executemany(sql, rows)

    def all(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """Rows of a query as tuples."""
        here = self._here()
        with self.lock, spoken(self.path):
            return here.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[object] = ()) -> Any:
        """First row of a query, or None."""
        here = self._here()
        with self.lock, spoken(self.path):
            return here.execute(sql, values).fetchone()

    def close(self) -> None:
        """Close the connection; closing twice is allowed."""
        if self._owner == os.getpid():
            with self.lock:
                self._connection.close()


_LEAKED: list[sqlite3.Connection] = []


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
    except sqlite3.ProgrammingError as error:
        if "closed" not in str(error):
            raise
        raise HomeUnavailable(f"{path} is closed; open the memory again") from error
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as error:
        raise HomeUnavailable(_sentence(path, str(error))) from error


def _sentence(path: str, error: str) -> str:
    if "not a database" in error:
        return f"{path} is not a database; move it away or choose another home"
    if "malformed" in error:
        return f"{path} is damaged ({error}); restore a backup or recover it with `sqlite3`"
    if "readonly" in error:
        return f"{path} cannot be written; give this user the right to, or choose another home"
    if "locked" in error or "busy" in error:
        return f"{path} stayed locked by another process; end that process or try again"
    if "full" in error:
        return f"{path} cannot grow because the disk is full; make room and try again"
    if "unable to open" in error:
        return f"{path} cannot be opened; check that its folder exists and can be written"
    return f"{path} cannot be used ({error})"


def _opened(path: str, timeout: float) -> sqlite3.Connection:
    with spoken(path):
        # Not read-only even for readers: WAL needs its shared-memory file.
        connection = sqlite3.connect(
            path, timeout=timeout, isolation_level=None, check_same_thread=False
        )
    try:
        with spoken(path):
            _configure(connection, path, timeout)
            migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _configure(connection: sqlite3.Connection, path: str, timeout: float) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # deleted rows become zeros at once
    connection.execute("PRAGMA synchronous = FULL")  # a commit is on the disk when it returns
    connection.execute("PRAGMA temp_store = MEMORY")  # no text in files outside the home
    if path == MEMORY:
        return
    until = time.monotonic() + timeout
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        # The switch does not wait for its lock, so a process that opens at the same time can
        # be in the way for a moment.
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)


def files(path: str) -> list[Path]:
    """Every file in the folder of the database, whoever wrote it."""
    if path == MEMORY:
        return []
    return sorted(file for file in Path(path).parent.rglob("*") if file.is_file())
