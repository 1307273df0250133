"""Exact search: every vector of a space in memory, one matrix product a query."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.stores.base import EntryKind, Store

Vectors = NDArray[np.float32]
Integers = NDArray[np.int64]
_Number = TypeVar("_Number", np.float32, np.int64)


@dataclass(slots=True)
class _Rows:
    """Rows of one space and kind; only the first `count` of the buffers are in use."""

    epoch: int
    ids: Integers
    vectors: Vectors
    count: int = 0
    version: int = 0
    """The space's version that the rows are caught up to."""

    def append(self, ids: Integers, vectors: Vectors) -> None:
        needed = self.count + len(ids)
        if needed > len(self.ids):
            # An eighth more than is needed, the first time as well: else the first new row
            # would copy all of them, and adding one by one copy each row many times.
            room = needed + needed // 8 + 16
            self.ids = _grown(self.ids, self.count, (room,))
            self.vectors = _grown(self.vectors, self.count, (room, vectors.shape[1]))
        self.ids[self.count : needed] = ids
        self.vectors[self.count : needed] = vectors
        self.count = needed

    def kept(self, ids: Integers, epoch: int) -> "_Rows | None":
        """Only the rows with these ids, as new rows; None if one up to the last is missing."""
        own = self.ids[: self.count]
        places = np.flatnonzero(np.isin(own, ids, assume_unique=True))
        if not len(own) or len(places) != np.searchsorted(ids, own[-1], side="right"):
            return None
        return _Rows(epoch, own[places], self.vectors[places], len(places))


class ExactIndex:
    """Cosines against all vectors of a space, kept in memory and caught up from the store.

    Costs dimension * 4 bytes a vector; a query reads all of them once. Spaces that were not
    searched for longest are left out when there are more than `most`.
    """

    def __init__(self, store: Store, *, most: int = 64) -> None:
        self._store, self._most = store, most
        self._lock = threading.Lock()
        self._rows: OrderedDict[tuple[str, EntryKind], _Rows] = OrderedDict()

    def search(
        self, space: str, kind: EntryKind, vector: Vectors, limit: int
    ) -> tuple[Integers, Vectors]:
        ids, cosines = self.similarities(space, kind, vector)
        best = top(cosines, limit)
        return ids[best], cosines[best]

    def similarities(
        self, space: str, kind: EntryKind, vector: Vectors
    ) -> tuple[Integers, Vectors]:
        """Ids, ascending, and cosines of all entries of the space."""
        ids, vectors = self.matrix(space, kind)
        if not len(ids):
            return ids, np.empty(0, dtype=np.float32)
        return ids, vectors @ np.asarray(vector, dtype=np.float32)

    def matrix(self, space: str, kind: EntryKind) -> tuple[Integers, Vectors]:
        """Ids, ascending, and vectors of all entries of the space: read-only views."""
        # The store first: whoever reads a view has it already, and two orders would lock for ever.
        with self._store.snapshot(space), self._lock:
            rows = self._caught_up(space, kind)
            self._rows.move_to_end((space, kind))
            while len(self._rows) > 2 * self._most:
                self._rows.popitem(last=False)
            ids, vectors = rows.ids[: rows.count], rows.vectors[: rows.count]
        ids.flags.writeable = vectors.flags.writeable = False
        return ids, vectors

    def forget(self, space: str) -> None:
        with self._store.snapshot(space), self._lock:
            for key in [key for key in self._rows if key[0] == space]:
                self._caught_up(*key)

    def close(self) -> None:
        with self._lock:
            self._rows.clear()

    def _caught_up(self, space: str, kind: EntryKind) -> _Rows:
        # Version and epoch are read before the rows: a commit in between is seen twice, not never.
        version, epoch = self._store.version(space), self._store.epoch(space)
        rows = self._rows.get((space, kind))
        # A version that fell means that a transaction we had looked into was rolled back.
        if rows is not None and version == rows.version and epoch == rows.epoch:
            return rows
        if rows is not None and epoch > rows.epoch and version >= rows.version:
            rows = rows.kept(self._store.entry_ids(space, kind), epoch)
        elif rows is not None and (epoch != rows.epoch or version < rows.version):
            rows = None
        if rows is None:
            rows = _Rows(epoch, np.empty(0, np.int64), np.empty((0, 0), np.float32))
        self._rows[space, kind] = rows
        last = int(rows.ids[rows.count - 1]) if rows.count else 0
        ids, vectors = self._store.vectors(space, kind, after=last)
        if len(ids):
            rows.append(ids, vectors)
        rows.version = version
        return rows


def top(scores: Vectors, limit: int) -> NDArray[np.intp]:
    """Places of the `limit` greatest scores, best first; equal scores keep their order."""
    limit = min(max(limit, 0), len(scores))
    if limit == 0:
        return np.empty(0, dtype=np.intp)
    if limit < len(scores):
        # Ties at the cut are resolved by place, which argpartition alone would leave to chance.
        worst = np.partition(scores, len(scores) - limit)[len(scores) - limit]
        above = np.flatnonzero(scores > worst)
        ties = np.flatnonzero(scores == worst)[: limit - len(above)]
        places = np.sort(np.concatenate((above, ties)))
    else:
        places = np.arange(len(scores))
    return places[np.argsort(-scores[places], kind="stable")]


def _grown(old: NDArray[_Number], count: int, shape: tuple[int, ...]) -> NDArray[_Number]:
    new = np.empty(shape, dtype=old.dtype)
    if count:
        new[:count] = old[:count]
    return new
