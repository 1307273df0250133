"""The topic model, and the run-length posterior that is made of it: the scorer `bocpd`.

Vectors of a topic scatter around its mean: `e ~ N(m, s2 I)` and `m ~ N(0, t2 I)`. Unit vectors
have `s2 + t2 = 1 / d`, so all there is to set is the share `cohesion = t2 / (s2 + t2)`, the
number of dimensions that vary independently, and the cosine of unrelated turns, which is taken
off every cosine. The mean is integrated out, so a segment's evidence is a function of its length
and of the length of its vectors' sum.

The posterior is that of Adams & MacKay, "Bayesian Online Changepoint Detection" (2007), read one
unit late. The hazard is a constant in their paper; here each unit has its own, moved by cues in
the wording.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowhen.memory.episodes.base import Floats, Surprise, Unit, stacked
from knowhen.memory.episodes.cues import CUES, Cue, cue_log_odds


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


HAZARD = 0.2
"""Prior probability that a unit begins a new event."""

THRESHOLD = 0.28
"""Posterior probability at which it is worth cutting. A threshold of half the best F1 maximises
F1 (Lipton et al. 2014, theorem 1), and the exact turn of a change is seldom certain."""


@dataclass(frozen=True, slots=True)
class RunLengthScorer:
    """P(a new event began with this unit | everything up to the unit after it)."""

    topics: TopicModel
    hazard: float = HAZARD
    threshold: float = THRESHOLD
    cues: tuple[Cue, ...] = CUES

    @property
    def lookback(self) -> int:
        return 0  # an event is known to begin with the open one's first unit

    def score(self, units: Sequence[Unit], *, opened: int) -> Surprise:
        evidence = self.topics.evidence(units[opened:])
        begin, stay = hazards(cue_log_odds(units[opened:], self.cues), self.hazard)
        posterior = np.concatenate([np.zeros(opened), _posterior(evidence, begin, stay)])
        posterior = np.round(posterior, 9)  # so that a tie does not hang on the order of sums
        inside = np.clip(posterior, 1e-9, 1 - 1e-9)
        return Surprise(np.log(inside / (1 - inside)), posterior, posterior >= self.threshold)


def hazards(log_odds: Floats, hazard: float) -> tuple[Floats, Floats]:
    """Log prior that an event begins with each unit, and that it does not."""
    moved = log_odds + np.log(hazard / (1 - hazard))
    return -np.logaddexp(0, -moved), -np.logaddexp(0, moved)


def _posterior(evidence: Floats, begin: Floats, stay: Floats) -> Floats:
    """P(the last run began at c | units up to c + 1), for every c from the second on."""
    size = len(evidence) - 1
    stayed = np.concatenate([[0.0], np.cumsum(stay)])
    segment = evidence[:size] + stayed[None, :] - stayed[1:, None]
    start = np.full(size, -np.inf)  # log P(a segment starts at i, units before i)
    start[0] = 0.0
    result = np.zeros(size)
    for end in range(1, size + 1):
        joint = start[:end] + segment[:end, end]
        highest = joint.max()
        total = highest + np.log(np.exp(joint - highest).sum())
        if end < size:
            start[end] = total + begin[end]
        if end >= 3:
            result[end - 2] = np.exp(joint[end - 2] - total)
    return result
