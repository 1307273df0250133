"""A recogniser for tests that answers as it was told to."""

from collections import deque
from collections.abc import Sequence

from knowhen.graphs.facts import Fact
from knowhen.graphs.recognition.base import Recognition, keep_all


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
