"""When a surprise is large: a calibrated constant for chats, trailing statistics for streams."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowhen.memory.episodes.base import Floats
from knowhen.memory.episodes.scorers import Booleans, Surprise


@dataclass(frozen=True, slots=True)
class Constant:
    """A value of the scorer that was calibrated once, such as a percentile over many chats."""

    at: float
    spread: float = 1.0
    """How far above the threshold a probability of 1 / (1 + 1/e) lies."""

    @property
    def lookback(self) -> int:
        return 0

    def apply(self, value: Floats) -> Surprise:
        return _surprise(value, (value - self.at) / self.spread)


@dataclass(frozen=True, slots=True)
class Trailing:
    """EM-LLM's rule (section 3.1, eq. 1): above mean + gamma sigma of the values before it.

    For long streams. A short chat gives it too little to go by: on 30 turns it finds hardly
    half of what a calibrated constant finds.
    """

    gamma: float = 1.0
    window: int = 64
    """Values that the statistics are taken over."""
    least: int = 8
    """Values needed before anything is proposed."""

    @property
    def lookback(self) -> int:
        return self.window

    def apply(self, value: Floats) -> Surprise:
        mean, deviation, known = _trailing(value, self.window, self.least)
        excess = np.full(len(value), -np.inf)
        np.divide(value - mean, deviation, out=excess, where=known & (deviation > 1e-6))
        return _surprise(value, excess - self.gamma)


Threshold = Constant | Trailing


def surprising_tokens(
    surprisal: Sequence[float], *, gamma: float = 1.0, window: int = 4096, least: int = 8
) -> list[int]:
    """EM-LLM's boundaries in a stream of tokens: where surprisal passes mean + gamma sigma.

    `least` tokens at least lie between two boundaries; a nearer one is merged with the next.
    """
    proposed = Trailing(gamma=gamma, window=window).apply(np.asarray(surprisal, float)).proposed
    found: list[int] = []
    for index in np.flatnonzero(proposed).tolist():
        if index - (found[-1] if found else 0) >= least:
            found.append(index)
    return found


def _trailing(value: Floats, window: int, least: int) -> tuple[Floats, Floats, Booleans]:
    """Mean and standard deviation of up to `window` finite values before each, and enough?"""
    size = len(value)
    finite = np.isfinite(value)
    kept = np.where(finite, value, 0.0)
    centre = float(kept.sum() / max(1, finite.sum()))
    shifted = np.where(finite, value - centre, 0.0)  # or the squares would cancel badly
    sums = [np.concatenate([[0.0], np.cumsum(part)]) for part in (finite, shifted, shifted**2)]
    ends = np.arange(size)
    starts = np.maximum(0, ends - window)
    count, first, second = (part[ends] - part[starts] for part in sums)
    safe = np.maximum(count, 1)
    mean = first / safe
    variance = np.maximum(second / safe - mean**2, 0.0)
    return mean + centre, np.sqrt(variance), count >= least


def _surprise(value: Floats, excess: Floats) -> Surprise:
    """Proposed where the excess over the threshold, in spreads, is not negative."""
    known: Floats = np.clip(np.nan_to_num(excess, nan=-np.inf), -700, 700).round(9)
    probability: Floats = 1 / (1 + np.exp(-known))
    return Surprise(np.nan_to_num(value), probability, known >= 0)
