"""Cutting a stream into events while it grows, with one unit of delay."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from knowhen.memory.episodes.base import Cut, Limits, Surprise, SurpriseScorer, Unit

_FIRST_HORIZON = 32


@dataclass(frozen=True)
class OnlineSegmenter:
    """Opens a new event where the scorer proposes one and the limits allow it, or force it."""

    scorer: SurpriseScorer
    limits: Limits = field(default_factory=Limits)

    @property
    def lookback(self) -> int:
        return self.scorer.lookback

    def cut(self, units: Sequence[Unit], *, opened: int = 0, seen: int = 0) -> list[Cut]:
        cuts: list[Cut] = []
        while (found := self.next(units, opened=opened, seen=seen)) is not None:
            cuts.append(found)
            opened, seen = found.index, 0
        return cuts

    def next(self, units: Sequence[Unit], *, opened: int, seen: int = 0) -> Cut | None:
        """The first decided boundary after `opened`.

        Looks through a window that doubles until it holds a boundary, so that one call over a
        long stream costs about as much a unit as many calls over its tail.
        """
        begin = max(0, opened - self.lookback)
        horizon = max(_FIRST_HORIZON, 1 + seen - opened)
        while True:
            window = units[begin : opened + horizon]
            found = self._first(window, opened - begin, seen=max(0, seen - begin))
            if found is not None:
                return Cut(found.index + begin, found.probability, found.surprise, found.forced)
            if opened + horizon >= len(units):
                return None
            horizon *= 2

    def curve(self, units: Sequence[Unit]) -> tuple[list[Cut], Surprise]:
        """The cuts of a whole session, and the scores of all units that led to them."""
        cuts = self.cut(units)
        value, probability = np.zeros(len(units)), np.zeros(len(units))
        proposed = np.zeros(len(units), dtype=bool)
        starts = [0, *(cut.index for cut in cuts)]
        for opened, end in zip(starts, [*starts[1:], len(units)], strict=True):
            begin = max(0, opened - self.lookback)
            # One unit beyond the end: the boundary's own score belongs to the event it ended.
            seen = self.scorer.score(units[begin : end + 2], opened=opened - begin)
            own = slice(opened + 1, min(end + 1, len(units)))
            within = slice(opened + 1 - begin, min(end + 1, len(units)) - begin)
            value[own], probability[own] = seen.value[within], seen.probability[within]
            proposed[own] = seen.proposed[within]
        if len(units) > 1:
            value[-1] = probability[-1] = 0.0  # not decided yet
            proposed[-1] = False
        return cuts, Surprise(value, probability, proposed)

    def _first(self, units: Sequence[Unit], opened: int, *, seen: int = 0) -> Cut | None:
        if len(units) - opened < 2:
            return None
        surprise = self.scorer.score(units, opened=opened)
        first = max(opened + 1, seen)
        held = sum(map(self.limits.counted, units[opened:first]))
        for newest in range(first, len(units)):
            if self.limits.forces(units[newest - 1], units[newest], held=held):
                # Its own surprise needs the next unit, which may not have come yet.
                return Cut(newest, probability=1.0, surprise=0.0, forced=True)
            candidate = newest - 1
            if candidate - opened >= self.limits.least and surprise.proposed[candidate]:
                return _cut(candidate, surprise)
            held += self.limits.counted(units[newest])
        return None


def _cut(index: int, surprise: Surprise) -> Cut:
    probability, value = float(surprise.probability[index]), float(surprise.value[index])
    return Cut(index, probability, value, forced=False)
