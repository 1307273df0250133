"""The Gaussian topic model: how well a run of turns is explained by one topic.

Vectors of a topic scatter around its mean: `e ~ N(m, s2 I)` and `m ~ N(0, t2 I)`. Unit vectors
have `s2 + t2 = 1 / d`, so all there is to set is the share `cohesion = t2 / (s2 + t2)`, the
number of dimensions that vary independently, and the cosine of unrelated turns, which is taken
off every cosine. The mean is integrated out, so a segment's evidence is a function of its length
and of the length of its vectors' sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowhen.memory.episodes.base import Floats, Unit, stacked


@dataclass(frozen=True, slots=True)
class TopicModel:
    unrelated: float
    """Cosine of two turns about different things."""
    cohesion: float
    """Cosine of two turns about the same thing, beyond `unrelated`."""
    dimensions: float
    """Effective number of independent dimensions; far fewer than an embedding has."""

    def evidence(self, units: Sequence[Unit]) -> Floats:
        """Log evidence of every segment [i, j) at (i, j), over that of unrelated turns.

        Shape (units + 1, units + 1); entries with j <= i mean nothing.
        """
        vectors = stacked(units)
        known = (vectors != 0).any(axis=1).astype(np.float64)  # no embedding tells nothing
        size = len(vectors)
        prefix = np.zeros((size + 1, size + 1))
        cosines = vectors @ vectors.T - self.unrelated * np.outer(known, known)
        prefix[1:, 1:] = cosines.cumsum(0).cumsum(1)
        diagonal = np.diag(prefix)
        power = diagonal[None, :] + diagonal[:, None] - 2 * prefix
        counted = np.concatenate([[0.0], np.cumsum(known)])
        return self.segment(power, np.abs(counted[None, :] - counted[:, None]))

    def segment(self, power: Floats, length: Floats) -> Floats:
        """Log evidence of segments by `power`, the squared length of the sum of their vectors."""
        noise = 1 - self.cohesion
        grown = noise + length * self.cohesion
        fit = self.cohesion * power / (noise * grown)
        result: Floats = self.dimensions / 2 * (fit - np.log(grown / noise))
        return result
