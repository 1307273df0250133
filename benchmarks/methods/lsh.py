"""Locality-sensitive hashing as in Think-in-Memory, made to find what it should.

TiM hashes a thought to one of b buckets of one table by F(x) = argmax([xR; -xR]) with a Gaussian
R of shape (dimension, b / 2), and searches that bucket only. A neighbour at cosine .8 is then
missed more often than not. Here several tables with several rotations each are probed at several
buckets, and the candidates are ranked by their exact cosine.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LshSettings:
    """The defaults find .99 of the neighbours at cosine .8 and scan 7 % of 100,000 vectors."""

    tables: int = 6
    buckets: int = 256
    """Buckets of one table, TiM's b: twice the number of random directions."""
    probes: int = 3
    """Nearest buckets looked into, in each table."""
    exact_below: int = 20_000
    """Up to this many vectors all are compared: that misses nothing and needs no tables, whose
    making costs about 100 to 500 such comparisons of all (`benchmarks/thoughts.py`)."""
    seed: int = 7


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Rows of the nearest vectors and their cosines, best first, and how many were compared."""

    rows: Integers
    cosines: Vectors
    scanned: int


class LshIndex:
    """Nearest unit vectors by hashing, with exact ranking and exact search where that is better.

    Rows are numbered in the order in which they were added. Not safe for threads.
    """

    def __init__(self, dimension: int, settings: LshSettings | None = None) -> None:
        self.settings = settings or LshSettings()
        rng = np.random.default_rng(self.settings.seed)
        shape = (dimension, self.settings.tables, self.settings.buckets // 2)
        self._directions: Vectors = rng.standard_normal(shape).astype(np.float32)
        self._vectors: Vectors = np.zeros((0, dimension), np.float32)
        self._order: list[Integers] = []
        self._starts: list[Integers] = []
        self._indexed = 0

    def __len__(self) -> int:
        return len(self._vectors)

    def add(self, vectors: Vectors) -> None:
        """Add unit vectors, shape (n, dimension); the tables take them in at the next search."""
        self._vectors = np.concatenate([self._vectors, np.asarray(vectors, np.float32)])

    def search(self, vector: Vectors, limit: int) -> Neighbours:
        """The `limit` nearest to a unit vector, shape (dimension,).

        Falls back to comparing all when there are few, or when fewer candidates than `limit`
        share a bucket with it.
        """
        if len(self) > self.settings.exact_below:
            candidates = self.candidates(vector)
            if len(candidates) >= limit:
                return self._ranked(vector, candidates, limit)
        return self._ranked(vector, None, limit)

    def candidates(self, vector: Vectors) -> Integers:
        """Rows that share a probed bucket with the vector, ascending: blocking for pairs."""
        self._hash_new()
        buckets = self._nearest_buckets(vector[None, :], self.settings.probes)[0]
        found = [
            self._order[table][self._starts[table][bucket] : self._starts[table][bucket + 1]]
            for table in range(self.settings.tables)
            for bucket in buckets[table]
        ]
        seen = np.zeros(len(self), np.bool_)
        for rows in found:
            seen[rows] = True
        return np.flatnonzero(seen)

    def _ranked(self, vector: Vectors, rows: Integers | None, limit: int) -> Neighbours:
        compared = self._vectors if rows is None else self._vectors[rows]
        cosines = compared @ np.asarray(vector, np.float32)
        count = min(limit, len(cosines))
        if count == 0:
            return Neighbours(np.zeros(0, np.int64), np.zeros(0, np.float32), len(cosines))
        best = np.argpartition(-cosines, count - 1)[:count]
        best = best[np.lexsort((best, -cosines[best]))]
        return Neighbours(best if rows is None else rows[best], cosines[best], len(cosines))

    def _hash_new(self) -> None:
        """Sort all rows by bucket, table by table, if any are new."""
        if self._indexed == len(self):
            return
        hashes = np.concatenate(
            [
                self._nearest_buckets(self._vectors[start : start + 8192], 1)[:, :, 0]
                for start in range(0, len(self), 8192)
            ]
        )
        self._order = [np.argsort(column, kind="stable") for column in hashes.T]
        edges = np.arange(self.settings.buckets + 1)
        self._starts = [
            np.searchsorted(column[order], edges)
            for column, order in zip(hashes.T, self._order, strict=True)
        ]
        self._indexed = len(self)

    def _nearest_buckets(self, vectors: Vectors, count: int) -> Integers:
        """The `count` best buckets in each table, shape (n, tables, count)."""
        _, tables, half = self._directions.shape
        flat = self._directions.reshape(len(self._directions), tables * half)
        projected = (vectors @ flat).reshape(len(vectors), tables, half)
        scores = np.concatenate([projected, -projected], axis=2)
        if count == 1:
            return np.asarray(scores.argmax(axis=2)[:, :, None])
        return np.asarray(np.argpartition(-scores, count - 1, axis=2)[:, :, :count])


def similar_pairs(
    vectors: Vectors, *, least: float = 0.9, settings: LshSettings | None = None
) -> list[tuple[int, int, float]]:
    """Pairs of rows with a cosine of at least `least`, first row first, best pair first.

    Hashing is the blocking: only rows that share a bucket are compared, so that looking for
    duplicates and contradictions among n thoughts does not take n * n comparisons.
    """
    index = LshIndex(vectors.shape[1], settings)
    index.add(vectors)
    everything = np.arange(len(index))
    blocked = len(index) > index.settings.exact_below
    pairs: list[tuple[int, int, float]] = []
    for row, vector in enumerate(np.asarray(vectors, np.float32)):
        others = index.candidates(vector) if blocked else everything
        others = others[others > row]
        cosines = vectors[others] @ vector
        pairs.extend(
            (row, int(others[i]), float(cosines[i])) for i in np.flatnonzero(cosines >= least)
        )
    return sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))
