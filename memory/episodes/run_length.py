"""Run-length posterior: Bayesian online change-point detection over turn embeddings.

Adams & MacKay, "Bayesian Online Changepoint Detection" (2007), with a Gaussian topic mean that
is integrated out, so that a segment's evidence needs only the Gram matrix of its vectors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.episodes.base import Unit
from knowhen.memory.episodes.scorers import Surprise

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RunLengthScorer:
    """P(a new event began one unit ago | everything up to now), with one unit of delay.

    Vectors of a topic scatter around its mean: `e ~ N(mean, s2 I)`, `mean ~ N(0, t2 I)`. For
    unit vectors `s2 + t2 = 1 / d`, so the share `cohesion = t2 / (s2 + t2)`, the expected cosine
    inside a topic, is all there is to set, next to the number of dimensions that really vary.
    """

    cohesion: float = 0.25
    dimensions: float = 60.0
    """Effective number of independent dimensions; far fewer than an embedding has."""
    hazard: float = 1 / 6
    """Prior probability that a unit begins a new event."""
    lookback: int = 0

    def score(self, units: Sequence[Unit], *, opened: int) -> Surprise:
        vectors = np.stack([unit.vector for unit in units[opened:]]).astype(np.float64)
        evidence = self._evidence(vectors @ vectors.T)
        return Surprise.after(opened, self._posterior(evidence))

    def _evidence(self, gram: Floats) -> Floats:
        """Log evidence of every segment [i, j) as entry (i, j), up to a constant per unit."""
        size = len(gram)
        prefix = np.zeros((size + 1, size + 1))
        prefix[1:, 1:] = gram.cumsum(0).cumsum(1)
        diagonal = np.diag(prefix)
        power = diagonal[None, :] + diagonal[:, None] - 2 * prefix  # |sum of the vectors|^2
        length = np.arange(size + 1)[None, :] - np.arange(size + 1)[:, None]
        length = np.maximum(length, 0)
        noise, spread = 1 - self.cohesion, self.cohesion
        fit = spread * power / (noise * (noise + length * spread))
        result: Floats = self.dimensions / 2 * (fit - np.log1p(length * spread / noise))
        return result

    def _posterior(self, evidence: Floats) -> Floats:
        """P(boundary at c | units up to c + 1) for every c but the first and last."""
        size = len(evidence) - 1
        start = np.full(size + 1, -np.inf)  # log P(a segment starts at i, units before i)
        start[0] = 0.0
        stay, change = np.log1p(-self.hazard), np.log(self.hazard)
        result = np.zeros(size)
        for end in range(1, size + 1):
            begins = np.arange(end)
            joint = start[:end] + evidence[:end, end] + (end - 1 - begins) * stay
            total = np.logaddexp.reduce(joint)
            start[end] = total + change
            if end >= 3:
                result[end - 2] = np.exp(joint[end - 2] - total)
        return result
