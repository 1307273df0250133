"""Events of a fixed number of units: the baseline, and the fake for tests."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowhen.memory.episodes.base import Limits, Unit
from knowhen.memory.episodes.online import OnlineSegmenter
from knowhen.memory.episodes.scorers import Surprise


@dataclass(frozen=True, slots=True)
class FixedScorer:
    """Proposes a boundary every `size` units."""

    size: int = 6

    @property
    def lookback(self) -> int:
        return 0

    def score(self, units: Sequence[Unit], *, opened: int) -> Surprise:
        since = np.arange(len(units)) - opened
        proposed = (since > 0) & (since % self.size == 0)
        return Surprise(proposed.astype(np.float64), proposed.astype(np.float64), proposed)


class FixedSegmenter(OnlineSegmenter):
    """Cuts every `size` units, whatever they say."""

    def __init__(self, size: int = 6, limits: Limits | None = None) -> None:
        super().__init__(FixedScorer(size), limits or Limits())
