"""A walk for tests: it goes nowhere, and remembers what it was asked."""

from collections.abc import Mapping

from knowhen.graphs.knowledge import KnowledgeGraph
from knowhen.graphs.walk.base import DAMPING, Ranking, ranking, seeds


class StandingWalk:
    """Ranks the restart itself. `history` holds every restart it was given."""

    def __init__(self) -> None:
        self.history: list[dict[str, float]] = []

    def rank(
        self,
        graph: KnowledgeGraph,
        restart: Mapping[str, float],
        *,
        damping: float = DAMPING,
        kinds: Mapping[str, float] | None = None,
    ) -> Ranking:
        self.history.append(dict(restart))
        with graph.lock:
            graph.factors(kinds)
            return ranking(graph, *seeds(graph, restart, damping))
