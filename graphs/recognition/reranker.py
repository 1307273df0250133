"""Recognition by a reranker: any function that scores texts against a query."""

import logging
import math
from collections.abc import Callable, Sequence

from knowhen.graphs.errors import KnowhenError
from knowhen.graphs.facts import Fact
from knowhen.graphs.recognition.base import Recognition, RecognitionFailed, keep_all

logger = logging.getLogger(__name__)

Score = Callable[[str, Sequence[str]], Sequence[float]]
"""(query, texts) to one score per text, larger being better."""


class RerankRecogniser:
    """Keeps the facts that the reranker scores at least `threshold`.

    Args:
        score: the reranker; it raises a `KnowhenError` if it fails.
        limit: at most this many facts are kept, the best.
    """

    def __init__(self, score: Score, *, threshold: float, limit: int | None = None) -> None:
        self._score, self._threshold, self._limit = score, threshold, limit
        self.calls = 0
        self.fallbacks = 0

    def recognise(self, query: str, facts: Sequence[Fact]) -> Recognition:
        if not facts:
            return Recognition(())
        self.calls += 1
        try:
            scores = [float(score) for score in self._score(query, [fact.text for fact in facts])]
            if len(scores) != len(facts) or not all(map(math.isfinite, scores)):
                raise RecognitionFailed(f"{len(facts)} facts got the scores {scores!r}")
        except KnowhenError as error:
            self.fallbacks += 1
            logger.warning("recognition fell back to all %d facts: %s", len(facts), error)
            return keep_all(facts, f"{type(error).__name__}: {error}")
        best = sorted(range(len(facts)), key=lambda place: (-scores[place], place))[: self._limit]
        return Recognition(
            tuple(sorted(place for place in best if scores[place] >= self._threshold))
        )
