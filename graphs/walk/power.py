"""Power iteration: exact PageRank over the whole graph, in numpy."""

from collections.abc import Mapping

import numpy as np

from knowhen.graphs.adjacency import Weights
from knowhen.graphs.knowledge import KnowledgeGraph
from knowhen.graphs.walk.base import DAMPING, Ranking, ranking, seeds, spread_out

TOLERANCE = 1e-12


class PowerWalk:
    """Personalized PageRank of every node, iterated until the L1 error is below `tolerance`."""

    def __init__(self, tolerance: float = TOLERANCE) -> None:
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
            slots, masses = seeds(graph, restart, damping)
            matrix = _Matrix(graph, kinds)
            start = spread_out(slots, masses, matrix.size)
            scores, error = self._iterate(matrix, start, damping)
            return ranking(graph, np.arange(matrix.size), scores, error)

    def _iterate(self, matrix: "_Matrix", start: Weights, damping: float) -> tuple[Weights, float]:
        if not start.any():
            return start, 0.0
        scores, error = start, 1.0
        while error > self.tolerance:
            spread = matrix.spread(scores)
            after = damping * (spread + (1.0 - spread.sum()) * start) + (1.0 - damping) * start
            # The map contracts by `damping`, so the distance to its fixed point is at most this.
            error = float(np.abs(after - scores).sum()) * damping / (1.0 - damping)
            scores = after
        return scores / scores.sum(), error


class _Matrix:
    """The steps of a walker who never restarts; who is stuck at a node is left out."""

    def __init__(self, graph: KnowledgeGraph, kinds: Mapping[str, float] | None) -> None:
        lists, factors = graph.adjacency, graph.factors(kinds)
        half = lists.half_edges()
        self.size = lists.size
        self._rows, self._columns = half.rows, half.columns
        weights = half.weights if factors is None else half.weights * factors[half.kinds]
        strength = np.bincount(half.rows, weights, minlength=self.size)
        with np.errstate(divide="ignore", invalid="ignore"):
            self._steps = np.where(weights > 0.0, weights / strength[half.rows], 0.0)

    def spread(self, scores: Weights) -> Weights:
        flow = scores[self._rows] * self._steps
        return np.bincount(self._columns, flow, minlength=self.size).astype(np.float64, copy=False)
