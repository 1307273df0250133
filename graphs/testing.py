"""Stand-ins for tests: a walk that goes nowhere, and a recogniser that answers as it was told."""

from collections import deque
from collections.abc import Mapping, Sequence

from knowhen.graphs.knowledge import KnowledgeGraph
from knowhen.graphs.recognition import Fact, Recognition, keep_all
from knowhen.graphs.walk import DAMPING, Ranking, ranking, seeds


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


class ScriptedRecogniser:
    """Gives the enqueued answers in turn, then keeps everything. `history` holds what it saw."""

    def __init__(self) -> None:
        self.history: list[tuple[str, tuple[Fact, ...]]] = []
        self._answers: deque[Recognition] = deque()

    def enqueue(self, *answers: Recognition) -> None:
        self._answers.extend(answers)

    def recognise(self, query: str, facts: Sequence[Fact]) -> Recognition:
        self.history.append((query, tuple(facts)))
        return self._answers.popleft() if self._answers else keep_all(facts)
