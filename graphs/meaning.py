"""Vectors of names, and which of them are close: looked for among those that share a bucket.

Each vector is entered under its nearest buckets in several tables of random directions, as in
Andoni et al., "Practical and Optimal LSH for Angular Distance" (2015), with Gaussian directions.
Of MuSiQue's 16,230 names, .9985 of the pairs with a cosine of .8 or more share a bucket, which
.16 of all pairs do.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from knowhen.graphs.errors import InvalidInput

TABLES = 8
BUCKETS = 512
"""Of one table: twice the number of its random directions."""
ENTRIES = 2
"""Nearest buckets, in each table, under which a vector stands."""

_FEW = 512
"""Up to so many new vectors, one product with all is quicker than looking into buckets."""
_MARGIN = 1e-4
_SEED = 7
_ROWS = 16

Pair = tuple[str, str]
Vectors = NDArray[np.float32]
Integers = NDArray[np.int64]


class Meaning:
    """Unit vectors in one growing matrix; a name that goes leaves its row to the next.

    What is close depends on the vectors alone, never on the order or the batches they came in.
    """

    def __init__(self, cosine: float) -> None:
        self._cosine = cosine
        self._rows: dict[str, int] = {}
        self._names: list[str] = []
        self._free: list[int] = []
        self._matrix: Vectors = np.zeros((0, 0), np.float32)
        self._buckets: NDArray[np.int16] = np.zeros((0, TABLES, ENTRIES), np.int16)
        self._directions: Vectors = np.zeros((0, 0), np.float32)

    def add(self, names: Sequence[str], vectors: Vectors, pairs: dict[Pair, float]) -> None:
        """Take up names, and enter their close pairs with the cosine.

        Raises:
            InvalidInput: the vectors are of another dimension than those before.
        """
        dimension = vectors.shape[1]
        if self._rows and dimension != self._matrix.shape[1]:
            raise InvalidInput(
                f"vectors of dimension {dimension} do not fit those of dimension "
                f"{self._matrix.shape[1]}"
            )
        rows = np.array([self._place(name, dimension) for name in names], np.int64)
        self._matrix[rows] = vectors
        self._buckets[rows] = self._hashed(self._matrix[rows])
        nominated = self._among_all(rows) if len(rows) <= _FEW else self._among_buckets(rows)
        for left, right in nominated:
            for first, second, cosine in self._exact(left, right):
                pairs[first, second] = cosine

    def remove(self, name: str) -> None:
        """Forget a name; an unknown one is passed over."""
        row = self._rows.pop(name, None)
        if row is not None:
            self._matrix[row] = 0.0
            self._free.append(row)

    def _among_all(self, rows: Integers) -> Iterator[tuple[Integers, Integers]]:
        known = self._matrix[: len(self._names)]
        places, right = self._near(rows, known)
        left = rows[places]
        shared = self._buckets[left][:, :, :, None] == self._buckets[right][:, :, None, :]
        kept = shared.any(axis=(1, 2, 3)) & (left != right)
        yield left[kept], right[kept]

    def _among_buckets(self, rows: Integers) -> Iterator[tuple[Integers, Integers]]:
        fresh = np.zeros(len(self._names), np.bool_)
        fresh[rows] = True
        edges = np.arange(BUCKETS + 1)
        for table in range(TABLES):
            buckets = self._buckets[: len(self._names), table].ravel()
            order = np.argsort(buckets, kind="stable")
            starts = np.searchsorted(buckets[order], edges)
            for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
                members = order[start:end] // ENTRIES
                new = members[fresh[members]]
                left, right = self._near(new, self._matrix[members])
                kept = new[left] != members[right]
                yield new[left[kept]], members[right[kept]]

    def _near(self, rows: Integers, others: Vectors) -> tuple[Integers, Integers]:
        """Places in `rows` and in `others` of what may be close enough."""
        found = []
        for start in range(0, len(rows), _FEW):
            # Products round by their shape, so they only nominate.
            cosines = self._matrix[rows[start : start + _FEW]] @ others.T
            left, right = np.nonzero(cosines >= self._cosine - _MARGIN)
            found.append((left + start, right))
        if not found:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        lefts, rights = zip(*found, strict=True)
        return np.concatenate(lefts), np.concatenate(rights)

    def _exact(self, left: Integers, right: Integers) -> Iterator[tuple[str, str, float]]:
        for start in range(0, len(left), _FEW * 8):
            part = slice(start, start + _FEW * 8)
            first = self._matrix[left[part]].astype(np.float64)
            cosines = (first * self._matrix[right[part]]).sum(axis=1)
            for i, j, cosine in zip(
                left[part].tolist(), right[part].tolist(), cosines.tolist(), strict=True
            ):
                if cosine >= self._cosine:
                    names = self._names[i], self._names[j]
                    yield min(names), max(names), min(cosine, 1.0)

    def _hashed(self, vectors: Vectors) -> NDArray[np.int16]:
        """The nearest buckets of each vector, shape (n, tables, entries)."""
        dimension = vectors.shape[1]
        if len(self._directions) != dimension:
            shape = (dimension, TABLES * BUCKETS // 2)
            rng = np.random.default_rng(_SEED)
            self._directions = rng.standard_normal(shape).astype(np.float32)
        found = np.zeros((len(vectors), TABLES, ENTRIES), np.int16)
        for start in range(0, len(vectors), _ROWS):
            part = vectors[start : start + _ROWS]
            # Always as many rows, since products round by their shape.
            block = np.zeros((_ROWS, dimension), np.float32)
            block[: len(part)] = part
            projected = (block @ self._directions)[: len(part)].reshape(len(part), TABLES, -1)
            scores = np.concatenate([-projected, projected], axis=2)
            nearest = np.argpartition(scores, ENTRIES - 1, axis=2)[:, :, :ENTRIES]
            found[start : start + _ROWS] = nearest
        return found

    def _place(self, name: str, dimension: int) -> int:
        if self._free:
            row = self._free.pop()
            self._names[row] = name
        else:
            row = len(self._names)
            self._names.append(name)
            if row == len(self._matrix):
                self._grow(max(64, row * 3 // 2), dimension)
        self._rows[name] = row
        return row

    def _grow(self, size: int, dimension: int) -> None:
        old, buckets = self._matrix, self._buckets
        self._matrix = np.zeros((size, dimension), np.float32)
        self._matrix[: len(old)] = old if len(old) else 0.0
        self._buckets = np.zeros((size, TABLES, ENTRIES), np.int16)
        self._buckets[: len(old)] = buckets
