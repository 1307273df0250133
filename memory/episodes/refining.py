"""Moving each boundary to the best place nearby, once the next one is known (EM-LLM 3.2).

The best place is the one that splits the graph of similarities best, by modularity (eq. 3) or
conductance (eq. 4) of its two sides. Weights are cosines, negative ones cut off (both measures
need non-negative weights), and the diagonal is zero. Moving one unit over the boundary changes
the weight inside each side by one row sum, so all candidates of a run of m units cost O(m^2),
that is O(n m) over a stream.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from knowhen.memory.episodes.base import Cut, Floats, Unit, stacked
from knowhen.memory.episodes.online import OnlineSegmenter

Objective = Literal["modularity", "conductance"]


def similarity(vectors: Floats) -> Floats:
    """Non-negative weights between units, shape (units, units), zero on the diagonal."""
    weights: Floats = np.maximum(vectors @ vectors.T, 0.0)
    np.fill_diagonal(weights, 0.0)
    return weights


def split_scores(weights: Floats, objective: Objective) -> Floats:
    """How good a boundary before each unit is, larger is better; the first has none (-inf).

    `modularity`: Q of the two sides. `conductance`: minus the weight cut, over the smaller of
    the two sides' volumes (sums of degrees; EM-LLM's code leaves the cut out of one of them).
    """
    size = len(weights)
    degree = weights.sum(axis=1)
    total = float(degree.sum())  # twice the weight of all edges
    scores = np.full(size, -np.inf)
    if total <= 0:
        scores[1:] = 0.0
        return scores
    inside, volume = 0.0, 0.0  # of the left side, edges counted twice
    for split in range(1, size):
        moved = split - 1
        inside += 2 * float(weights[moved, :moved].sum())
        volume += float(degree[moved])
        cut = volume - inside
        if objective == "modularity":
            right = total - volume - cut
            expected = (volume**2 + (total - volume) ** 2) / total
            scores[split] = (inside + right - expected) / total
        else:
            smaller = min(volume, total - volume)
            scores[split] = -cut / smaller if smaller > 0 else -np.inf
    return scores


def best_split(weights: Floats, objective: Objective, *, least: int, most: int, given: int) -> int:
    """The best boundary in [least, most]; `given` if nothing is clearly better."""
    scores = np.round(split_scores(weights, objective), 9)
    candidates = np.arange(least, most + 1)
    best = int(candidates[np.argmax(scores[candidates])])
    return best if scores[best] > scores[given] else given


Refinement = Literal["none", "modularity", "conductance", "modularity-left"]
REFINEMENTS: tuple[Refinement, ...] = get_args(Refinement)

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
