"""Moving each boundary to the best place nearby, once the next one is known (EM-LLM 3.2)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from knowhen.memory.episodes.base import Cut, Unit, stacked
from knowhen.memory.episodes.online import OnlineSegmenter
from knowhen.memory.episodes.similarity_graph import Objective, best_split, similarity

Refinement = Literal["none", "modularity", "conductance", "modularity-left"]

_REACH = 64
"""Most units before the open event that the paper's own rule looks at."""


@dataclass(frozen=True)
class RefiningSegmenter:
    """Refines the boundaries of `base` on the graph of similarities.

    A boundary is decided later than with `base` alone: when the next one is known, or, with
    `left_only`, when half as many units as the event has lie behind it. Forced ones stay.
    """

    base: OnlineSegmenter
    objective: Objective = "modularity"
    left_only: bool = False
    """EM-LLM's own rule: boundaries move earlier only, and the graph reaches half an event
    over both ends."""

    @property
    def lookback(self) -> int:
        return max(self.base.lookback, _REACH if self.left_only else 0)

    def cut(self, units: Sequence[Unit], *, opened: int = 0, seen: int = 0) -> list[Cut]:
        del seen  # a boundary of the base may be waiting there for the next one
        cuts: list[Cut] = []
        while (found := self.base.next(units, opened=opened)) is not None:
            if not found.forced:
                moved = self._moved(units, opened, found.index)
                if moved is None:
                    break
                found = replace(found, index=moved)
            cuts.append(found)
            opened = found.index
        return cuts

    def _moved(self, units: Sequence[Unit], opened: int, index: int) -> int | None:
        """Where the boundary goes, or None while that cannot be known."""
        least = self.base.limits.least
        if self.left_only:
            start, end = self._around(units, opened, index)
            most = index
        else:
            following = self.base.next(units, opened=index)
            if following is None:
                return None
            start, end = opened, following.index
            most = end - least
        if end < 0:
            return None
        first = opened + least
        if most < first:
            return index
        weights = similarity(stacked(units[start:end]))
        split = best_split(
            weights, self.objective, least=first - start, most=most - start, given=index - start
        )
        return start + split

    def _around(self, units: Sequence[Unit], opened: int, index: int) -> tuple[int, int]:
        """EM-LLM's window: half an event more on both sides; an end of -1 is not there yet."""
        half = (index - opened) // 2
        start, end = max(0, opened - min(half, _REACH)), index + max(1, half)
        for newest in range(index + 1, min(end, len(units))):
            if self.base.limits.silent(units[newest - 1], units[newest]):
                return start, newest
        return start, end if end <= len(units) else -1
