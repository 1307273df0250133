"""Surprise scorers that were measured and found no better than the run-length posterior.

`surprisal` and `bayesian-surprise` are of a Gaussian belief about the topic's mean: the belief is
`N(m, v I)`, a turn is seen as `N(mean, s2 I)`, and between turns the mean drifts, so the belief
widens (a Kalman filter with one gain for all dimensions). `window` contrasts the next turns with
the last ones. `fixed` begins an event every so many turns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from knowhen.memory.episodes.base import (
    Floats,
    Limits,
    Segmenter,
    Surprise,
    SurpriseScorer,
    Unit,
    stacked,
)
from knowhen.memory.episodes.calibration import refined, topics_for
from knowhen.memory.episodes.lm import Constant, Threshold, Trailing
from knowhen.memory.episodes.online import OnlineSegmenter
from knowhen.memory.episodes.refining import Refinement
from knowhen.memory.episodes.topics import TopicModel

# Percentiles of the values over development dialogues, measured with the shipped topic models.
_LOCAL: Mapping[str, Constant] = MappingProxyType(
    {
        "window": Constant(0.735, 0.153),
        "surprisal": Constant(2.56, 0.79),
        "bayesian-surprise": Constant(1.28, 0.179),
    }
)
_LEXICAL: Mapping[str, Constant] = MappingProxyType(
    {
        "window": Constant(0.985, 0.136),
        "surprisal": Constant(-1.13, 0.96),
        "bayesian-surprise": Constant(2.41, 0.225),
    }
)


def other_segmenter(
    name: str,
    *,
    embedder_name: str,
    limits: Limits,
    threshold: float | Trailing | None = None,
    refine: Refinement = "none",
    size: int = 6,
) -> Segmenter:
    """The online segmenter with one of these scorers, by its name."""
    scorer: SurpriseScorer
    if name == "fixed":
        scorer = FixedScorer(size)
    else:
        lexical = embedder_name.startswith("lexical")
        known = (_LEXICAL if lexical else _LOCAL)[name]
        rule: Threshold = known
        if isinstance(threshold, Trailing):
            rule = threshold
        elif threshold is not None:
            rule = Constant(threshold, known.spread)
        if name == "window":
            scorer = WindowScorer(rule)
        else:
            kind: Kind = "surprisal" if name == "surprisal" else "bayesian-surprise"
            scorer = BeliefScorer(kind, topics_for(embedder_name), rule)
    return refined(OnlineSegmenter(scorer, limits), refine)


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
