"""Cutting a stream into events while it grows, with one unit of delay."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from knowhen.memory.episodes.base import Cut, Limits, Unit
from knowhen.memory.episodes.scorers import Surprise, SurpriseScorer

FIRST_HORIZON = 32


@dataclass(frozen=True, slots=True)
class OnlineSegmenter:
    """Opens a new event where a scorer proposes one and the limits allow or force it."""

    scorer: SurpriseScorer
    limits: Limits = field(default_factory=Limits)

    @property
    def lookback(self) -> int:
        return self.scorer.lookback

    def cut(self, units: Sequence[Unit], *, opened: int = 0) -> list[Cut]:
        cuts: list[Cut] = []
        while (found := self._next(units, opened)) is not None:
            cuts.append(found)
            opened = found.index
        return cuts

    def _next(self, units: Sequence[Unit], opened: int) -> Cut | None:
        """The first boundary after `opened`, seen through a window that doubles, so that one
        call over a long stream costs the same per unit as many small ones."""
        begin = max(0, opened - self.lookback)
        horizon = FIRST_HORIZON
        while True:
            window = units[begin : opened + horizon]
            found = self._first(window, opened - begin)
            if found is not None:
                return Cut(found.index + begin, found.probability, found.surprise, found.forced)
            if opened + horizon >= len(units):
                return None
            horizon *= 2

    def _first(self, units: Sequence[Unit], opened: int) -> Cut | None:
        if len(units) - opened < 2:
            return None
        surprise = self.scorer.score(units, opened=opened)
        held = units[opened].tokens
        for newest in range(opened + 1, len(units)):
            if self.limits.forces(units[newest - 1], units[newest], held=held):
                return _forced(newest, surprise)
            candidate = newest - 1
            if candidate - opened >= self.limits.least and surprise.probability[candidate] >= 0.5:
                return Cut(
                    candidate,
                    float(surprise.probability[candidate]),
                    float(surprise.value[candidate]),
                    forced=False,
                )
            held += units[newest].tokens
        return None


def _forced(index: int, surprise: Surprise) -> Cut:
    # The surprise at `index` needs the unit after it, which may not have come yet: a value
    # that depended on it would depend on how the stream was batched.
    return Cut(index, probability=1.0, surprise=0.0, forced=True)
