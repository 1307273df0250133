"""A session as a list of events: what the timeline shows, and where a memory lies in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np

from knowhen.memory.episodes.base import Cut, Unit, Vectors
from knowhen.memory.episodes.describe import describe, event_score, shortened
from knowhen.memory.records import Event


@dataclass(frozen=True, slots=True)
class Episode:
    """One event as a reader wants it."""

    title: str
    first: int
    """Number of its first turn in the session, from 0."""
    turns: int
    start: datetime | None
    end: datetime | None
    probability: float
    """How sure the segmenter was of the boundary at its beginning."""
    surprise: float
    keys: tuple[str, ...] = ()
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Outline:
    """A session: the level above its events."""

    session: str
    title: str
    episodes: tuple[Episode, ...]


def outline(units: Sequence[Unit], cuts: Sequence[Cut], *, session: str = "") -> Outline:
    """The events that `cuts` make of a whole session's units, and the session's own title."""
    starts = [Cut(0, 1.0, 0.0, True), *cuts]
    bounds = [*(cut.index for cut in starts), len(units)]
    spans = [span for span in pairwise(bounds) if span[0] < span[1]]
    episodes = tuple(
        _episode(units[first:end], cut, first)
        for cut, (first, end) in zip(starts, spans, strict=False)
    )
    return Outline(session, _session_title(episodes), episodes)


def outlines(events: Sequence[Event]) -> list[Outline]:
    """The same from stored events, which come in order: one outline a session."""
    sessions: dict[str, list[Event]] = {}
    for event in events:
        sessions.setdefault(event.session, []).append(event)
    found = []
    for session, own in sessions.items():
        firsts = np.cumsum([0, *(event.turns for event in own)]).tolist()
        episodes = tuple(
            Episode(
                event.title,
                first,
                event.turns,
                event.start,
                event.end,
                event.boundary_probability,
                event.surprise,
                event.keys,
            )
            for event, first in zip(own, firsts, strict=False)
        )
        found.append(Outline(session, _session_title(episodes), episodes))
    return found


def locate(query: Vectors, events: Sequence[Vectors]) -> tuple[int, int]:
    """Where a paraphrase most likely happened: index of the event, and of the turn in it.

    `events` holds the `event_vectors` of each, with all turns. Places compare as times do.

    Raises:
        ValueError: there are no events.
    """
    if not events:
        raise ValueError("there is no event to look in")
    event = int(np.argmax([event_score(query, vectors) for vectors in events]))
    turns = events[event][1:] @ query
    return event, int(np.argmax(turns)) if len(turns) else 0


def came_first(one: Vectors, other: Vectors, events: Sequence[Vectors]) -> int:
    """Which of two paraphrases (their vectors) tells of what happened first: 0 or 1, and -1 if
    both tell of the same turn."""
    first, second = locate(one, events), locate(other, events)
    return -1 if first == second else int(second < first)


def _episode(units: Sequence[Unit], cut: Cut, first: int) -> Episode:
    title, keys = describe(units)
    times = [unit.time for unit in units if unit.time is not None]
    start, end = (min(times), max(times)) if times else (None, None)
    return Episode(
        title, first, len(units), start, end, cut.probability, cut.surprise, keys, cut.forced
    )


def _session_title(episodes: Sequence[Episode]) -> str:
    """What its longest events were called."""
    longest = sorted(episodes, key=lambda episode: -episode.turns)[:2]
    ordered = sorted(longest, key=lambda episode: episode.first)
    return " · ".join(shortened(episode.title, 40) for episode in ordered if episode.title)
