"""Run-length posterior: Bayesian online change-point detection over turn embeddings.

Adams & MacKay, "Bayesian Online Changepoint Detection" (2007), read one unit late. The hazard is
a constant in their paper; here each unit has its own, moved by cues in the wording.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowhen.memory.episodes.base import Floats, Unit
from knowhen.memory.episodes.cues import CUES, Cue, cue_log_odds
from knowhen.memory.episodes.scorers import Surprise
from knowhen.memory.episodes.topics import TopicModel

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
