"""The surprise seam: how strongly each unit looks like the start of a new event."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.episodes.base import Unit

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Surprise:
    """Two values for each unit: the scorer's own, and the probability of a boundary there."""

    value: Floats
    probability: Floats
    """A boundary is proposed where it reaches one half."""

    @classmethod
    def after(cls, opened: int, probability: Floats) -> "Surprise":
        """From the probabilities of the units from `opened` on; surprise in nats of log odds."""
        padded = np.concatenate([np.zeros(opened), np.round(probability, 9)])
        clipped = np.clip(padded, 1e-9, 1 - 1e-9)
        return cls(value=np.log(clipped / (1 - clipped)), probability=padded)


class SurpriseScorer(Protocol):
    @property
    def lookback(self) -> int:
        """How many units before the open event the scores depend on."""
        ...

    def score(self, units: Sequence[Unit], *, opened: int) -> Surprise:
        """Scores of all units; those after `opened` may depend only on the unit after them,
        the units before them, and `opened`. The last unit's score is never used."""
        ...
