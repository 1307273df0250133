"""Cutting a whole session anew, when it is over: dynamic programming over all segmentations.

The same topic model as online, read backwards as well: forward and backward sums give each
boundary's posterior probability, and a second pass picks the allowed set of boundaries with the
largest expected gain. Safe at any time, because events are views over turns that never change.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.episodes.base import Cut, Floats, Limits, Unit, stacked
from knowhen.memory.episodes.cues import CUES, Cue, cue_log_odds
from knowhen.memory.episodes.topics import HAZARD, TopicModel, hazards

THRESHOLD = 0.36
"""Posterior probability at which a boundary is worth making."""


_PIECE = 4096
"""Units that are held in sums at once."""


@dataclass(frozen=True)
class OfflineSegmenter:
    """Segments a session with all of it in view. `cut` decides about every unit given."""

    topics: TopicModel
    limits: Limits = field(default_factory=Limits)
    hazard: float = HAZARD
    threshold: float = THRESHOLD
    cues: tuple[Cue, ...] = CUES
    longest: int = 128
    """Units in a segment that the sums run over; a longer one is found as several."""

    @property
    def lookback(self) -> int:
        return 0

    def cut(self, units: Sequence[Unit], *, opened: int = 0, seen: int = 0) -> list[Cut]:
        del seen  # what was seen of it is seen anew with hindsight
        cuts: list[Cut] = []
        for start, end in _sittings(units, opened, self.limits):
            if start > opened:
                cuts.append(Cut(start, probability=1.0, surprise=0.0, forced=True))
            cuts.extend(self._sitting(units[start:end], start))
        return cuts

    def posterior(self, units: Sequence[Unit]) -> Floats:
        """P(an event begins with the unit | the whole session), shape (units,)."""
        return self._posterior(units) if units else np.zeros(0)

    def _sitting(self, units: Sequence[Unit], start: int) -> list[Cut]:
        """The cuts of units between two silences; a very long run is taken in pieces that
        overlap, so that memory does not grow with it."""
        cuts: list[Cut] = []
        first = 0
        while len(units) - first > _PIECE:
            border = start + first + _PIECE * 3 // 4
            found = self._piece(units[first : first + _PIECE], start + first)
            kept = [cut for cut in found if cut.index < border]  # the last ones lack hindsight
            cuts.extend(kept)
            first = kept[-1].index - start if kept else first + _PIECE // 2
        return cuts + self._piece(units[first:], start + first)

    def _piece(self, units: Sequence[Unit], start: int) -> list[Cut]:
        posterior = np.round(self._posterior(units), 9)
        inside = np.clip(posterior, 1e-9, 1 - 1e-9)
        surprise = np.log(inside / (1 - inside))
        tokens = np.array([self.limits.counted(unit) for unit in units])
        chosen = _joined(
            _best(posterior - self.threshold, tokens, self.limits), tokens, self.limits
        )
        return [
            Cut(start + index, float(posterior[index]), float(surprise[index]), forced)
            for index, forced in chosen
        ]

    def _posterior(self, units: Sequence[Unit]) -> Floats:
        begin, stay = hazards(cue_log_odds(units, self.cues), self.hazard)
        segments = _Segments(units, self.topics, stay, self.longest)
        size = len(units)
        ahead, back = np.full(size + 1, -np.inf), np.full(size + 1, -np.inf)
        ahead[0] = back[size] = 0.0
        for end in range(1, size + 1):
            first = max(0, end - self.longest)
            prior = begin[end] if end < size else 0.0
            ahead[end] = _log_sum(ahead[first:end] + segments.ending(end)) + prior
        for index in range(size - 1, -1, -1):
            last = min(size, index + self.longest)
            ends = np.arange(index + 1, last + 1)
            prior = np.append(begin, 0.0)[ends]
            back[index] = _log_sum(segments.starting(index) + prior + back[ends])
        result: Floats = np.exp(ahead[:size] + back[:size] - ahead[size])
        result[0] = 0.0
        return result


class _Segments:
    """Log joint of segments no longer than `longest`, one row or column at a time."""

    def __init__(
        self, units: Sequence[Unit], topics: TopicModel, stay: Floats, longest: int
    ) -> None:
        vectors = stacked(units)
        self._sums = np.vstack([np.zeros(vectors.shape[1]), np.cumsum(vectors, axis=0)])
        known = (vectors != 0).any(axis=1)  # a turn without an embedding tells nothing
        self._counted = np.concatenate([[0.0], np.cumsum(known)])
        self._squares = np.einsum("ij,ij->i", self._sums, self._sums)
        self._stayed = np.concatenate([[0.0], np.cumsum(stay)])
        self._topics = topics
        self._longest = longest

    def ending(self, end: int) -> Floats:
        starts = np.arange(max(0, end - self._longest), end)
        stayed = self._stayed[end] - self._stayed[starts + 1]
        result: Floats = self._evidence(end, starts) + stayed
        return result

    def starting(self, start: int) -> Floats:
        ends = np.arange(start + 1, min(len(self._sums) - 1, start + self._longest) + 1)
        stayed = self._stayed[ends] - self._stayed[start + 1]
        result: Floats = self._evidence(start, ends) + stayed
        return result

    def _evidence(self, here: int, others: NDArray[np.int64]) -> Floats:
        length = np.abs(self._counted[others] - self._counted[here])
        products = self._sums[others] @ self._sums[here]
        power = self._squares[here] + self._squares[others] - 2 * products
        return self._topics.segment(power - self._topics.unrelated * length**2, length)


def _log_sum(values: Floats) -> float:
    highest = float(values.max())
    return highest + float(np.log(np.exp(values - highest).sum()))


def _sittings(units: Sequence[Unit], opened: int, limits: Limits) -> list[tuple[int, int]]:
    """Spans without a silence that forces a boundary."""
    if opened >= len(units):
        return []
    starts = [opened]
    for index in range(opened + 1, len(units)):
        if limits.silent(units[index - 1], units[index]):
            starts.append(index)
    return list(zip(starts, [*starts[1:], len(units)], strict=True))


def _best(gain: Floats, tokens: Floats, limits: Limits) -> list[tuple[int, bool]]:
    """Boundaries of the largest summed gain among events within the limits, and if forced.

    A boundary that costs gain is there only because the event would have been too large.
    """
    size = len(gain)
    held = np.concatenate([[0], np.cumsum(tokens)])
    best, origin = np.full(size + 1, -np.inf), np.zeros(size + 1, dtype=int)
    best[0] = 0.0
    for end in range(1, size + 1):
        first = int(np.searchsorted(held, held[end] - limits.tokens))
        starts = np.arange(min(first, end - 1), end)
        # Too short an event is allowed only where nothing else is: at heavy cost.
        short = np.where(end - starts < min(limits.least, size), -1e6, 0.0)
        scores = best[starts] + short
        place = int(np.argmax(scores))
        origin[end] = starts[place]
        best[end] = scores[place] + (gain[end] if end < size else 0.0)
    found: list[tuple[int, bool]] = []
    end = int(origin[size])
    while end > 0:
        found.append((end, bool(gain[end] < 0)))
        end = int(origin[end])
    return found[::-1]


def _joined(
    chosen: Sequence[tuple[int, bool]], tokens: Floats, limits: Limits
) -> list[tuple[int, bool]]:
    """The boundaries without those between events of the least size, two in a row.

    A question and its answer, and the next question and its answer, are mostly one exchange.
    """
    bounds = [0, *(index for index, _ in chosen), len(tokens)]
    kept: list[tuple[int, bool]] = []
    first = 0
    for place, (index, forced) in enumerate(chosen, start=1):
        end = bounds[place + 1]
        small = max(index - first, end - index) <= limits.least
        if small and tokens[first:end].sum() <= limits.tokens:
            continue
        kept.append((index, forced))
        first = index
    return kept
