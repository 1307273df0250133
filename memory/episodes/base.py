"""The segmentation seam: units of one session in, the places where a new event begins out.

A scorer says how strongly each unit looks like a beginning; a segmenter cuts where it proposes to
and the limits allow.

What EM-LLM calls Bayesian surprise is surprisal. Here the names mean what they say: surprisal is
a negative log-probability, and a run-length posterior is the probability of a change point.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Unit:
    """What segmentation sees of a turn (or sentence)."""

    id: str
    vector: Vectors
    """Unit length, shape (dimension,); zeros of any shape while there is no embedding."""
    time: datetime | None
    tokens: int
    text: str
    speaker: str


def stacked(units: Sequence[Unit]) -> Floats:
    """The vectors of the units, shape (units, dimension); zeros where there is no embedding."""
    dimension = max(unit.vector.size for unit in units)
    rows = np.zeros((len(units), dimension))
    for row, unit in zip(rows, units, strict=True):
        if unit.vector.size == dimension:
            row[:] = unit.vector
    return rows


@dataclass(frozen=True, slots=True)
class Cut:
    """A boundary: a new event begins at unit `index`."""

    index: int
    probability: float
    """How sure the segmenter was; 1 when the cut was forced."""
    surprise: float
    """The scorer's value at `index`, in the scorer's own unit."""
    forced: bool
    """Made by a time gap or by the size limit, whatever the scorer said."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for events whatever the scorer says."""

    least: int = 2
    """Units in an event, unless a forced cut ends it sooner."""
    tokens: int = 1024
    """Most tokens in an event, where each unit counts for at most `unit_tokens`."""
    unit_tokens: int = 256
    """An assistant's long answer counts for no more, or it would fill an event alone and be cut
    off from the question."""
    gap: timedelta = timedelta(minutes=60)
    """A longer silence always starts a new event, and so does a clock that runs backwards."""

    def forces(self, before: Unit, after: Unit, *, held: int) -> bool:
        """Whether a new event must begin at `after`, when the open one counts `held` tokens."""
        return held + self.counted(after) > self.tokens or self.silent(before, after)

    def counted(self, unit: Unit) -> int:
        """How many tokens a unit adds to the size of its event."""
        return min(unit.tokens, self.unit_tokens)

    def silent(self, before: Unit, after: Unit) -> bool:
        """Whether the time between two units alone forces a boundary."""
        if before.time is None or after.time is None:
            return False
        return not timedelta(0) <= after.time - before.time <= self.gap


class Segmenter(Protocol):
    """Cuts one session's units into events.

    `cut` is a pure function. Feeding it a longer tail of the same session later, with `opened`
    moved to the last cut, gives exactly the cuts that one call over everything would have given.
    """

    @property
    def lookback(self) -> int:
        """How many units before the open event it wants to see."""
        ...

    def cut(self, units: Sequence[Unit], *, opened: int = 0, seen: int = 0) -> list[Cut]:
        """The decided boundaries after `opened`, the index of the open event's first unit.

        `units` runs from `lookback` units before the open event (or the session's start)
        through the newest unit. A boundary is decided once the unit after it is there; a
        forced one at once. With the first `seen` of these units alone there was none: what
        that call looked at need not be looked at again.
        """
        ...


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
