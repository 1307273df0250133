"""Where Chroma keeps a space's collections: in a folder of the home, or on a server."""

import importlib.util
import os
import shutil
import sqlite3
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from knowhen.memory.errors import HomeUnavailable, MissingExtra
from knowhen.memory.stores.base import EntryKind
from knowhen.memory.stores.database import connect

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection
    from chromadb.config import Settings

# Wider beams than Chroma's default, for recall at the depths that a walk is seeded from.
_HNSW = {"space": "cosine", "ef_construction": 200, "ef_search": 200}


class Place(Protocol):
    """Keeps the collections of every space and epoch."""

    @property
    def batch(self) -> int:
        """Most rows that one write may have."""
        ...

    def locked(self, space: str) -> AbstractContextManager[None]:
        """Keep other processes from writing or removing collections of a space."""
        ...

    def collection(self, space: str, epoch: int, kind: EntryKind) -> "Collection":
        """The collection as it stands now, made if it is not there."""
        ...

    def written(self, space: str) -> None:
        """Called after rows were written."""
        ...

    def drop(self, space: str, *, keep: int | None) -> None:
        """Remove every epoch of the space but the one to keep."""
        ...

    def close_space(self, space: str) -> None: ...
    def close(self) -> None: ...


class FolderPlace:
    """One folder, with a Chroma database of its own, for each space and epoch.

    So an erasure removes files and rebuilds nothing of the other spaces. Chroma's embedded mode
    is not made for several processes: they take turns by a lock, and open anew what another has
    written.
    """

    batch = 5000

    def __init__(self, folder: Path | None, beside: Callable[[str], Path | None]) -> None:
        """`folder` holds the index of every space; None puts each `beside` what it is made of.

        A space without a place on the disk has one in a temporary folder.
        """
        _require()
        self._folder, self._beside = folder, beside
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._clients: dict[str, tuple[int, ClientAPI]] = {}
        self._guard = threading.RLock()

    @contextmanager
    def locked(self, space: str) -> Iterator[None]:
        with self._guard:
            folder = self._of(space)
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                # SQLite's own write lock works on every system, and a dead process gives it back.
                lock = connect(folder / "lock.db", timeout=60)
                lock.execute("BEGIN IMMEDIATE")
            except (OSError, sqlite3.Error) as error:
                raise HomeUnavailable(f"no index in {str(folder)!r}: {error}") from error
            try:
                yield
            finally:
                lock.execute("ROLLBACK")
                lock.close()

    def _of(self, space: str) -> Path:
        """The folder of a space's index."""
        beside = None if self._folder is not None else self._beside(space)
        if beside is not None:
            return beside / "chroma"
        if self._folder is not None:
            return self._folder / _digest(space)
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="knowhen-")
        return Path(self._temporary.name) / _digest(space)

    def collection(self, space: str, epoch: int, kind: EntryKind) -> "Collection":
        return _collection(self._client(space, epoch), kind)

    def written(self, space: str) -> None:
        for file in self._of(space).glob("*/*/data_level0.bin"):
            _blank_unused(file)

    def drop(self, space: str, *, keep: int | None) -> None:
        folder = self._of(space)
        for path in folder.glob("[0-9]*"):
            if path.name != str(keep):
                # Renamed first: half a folder must never be taken for a whole one.
                doomed = path.with_name(f"gone-{path.name}")
                shutil.rmtree(doomed, ignore_errors=True)
                path.rename(doomed)
        for path in folder.glob("gone-*"):
            shutil.rmtree(path)

    def close_space(self, space: str) -> None:
        opened = self._clients.pop(space, None)
        if opened is not None:
            opened[1].close()

    def close(self) -> None:
        for space in list(self._clients):
            self.close_space(space)
        if self._temporary is not None:
            self._temporary.cleanup()

    def _client(self, space: str, epoch: int) -> "ClientAPI":
        import chromadb

        opened = self._clients.get(space)
        if opened is not None and opened[0] == epoch:
            return opened[1]
        self.close_space(space)
        folder = self._of(space) / str(epoch)
        client = chromadb.PersistentClient(path=str(folder), settings=_settings())
        self._clients[space] = (epoch, client)
        return client


class ServerPlace:
    """Collections on a Chroma server, told apart by home, space and epoch in their names."""

    batch = 1000

    def __init__(self, host: str, port: int, *, prefix: str) -> None:
        _require()
        import chromadb

        self._prefix = prefix
        try:
            self._client = chromadb.HttpClient(host=host, port=port, settings=_settings())
        except ValueError as error:
            raise HomeUnavailable(f"no Chroma server at {host}:{port}: {error}") from error

    def locked(self, space: str) -> AbstractContextManager[None]:
        return nullcontext()  # the server orders the writes, and writing twice changes nothing

    def collection(self, space: str, epoch: int, kind: EntryKind) -> "Collection":
        return _collection(self._client, f"{self._head(space)}{epoch}-{kind}")

    def drop(self, space: str, *, keep: int | None) -> None:
        head = self._head(space)
        for collection in self._client.list_collections():
            epoch, _, kind = collection.name.removeprefix(head).partition("-")
            if collection.name.startswith(head) and kind and epoch != str(keep):
                _delete(self._client, collection.name)

    def written(self, space: str) -> None:
        return None

    def close_space(self, space: str) -> None:
        return None

    def close(self) -> None:
        # Chroma (1.5.9) leaves the HTTP connections of a closed client open.
        owners = (self._client, getattr(self._client, "_admin_client", None))
        servers = [getattr(owner, "_server", None) for owner in owners]
        self._client.close()
        for server in servers:
            session = getattr(server, "_session", None)
            if session is not None:
                session.close()

    def _head(self, space: str) -> str:
        return f"knowhen-{self._prefix}-{_digest(space)}-"


def _blank_unused(file: Path) -> None:
    """Overwrite the room for rows that are not there yet.

    Chroma writes it as it finds it in the process's memory, where an erased vector or text may
    still be. The header holds a version, then offset, capacity, count and size of a row.
    """
    header = file.with_name("header.bin").read_bytes()[:36]
    if len(header) < 36:
        return
    _, _, capacity, count, size = struct.unpack("<iQQQQ", header)
    if capacity * size == file.stat().st_size and count < capacity:
        with file.open("r+b") as rows:
            rows.seek(count * size)
            rows.write(bytes((capacity - count) * size))
            os.fsync(rows.fileno())


def _collection(client: "ClientAPI", name: str) -> "Collection":
    return client.get_or_create_collection(
        name,
        configuration={"hnsw": _HNSW},
        embedding_function=None,  # the default one would download a model
    )


def _delete(client: "ClientAPI", name: str) -> None:
    from chromadb.errors import NotFoundError

    try:
        client.delete_collection(name)
    except NotFoundError:
        return  # another client was quicker


def _settings() -> "Settings":
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False)


def _require() -> None:
    if importlib.util.find_spec("chromadb") is None:
        raise MissingExtra("chromadb", "chroma")


def _digest(space: str) -> str:
    """A legal name for any space, which also keeps the space's name off the disk."""
    return blake2b(space.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
