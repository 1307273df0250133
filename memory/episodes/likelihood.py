"""Token surprisal of turns: how little a language model expected what was said."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np

from knowhen.memory.episodes.base import Unit
from knowhen.memory.episodes.scorers import Surprise
from knowhen.memory.episodes.thresholds import Threshold, Trailing


class Likelihood(Protocol):
    """A language model that tells how likely a text is."""

    def surprisal(self, text: str, *, context: str) -> float:
        """Mean -log p of the text's tokens after the context, in nats; nan if it has none.

        The mean, not the sum: else long turns would always surprise.
        """
        ...


class TokenScorer:
    """Mean token surprisal of each turn after the turns before it.

    With `relative`, less its surprisal without them, which is minus its pointwise mutual
    information with the context: rare words alone then surprise nobody. That takes a second
    pass over each turn.
    """

    def __init__(
        self,
        likelihood: Likelihood,
        *,
        threshold: Threshold | None = None,
        context: int = 8,
        relative: bool = False,
    ) -> None:
        self._threshold = threshold or Trailing()
        self._context = context
        self._relative = relative
        # An open event is scored again with each new turn; the model need not run again.
        self._surprisal = lru_cache(maxsize=8192)(
            lambda text, before: likelihood.surprisal(text, context=before)
        )

    @property
    def lookback(self) -> int:
        return self._context + self._threshold.lookback

    def score(self, units: Sequence[Unit], *, opened: int) -> Surprise:
        values = np.full(len(units), np.nan)
        # The first units seen lack a part of their context, unless the session began with them.
        begin = self._context if opened >= self.lookback else 1
        for index in range(begin, len(units) - 1):
            before = "\n".join(_line(unit) for unit in units[max(0, index - self._context) : index])
            values[index] = self._value(_line(units[index]), before)
        return self._threshold.apply(np.round(values, 9))

    def _value(self, text: str, before: str) -> float:
        given = self._surprisal(text, before)
        return given - self._surprisal(text, "") if self._relative else given


def _line(unit: Unit) -> str:
    return f"{unit.speaker}: {unit.text}" if unit.speaker else unit.text
