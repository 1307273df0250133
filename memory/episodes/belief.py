"""Surprise of a Gaussian belief about the topic: predictive surprisal and Bayesian surprise.

The belief about the topic's mean is `N(m, v I)` and a turn is seen as `N(mean, s2 I)`; between
turns the mean drifts, so the belief widens (a Kalman filter with one gain for all dimensions).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from knowhen.memory.episodes.base import Floats, Unit, stacked
from knowhen.memory.episodes.scorers import Surprise
from knowhen.memory.episodes.thresholds import Threshold
from knowhen.memory.episodes.topics import TopicModel

Kind = Literal["surprisal", "bayesian-surprise"]

MEMORY = 16
"""Turns before the open event that the belief is formed from."""

DRIFT = 0.05
"""Variance that the belief gains between turns, as a share of the noise."""


@dataclass(frozen=True, slots=True)
class BeliefScorer:
    """`surprisal`: -log p(turn | turns before it), in nats.

    `bayesian-surprise`: KL(belief after the turn | belief before it), in nats. With these fixed
    variances the two rank turns alike; they differ while the belief is still forming.
    """

    kind: Kind
    topics: TopicModel
    threshold: Threshold

    @property
    def lookback(self) -> int:
        return MEMORY + self.threshold.lookback

    def score(self, units: Sequence[Unit], *, opened: int) -> Surprise:
        del opened  # a boundary does not wipe the belief: it only widens with time
        vectors = stacked(units)
        return self.threshold.apply(np.round(belief_surprise(vectors, self.kind, self.topics), 9))


def belief_surprise(vectors: Floats, kind: Kind, topics: TopicModel) -> Floats:
    """Surprise at each vector, in nats; the first has none (nan)."""
    dimensions = topics.dimensions
    noise = (1 - topics.cohesion) / dimensions
    mean, variance = np.zeros(vectors.shape[1]), topics.cohesion / dimensions
    result = np.full(len(vectors), np.nan)
    for index, vector in enumerate(vectors):
        error = vector - mean
        distance = float(error @ error)
        spread = variance + noise
        gain = variance / spread
        if index and kind == "surprisal":
            normaliser = dimensions * np.log(2 * np.pi * spread)
            result[index] = (normaliser + distance / spread) / 2
        elif index:
            result[index] = _divergence(gain, gain**2 * distance / variance, dimensions)
        mean = mean + gain * error
        variance = (1 - gain) * variance + DRIFT * noise
    return result


def _divergence(gain: float, moved: float, dimensions: float) -> float:
    """KL of N(m', (1 - gain) v I) from N(m, v I), with `moved` = |m' - m|^2 / v."""
    kept = 1 - gain
    return float((dimensions * (kept - 1 - np.log(kept)) + moved) / 2)
