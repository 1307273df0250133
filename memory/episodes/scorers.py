"""The surprise seam: how strongly each unit looks like the start of a new event.

What EM-LLM calls Bayesian surprise is surprisal. Here the names mean what they say: surprisal is
a negative log-probability, Bayesian surprise is how far a belief moves (Itti & Baldi 2009), and
a run-length posterior is the probability of a change point.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.episodes.base import Floats, Unit

Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Surprise:
    """Three values for each unit, each of shape (units,)."""

    value: Floats
    """In the scorer's own unit: nats, log odds, one minus a cosine."""
    probability: Floats
    """Of a boundary before the unit: a posterior, or a squashed distance to the threshold."""
    proposed: Booleans
    """Whether the scorer would begin a new event there."""


class SurpriseScorer(Protocol):
    @property
    def lookback(self) -> int:
        """How many units before the open event the scores depend on."""
        ...

    def score(self, units: Sequence[Unit], *, opened: int) -> Surprise:
        """Scores of all units, of which those up to `opened` are never used.

        A score may depend only on `opened`, on the units before it, and on one unit after it;
        so the last unit's is not used either.
        """
        ...
