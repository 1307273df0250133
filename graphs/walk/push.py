"""Local push: PageRank whose cost depends on the restart and the tolerance, not on the graph.

Andersen, Chung and Lang, "Local Graph Partitioning using PageRank Vectors" (2006), section 3,
with all nodes above the threshold pushed together, round by round.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import local

import numpy as np
from numpy.typing import NDArray

from knowhen.graphs.adjacency import Adjacency, Slots, Weights
from knowhen.graphs.errors import InvalidInput
from knowhen.graphs.knowledge import KnowledgeGraph
from knowhen.graphs.walk.base import DAMPING, Ranking, ranking, seeds

TOLERANCE = 1.5e-5
"""A node is pushed while its unsettled mass is above this for each of its edges."""


class PushWalk:
    """Personalized PageRank by local push: near the restart, and as near as the tolerance asks.

    Args:
        tolerance: at most this much mass for each edge of a node is left unsettled, so that a
            walk costs at most 1 / (tolerance x (1 - damping)) edges. The mass left over is
            counted where it lies, and the ranking's `error` is a bound made of it.

    Raises:
        InvalidInput: the tolerance is not a positive number.
    """

    def __init__(self, tolerance: float = TOLERANCE) -> None:
        if not tolerance > 0.0:
            raise InvalidInput(f"the tolerance of a walk must be positive, not {tolerance!r}")
        self.tolerance = tolerance

    def rank(
        self,
        graph: KnowledgeGraph,
        restart: Mapping[str, float],
        *,
        damping: float = DAMPING,
        kinds: Mapping[str, float] | None = None,
    ) -> Ranking:
        with graph.lock:
            start, masses = seeds(graph, restart, damping)
            push = _Push(graph.adjacency, graph.factors(kinds), _SCRATCH, self.tolerance)
            try:
                slots, scores, error = push.run(start, masses, damping)
            except BaseException:
                _SCRATCH.drop()  # an interrupted walk has not zeroed what it touched
                raise
            return ranking(graph, slots, scores, error)


class _Scratch(local):
    """Zeroed arrays as long as the graph, one set per thread; each walk zeroes what it touched."""

    def __init__(self) -> None:
        self.drop()

    def drop(self) -> None:
        self.settled: Weights = np.zeros(0)
        self.residue: Weights = np.zeros(0)
        self.mark: Slots = np.zeros(0, np.int64)

    def reserve(self, size: int) -> None:
        if len(self.mark) < size:
            room = size + size // 4
            self.settled, self.residue = np.zeros(room), np.zeros(room)
            self.mark = np.zeros(room, np.int64)


_SCRATCH = _Scratch()


@dataclass(frozen=True, slots=True)
class _Push:
    """One walk over one state of the graph."""

    lists: Adjacency
    factors: Weights | None
    scratch: _Scratch
    tolerance: float

    def run(self, start: Slots, masses: Weights, damping: float) -> tuple[Slots, Weights, float]:
        """The slots reached, their scores, and the bound on the error."""
        self.scratch.reserve(self.lists.size)
        settled, residue = self.scratch.settled, self.scratch.residue
        np.add.at(residue, start, masses)
        touched = [self._distinct(start)]
        stuck = touched[0][self._strengths(touched[0]) <= 0.0]
        mass_stuck = float(residue[stuck].sum())
        settled[stuck] = (1.0 - damping) * residue[stuck]
        residue[stuck] = 0.0
        frontier = self._above(touched[0])
        while frontier.size:
            touched.append(self._spread(frontier, damping))
            frontier = self._above(touched[-1])
        slots = self._distinct(np.concatenate(touched))
        left = residue[slots]
        # A walker who is stuck restarts, so everything grows by the mass that comes round.
        growth = 1.0 / (1.0 - damping * mass_stuck)
        scores = growth * (settled[slots] + left)
        settled[slots] = residue[slots] = 0.0
        # |exact - scores| <= sum over v of left(v) |PPR(v) - e(v)|, and PPR(v)(v) >= 1 - damping.
        return slots, scores, growth * 2.0 * damping * float(left.sum())

    def _spread(self, frontier: Slots, damping: float) -> Slots:
        """Settle part of the mass of the frontier and give the rest to its neighbours."""
        settled, residue = self.scratch.settled, self.scratch.residue
        mass = residue[frontier]
        residue[frontier] = 0.0
        settled[frontier] += (1.0 - damping) * mass
        which, at = self.lists.gather(frontier)
        weights, columns = self.lists.weights[at], self.lists.columns[at]
        if self.factors is not None:
            weights *= self.factors[self.lists.kinds[at]]
        np.add.at(residue, columns, (damping * mass / self._strengths(frontier))[which] * weights)
        return self._distinct(columns)

    def _above(self, slots: Slots) -> Slots:
        return slots[self.scratch.residue[slots] > self.tolerance * self.lists.length[slots]]

    def _strengths(self, slots: Slots) -> Weights:
        return self.lists.strengths(slots, self.factors)

    def _distinct(self, slots: NDArray[np.int32] | Slots) -> Slots:
        """Each slot once, without sorting."""
        mark, order = self.scratch.mark, np.arange(len(slots))
        mark[slots] = order
        distinct: Slots = slots[mark[slots] == order]
        return distinct
