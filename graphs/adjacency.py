"""Adjacency lists in a few flat arrays: as quick to walk as a CSR matrix, cheap to change.

Every node owns a run of half-edges in a common pool and some free room behind it. A run that is
full moves to the end of the pool with twice the room, so adding an edge costs amortised O(1)
plus one look through the run, whatever the size of the graph; nothing is ever recompiled.
"""

from copy import copy
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Slots = NDArray[np.int64]
Weights = NDArray[np.float64]
Number = TypeVar("Number", bound=np.generic)

UNIT = 2.0**-32
"""Weights are multiples of this, so that sums below 2**21 are exact in any order."""

REBUILD_SHARE = 0.25
"""A batch of more edges than this share of the graph is sorted in, not added edge by edge."""


def quantise(weights: Weights) -> Weights:
    """The nearest multiples of UNIT above zero."""
    return np.maximum(np.rint(weights / UNIT), 1.0) * UNIT


class HalfEdges(NamedTuple):
    """Half-edges in rows: each undirected edge stands in it twice."""

    rows: Slots
    columns: Slots
    kinds: NDArray[np.int64]
    weights: Weights


class Adjacency:
    """Undirected weighted edges between node slots 0, 1, 2 ..., each of a numbered kind."""

    def __init__(self) -> None:
        self.size = 0
        """Number of slots in use or used before; every slot is below it."""
        self.start: Slots = np.zeros(0, np.int64)
        self.length: Slots = np.zeros(0, np.int64)
        self._room: Slots = np.zeros(0, np.int64)
        self.strength: Weights = np.zeros((0, 1))
        """Summed weight per node and kind, shape (capacity, kinds)."""
        self.columns: NDArray[np.int32] = np.zeros(0, np.int32)
        self.weights: Weights = np.zeros(0)
        self.kinds: NDArray[np.uint8] = np.zeros(0, np.uint8)
        self._end = 0
        self._half_edges = 0

    @property
    def edges(self) -> int:
        return self._half_edges // 2

    def copy(self) -> "Adjacency":
        """The same edges in arrays of their own."""
        twin = copy(self)
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                setattr(twin, name, value.copy())
        return twin

    def reserve(self, nodes: int, kinds: int) -> None:
        """Make room for `nodes` slots and `kinds` kinds of edges."""
        capacity, known = self.strength.shape
        if nodes > capacity or kinds > known:
            rows = max(nodes, int(capacity * 1.5) + 8) if nodes > capacity else capacity
            strength = np.zeros((rows, max(kinds, known)))
            strength[:capacity, :known] = self.strength
            self.strength = strength
            self.start = grown(self.start, rows)
            self.length = grown(self.length, rows)
            self._room = grown(self._room, rows)
        self.size = max(self.size, nodes)

    def add(self, sources: Slots, targets: Slots, kinds: Slots, weights: Weights) -> None:
        """Add to many edges at once; negative weights take away.

        A batch that is large beside the graph is sorted in with it.
        """
        if len(sources) > 64 + REBUILD_SHARE * self.edges:
            old = self.half_edges()
            self.rebuild(
                HalfEdges(
                    np.concatenate([old.rows, sources, targets]),
                    np.concatenate([old.columns, targets, sources]),
                    np.concatenate([old.kinds, kinds, kinds]),
                    np.concatenate([old.weights, weights, weights]),
                )
            )
            return
        for edge in zip(
            sources.tolist(), targets.tolist(), kinds.tolist(), weights.tolist(), strict=True
        ):
            self.bump(*edge)

    def bump(self, source: int, target: int, kind: int, weight: float) -> None:
        """Add `weight` (negative to take away) to the edge; at exactly zero the edge goes."""
        for row, column in ((source, target), (target, source)):
            self._bump(row, column, kind, weight)
            self.strength[row, kind] += weight

    def _bump(self, row: int, column: int, kind: int, weight: float) -> None:
        start, length = int(self.start[row]), int(self.length[row])
        run = slice(start, start + length)
        found = np.flatnonzero((self.columns[run] == column) & (self.kinds[run] == kind))
        if not found.size:
            self._append(row, column, kind, weight)
            return
        at = start + int(found[0])
        self.weights[at] += weight
        if self.weights[at] == 0.0:
            last = start + length - 1
            for array in (self.columns, self.kinds, self.weights):
                array[at] = array[last]
            self.length[row] -= 1
            self._half_edges -= 1

    def _append(self, row: int, column: int, kind: int, weight: float) -> None:
        if self.length[row] == self._room[row]:
            self._move(row)
        at = int(self.start[row] + self.length[row])
        self.columns[at], self.kinds[at], self.weights[at] = column, kind, weight
        self.length[row] += 1
        self._half_edges += 1

    def _move(self, row: int) -> None:
        """Give a full run twice the room, at the end of the pool."""
        start, length = int(self.start[row]), int(self.length[row])
        room = max(4, 2 * length)
        if self._end + room > len(self.columns):
            if self._end > 4 * self._half_edges + 1024:
                self.rebuild(self.half_edges())
                self._move(row)
                return
            pool = int((self._end + room) * 1.5)
            self.columns = grown(self.columns, pool)
            self.kinds = grown(self.kinds, pool)
            self.weights = grown(self.weights, pool)
        end = self._end
        for array in (self.columns, self.kinds, self.weights):
            array[end : end + length] = array[start : start + length]
        self.start[row], self._room[row] = end, room
        self._end += room

    def half_edges(self) -> HalfEdges:
        """A copy of every half-edge, ordered by row."""
        rows, at = self.gather(np.arange(self.size))
        return HalfEdges(
            rows,
            self.columns[at].astype(np.int64),
            self.kinds[at].astype(np.int64),
            self.weights[at],
        )

    def gather(self, rows: Slots) -> tuple[Slots, Slots]:
        """For each half-edge of `rows`: its row's place in `rows`, and its own in the pool."""
        lengths = self.length[rows]
        before = np.cumsum(lengths) - lengths
        at = np.repeat(self.start[rows] - before, lengths)
        at += np.arange(len(at))
        return np.repeat(np.arange(len(rows)), lengths), at

    def strengths(self, rows: Slots, factors: Weights | None = None) -> Weights:
        """Summed weight of the edges of each of `rows`, each kind times its factor."""
        strength = self.strength[rows]
        return strength.sum(axis=1) if factors is None else strength @ factors

    def rebuild(self, half: HalfEdges) -> None:
        """Lay out all edges anew, adding up parallel ones of a kind, in O(edges log edges)."""
        order = np.lexsort((half.kinds, half.columns, half.rows))
        rows, columns, kinds, weights = (array[order] for array in half)
        first = np.ones(len(rows), bool)
        first[1:] = (
            (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1]) | (kinds[1:] != kinds[:-1])
        )
        heads = np.flatnonzero(first)
        if heads.size:
            weights = np.add.reduceat(weights, heads)
        heads = heads[weights != 0.0]
        rows, columns, kinds, weights = (
            rows[heads],
            columns[heads],
            kinds[heads],
            weights[weights != 0.0],
        )
        length = np.bincount(rows, minlength=len(self.start)).astype(np.int64)
        self.length, self._room = length, length.copy()
        self.start = np.cumsum(length) - length
        self.columns, self.kinds = columns.astype(np.int32), kinds.astype(np.uint8)
        self.weights = weights
        self._end = self._half_edges = len(rows)
        self.strength = np.zeros_like(self.strength)
        np.add.at(self.strength, (rows, kinds), weights)


def grown(array: NDArray[Number], size: int) -> NDArray[Number]:
    """A copy with room for `size` values, the new ones zero."""
    grown = np.zeros(size, array.dtype)
    grown[: len(array)] = array
    return grown
