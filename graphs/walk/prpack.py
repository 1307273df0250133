"""PageRank by igraph's PRPACK, the engine that HippoRAG uses; needs the extra `graph`."""

from collections.abc import Mapping

import numpy as np

from knowhen.graphs.errors import MissingExtra
from knowhen.graphs.knowledge import KnowledgeGraph
from knowhen.graphs.walk.base import DAMPING, Ranking, ranking, seeds, spread_out

PRPACK_NOISE = 1e-15
PRPACK_ERROR = 1e-8
"""PRPACK stops at residuals of about 1e-10; this is what it keeps in practice."""


class PrpackWalk:
    """Personalized PageRank of every node by igraph; an oracle, and `--walk exact`.

    Raises:
        MissingExtra: igraph is not installed.
    """

    def __init__(self) -> None:
        try:
            import igraph
        except ImportError as error:
            raise MissingExtra("igraph", "graph") from error
        self._igraph = igraph

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
            factors, half = graph.factors(kinds), graph.adjacency.half_edges()
            size = graph.adjacency.size
            weights = half.weights if factors is None else half.weights * factors[half.kinds]
            once = (half.rows < half.columns) & (weights > 0.0)
            scores = spread_out(slots, masses, size)
            if scores.any():
                ends = np.column_stack([half.rows[once], half.columns[once]])
                net = self._igraph.Graph(n=size, edges=ends, directed=False)
                shares = net.personalized_pagerank(
                    damping=damping,
                    reset=scores.tolist(),
                    weights=weights[once].tolist(),
                    directed=False,
                    implementation="prpack",
                )
                # PRPACK leaves noise at nodes that no walker reaches.
                scores = np.where(np.array(shares) > PRPACK_NOISE, shares, 0.0)
            return ranking(graph, np.arange(size), scores, PRPACK_ERROR)
