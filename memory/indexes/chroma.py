"""Approximate search by Chroma: embedded in the home folder, or a server for many machines."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.indexes.chroma_places import FolderPlace, Place, ServerPlace
from knowhen.memory.stores.base import EntryKind, Store

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

Vectors = NDArray[np.float32]
Integers = NDArray[np.int64]

_OPEN_SPACES = 32


@dataclass(slots=True)
class _State:
    """What is known of a collection; the first three stand in its metadata as well."""

    watermark: int
    """The last entry id taken over from the store."""
    version: int
    """The space's version at that time."""
    stamp: str
    """Changes with every write, so that another process sees that its view is old."""
    epoch: int
    count: int
    collection: "Collection"


class ChromaIndex:
    """Nearest neighbours by HNSW, always rebuildable from the store and caught up by a watermark.

    Every epoch of a space has collections of its own. Chroma's files keep what was deleted from
    a collection, so an erasure never deletes rows: it removes the whole of an epoch. Embedded,
    no byte is left; a server keeps files of its own, which `chroma vacuum` cleans there.

    Not to be searched inside a transaction that may be rolled back.

    Args:
        folder: where Chroma keeps its files; several processes may share it. None keeps those of
            a space beside what the store keeps of it, or in a temporary folder.
        host, port: a Chroma server instead of the folder.
        new_id: makes the token that tells writers apart.

    Raises:
        MissingExtra: chromadb is not installed.
        HomeUnavailable: the server cannot be reached.
    """

    def __init__(
        self,
        store: Store,
        folder: str | Path | None = None,
        *,
        host: str | None = None,
        port: int = 8000,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._store = store
        self._new_id = new_id
        self._place: Place
        if host is None:
            self._place = FolderPlace(None if folder is None else Path(folder), store.beside)
        else:
            self._place = ServerPlace(host, port, prefix=_prefix(store, new_id))
        self._lock = threading.RLock()
        self._states: dict[tuple[str, EntryKind], _State] = {}

    def search(
        self, space: str, kind: EntryKind, vector: Vectors, limit: int
    ) -> tuple[Integers, Vectors]:
        from chromadb.errors import ChromaError

        with self._lock:
            try:
                return self._search(space, kind, vector, limit)
            except ChromaError:
                # Another process removed the epoch that we had open; what is there now is right.
                self._close_space(space)
                return self._search(space, kind, vector, limit)

    def forget(self, space: str) -> None:
        with self._lock, self._place.locked(space):
            self._close_space(space)
            self._place.drop(space, keep=None)

    def close(self) -> None:
        with self._lock:
            self._states.clear()
            self._place.close()

    def _search(
        self, space: str, kind: EntryKind, vector: Vectors, limit: int
    ) -> tuple[Integers, Vectors]:
        state = self._caught_up(space, kind)
        if state.count == 0 or limit <= 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        answer = state.collection.query(
            query_embeddings=[np.asarray(vector, dtype=np.float32)],
            n_results=min(limit, state.count),
            include=["distances"],
        )
        distances = answer["distances"]
        ids = np.array([int(key) for key in answer["ids"][0]], dtype=np.int64)
        cosines = 1 - np.array(distances[0] if distances else [], dtype=np.float32)
        order = np.lexsort((ids, -cosines))
        return ids[order], cosines[order]

    def _caught_up(self, space: str, kind: EntryKind) -> _State:
        version, epoch = self._store.version(space), self._store.epoch(space)
        seen = self._states.get((space, kind))
        if seen is not None and (seen.version, seen.epoch) == (version, epoch):
            return seen
        with self._place.locked(space):
            # Read again: only what is read under the lock is safe from another's erasure.
            version, epoch = self._store.version(space), self._store.epoch(space)
            if seen is None or seen.epoch != epoch:
                self._close_stale(space, epoch)
                self._place.drop(space, keep=epoch)
            state = self._opened(space, kind, epoch)
            if seen is not None and seen.epoch == epoch and seen.stamp != state.stamp:
                self._close_space(space)
                state = self._opened(space, kind, epoch)
            if state.version > version:  # a transaction that we had looked into was rolled back
                self._close_space(space)
                self._place.drop(space, keep=None)
                state = self._opened(space, kind, epoch)
            self._take_over(space, kind, state, version)
        self._states[space, kind] = state
        self._limit_open()
        return state

    def _opened(self, space: str, kind: EntryKind, epoch: int) -> _State:
        collection = self._place.collection(space, epoch, kind)
        known = collection.metadata or {}
        return _State(
            watermark=int(str(known.get("watermark", 0))),
            version=int(str(known.get("version", 0))),
            stamp=str(known.get("stamp", "")),
            epoch=epoch,
            count=collection.count(),
            collection=collection,
        )

    def _take_over(self, space: str, kind: EntryKind, state: _State, version: int) -> None:
        """Add what the store has gained; a crash in between only repeats the same rows."""
        ids, vectors = self._store.vectors(space, kind, after=state.watermark)
        for start in range(0, len(ids), self._place.batch):
            part = slice(start, start + self._place.batch)
            state.collection.upsert(
                ids=[str(number) for number in ids[part].tolist()], embeddings=vectors[part]
            )
        state.version = version
        if len(ids):
            state.watermark, state.stamp = int(ids[-1]), self._new_id()
            state.count = state.collection.count()
            state.collection.modify(
                metadata={
                    "watermark": state.watermark,
                    "version": state.version,
                    "stamp": state.stamp,
                }
            )
            self._place.written(space)

    def _close_stale(self, space: str, epoch: int) -> None:
        if any(state.epoch != epoch for key, state in self._states.items() if key[0] == space):
            self._close_space(space)

    def _close_space(self, space: str) -> None:
        for key in [key for key in self._states if key[0] == space]:
            del self._states[key]
        self._place.close_space(space)

    def _limit_open(self) -> None:
        open_spaces = list(dict.fromkeys(space for space, _ in self._states))
        for space in open_spaces[:-_OPEN_SPACES]:
            self._close_space(space)


def _prefix(store: Store, new_id: Callable[[], str]) -> str:
    """A name of this home, because a server may hold the collections of many."""
    return store.claim_setting("chroma_home", new_id())
