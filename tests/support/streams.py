"""Streams of units with known topics, and feeding them to a segmenter piece by piece."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from knowhen.memory.episodes import Cut, Limits, OnlineSegmenter, Segmenter, Unit
from knowhen.memory.episodes.base import Surprise

START = datetime(2024, 5, 1, 9, tzinfo=UTC)


def units_of(
    topics: Sequence[int],
    *,
    seed: int = 0,
    minutes: Sequence[int | None] | None = None,
    tokens: Sequence[int] | None = None,
    scatter: float = 0.25,
) -> list[Unit]:
    """A unit for each topic number: a noisy copy of the topic's direction."""
    rng = np.random.default_rng(seed)
    centres = np.eye(16)
    result = []
    for number, topic in enumerate(topics):
        vector = centres[topic] + scatter * rng.normal(size=16)
        minute = minutes[number] if minutes is not None else None
        result.append(
            Unit(
                id=f"u{number}",
                vector=(vector / np.linalg.norm(vector)).astype(np.float32),
                time=START + timedelta(minutes=minute) if minute is not None else None,
                tokens=tokens[number] if tokens is not None else 20,
                text=f"turn {number} on topic {topic}",
                speaker="AB"[number % 2],
            )
        )
    return result


def streamed(segmenter: Segmenter, units: Sequence[Unit], batches: Sequence[int]) -> list[Cut]:
    """The cuts when units arrive in batches and only the tail is kept, as a manager does."""
    found: list[Cut] = []
    opened = came = 0
    for batch in [*batches, len(units)]:
        before, came = came, min(len(units), came + batch)
        begin = max(0, opened - segmenter.lookback)
        looked_at = before - begin
        for cut in segmenter.cut(units[begin:came], opened=opened - begin, seen=looked_at):
            assert cut.forced or cut.index + begin < came - 1
            found.append(Cut(cut.index + begin, cut.probability, cut.surprise, cut.forced))
        opened = found[-1].index if found else 0
    return found


def places(cuts: Sequence[Cut]) -> list[int]:
    return [cut.index for cut in cuts]


class EveryFewUnits:
    """A scorer that proposes a boundary every `size` units, whatever they say."""

    lookback = 0

    def __init__(self, size: int) -> None:
        self._size = size

    def score(self, units: Sequence[Unit], *, opened: int) -> Surprise:
        since = np.arange(len(units)) - opened
        proposed = (since > 0) & (since % self._size == 0)
        return Surprise(proposed.astype(np.float64), proposed.astype(np.float64), proposed)


class FixedSegmenter(OnlineSegmenter):
    """Cuts every `size` units."""

    def __init__(self, size: int = 6, limits: Limits | None = None) -> None:
        super().__init__(EveryFewUnits(size), limits or Limits())
