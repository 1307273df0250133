"""Window contrast: how different the next turns are from the last ones (one turn ahead)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowhen.memory.episodes.base import Floats, Unit, stacked
from knowhen.memory.episodes.scorers import Surprise
from knowhen.memory.episodes.thresholds import Threshold

AHEAD = 2


@dataclass(frozen=True, slots=True)
class WindowScorer:
    """One minus the cosine of the mean of `width` units before and of the two from here on."""

    threshold: Threshold
    width: int = 2

    @property
    def lookback(self) -> int:
        return self.width + self.threshold.lookback

    def score(self, units: Sequence[Unit], *, opened: int) -> Surprise:
        del opened  # the window may reach back over the last boundary
        vectors = stacked(units)
        return self.threshold.apply(np.round(contrast(vectors, self.width), 9))


def contrast(vectors: Floats, width: int = 2) -> Floats:
    """One minus the cosine of the two sides of each unit; the first has none (nan)."""
    size = len(vectors)
    sums = np.vstack([np.zeros(vectors.shape[1]), np.cumsum(vectors, axis=0)])
    here = np.arange(size)
    before = sums[here] - sums[np.maximum(0, here - width)]
    after = sums[np.minimum(size, here + AHEAD)] - sums[here]
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    result: Floats = 1 - np.einsum("ij,ij->i", before, after) / np.maximum(lengths, 1e-12)
    result[0] = np.nan
    return result
