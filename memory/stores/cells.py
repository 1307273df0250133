"""The files of a home: `home.db`, and one SQLite file for each space, opened when needed.

    HOME/home.db                    settings, secret, names of the spaces
    HOME/spaces/ab/ab12.../space.db everything of one space; what is made of it lies beside it

A space exists once its file does. Each file knows the name of its space and the settings that
all of them share, so that a lost `home.db` is made again from the folder.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from knowhen.memory.errors import HomeUnavailable
from knowhen.memory.stores.database import MEMORY, Database
from knowhen.memory.stores.schema import prepare_cell, prepare_home

log = logging.getLogger(__name__)
HOME, CELL, SPACES = "home.db", "space.db", "spaces"
NAME = "name"
"""Setting of a cell: what its space is called."""
WHOLE = "whole"
"""Setting of the home that stands once it knows of every cell that was there before."""
SHARED = ("secret", "embedder", "dimension")
"""Settings of the home that every cell keeps a copy of."""
AWAKE = 48
"""Cells open at a time; each takes three file descriptors."""


class Cells:
    """Databases of a home by the names of its spaces; at most `awake` of them are open."""

    def __init__(self, home: str, *, timeout: float, awake: int = AWAKE) -> None:
        """`home` is the folder, which must be there, or ":memory:"."""
        self.folder = None if home == MEMORY else Path(home)
        self._timeout, self._most = timeout, awake
        self._guard = threading.Lock()
        self._awake: OrderedDict[int, Database] = OrderedDict()
        self._known: dict[str, Database] = {}
        self._filled: set[str] = set()
        self._nothing = Database(MEMORY, prepare=prepare_cell, timeout=timeout)
        path = MEMORY if self.folder is None else str(self.folder / HOME)
        self.home = Database(path, prepare=prepare_home, timeout=timeout)
        if self.folder is not None and self.setting(WHOLE) is None:
            self._recover(self.folder)

    def reading(self, space: str) -> Database:
        """The database of a space; an empty one, not to be written to, if it has no file."""
        found = self._known.get(space)
        if found is None:
            path = self.path(space)
            if path is None or not path.exists():
                return self._nothing
            found = self._cell(space)
        self._use(found)
        return found

    def writing(self, space: str) -> Database:
        """The database of a space, with its file, which is made if it is not there."""
        found = self._known.get(space)
        if found is None or not self._there(found):
            found = self._begin(space)
        self._use(found)
        return found

    def path(self, space: str) -> Path | None:
        """Where a space's file is, or would be; None in memory."""
        folder = self.beside(space)
        return None if folder is None else folder / CELL

    def beside(self, space: str) -> Path | None:
        """The folder of what is kept of a space; None in memory."""
        return None if self.folder is None else cell_folder(self.folder, space)

    def committed(self, space: str, database: Database) -> None:
        """Note that a space holds something, once its first transaction is committed."""
        if space in self._filled or database.in_transaction or not self._holds(space):
            return
        self.home.run("UPDATE spaces SET begun = 0 WHERE name = ? AND begun", (space,))
        self._filled.add(space)

    def note_purge(self, space: str, due: bool) -> None:
        """Keep in mind which spaces may have bytes left of what was deleted."""
        self.home.run("UPDATE spaces SET purge = ? WHERE name = ?", (due, space))

    def to_purge(self) -> list[str]:
        """Spaces that a process which ended too early has left to be purged."""
        return [row[0] for row in self.home.all("SELECT name FROM spaces WHERE purge")]

    def names(self) -> list[str]:
        """Names of the spaces that were ever written to, sorted; opens none that is known to be."""
        rows = self.home.all("SELECT name, begun FROM spaces ORDER BY name")
        return [name for name, begun in rows if (self._holds if begun else self._exists)(name)]

    def close(self) -> None:
        with self._guard:
            known = list(self._known.values())
        # Without the guard, which a thread that opens a file just now waits for.
        for database in (*known, self._nothing, self.home):
            database.close()

    def _cell(self, space: str) -> Database:
        with self._guard:
            found = self._known.get(space)
            if found is None:
                path = self.path(space)
                found = Database(
                    MEMORY if path is None else str(path),
                    prepare=prepare_cell,
                    timeout=self._timeout,
                    opened=self._woken if path else _ignored,
                )
                self._known[space] = found
        return found

    def _begin(self, space: str) -> Database:
        """Make the file of a space. It is registered before, so that none is ever overlooked."""
        self.home.run("INSERT OR IGNORE INTO spaces (name, begun) VALUES (?, 1)", (space,))
        path = self.path(space)
        if path is not None:
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise HomeUnavailable(f"{path.parent} cannot be made ({error})") from error
        found = self._cell(space)
        if found.one("SELECT 1 FROM settings WHERE key = ?", (NAME,)) is None:
            shared = [(key, self.setting(key)) for key in SHARED]
            rows = [(NAME, space), *((key, value) for key, value in shared if value is not None)]
            with found.writing():
                found.many("INSERT OR IGNORE INTO settings VALUES (?, ?)", rows)
        return found

    def setting(self, key: str) -> str | None:
        """A setting of the home."""
        row = self.home.one("SELECT value FROM settings WHERE key = ?", (key,))
        return None if row is None else str(row[0])

    def _there(self, database: Database) -> bool:
        return database.path == MEMORY or database.open or Path(database.path).exists()

    def _exists(self, space: str) -> bool:
        path = self.path(space)
        return path is None or path.exists()

    def _holds(self, space: str) -> bool:
        return bool(self.reading(space).one("SELECT version FROM space")[0])

    def _use(self, database: Database) -> None:
        key = id(database)
        if key in self._awake:
            with self._guard:
                if key in self._awake:
                    self._awake.move_to_end(key)

    def _woken(self, database: Database) -> None:
        """Let those rest that were not used for longest; one that is in use just now stays."""
        with self._guard:
            self._awake[id(database)] = database
            for key in list(self._awake)[: max(0, len(self._awake) - self._most)]:
                if self._awake[key].rest():
                    del self._awake[key]

    def _recover(self, folder: Path) -> None:
        """Write the registry and the shared settings, new or lost, from what the cells know."""
        for path in sorted((folder / SPACES).glob(f"*/*/{CELL}")):
            try:
                with resting(str(path), prepare_cell, self._timeout) as cell:
                    known = dict(cell.all("SELECT key, value FROM settings"))
                    begun = not cell.one("SELECT version FROM space")[0]
            except HomeUnavailable as error:  # one that is damaged must not hide the others
                log.warning("a space is left out: %s", error)
                continue
            if NAME in known:
                with self.home.writing():
                    self.home.run(
                        "INSERT OR IGNORE INTO spaces VALUES (?, ?, 1)", (known[NAME], begun)
                    )
                    self.home.many(
                        "INSERT OR IGNORE INTO settings VALUES (?, ?)",
                        [(key, known[key]) for key in SHARED if key in known],
                    )
        self.home.run("INSERT OR IGNORE INTO settings VALUES (?, '1')", (WHOLE,))


def cell_folder(home: Path, space: str) -> Path:
    """The folder of a space; its name says nothing of what the space is called."""
    name = blake2b(space.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return home / SPACES / name[:2] / name


def _ignored(database: Database) -> None:
    """A database in memory never rests."""


@contextmanager
def resting(path: str, prepare: Callable[..., None], timeout: float) -> Iterator[Database]:
    """A database that is closed at the end."""
    database = Database(path, prepare=prepare, timeout=timeout)
    try:
        yield database
    finally:
        database.close()
