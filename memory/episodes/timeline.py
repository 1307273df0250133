"""Sessions as lists of events, shown as lines of text, as a tree, or as a picture of surprise."""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from knowhen.memory.episodes.base import Cut, Floats, Unit
from knowhen.memory.episodes.describe import describe, shortened
from knowhen.memory.errors import MissingExtra
from knowhen.memory.records import Event

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.tree import Tree


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


_BARS = "▁▂▃▄▅▆▇█"


def timeline(outlines: Sequence[Outline], *, width: int = 80) -> str:
    """One line an event under one line a session: when, how sure, how long, what about.

    The bar stands for the probability of the boundary at the event's beginning; `!` is a forced
    one, and `·` the session's own beginning.
    """
    lines: list[str] = []
    for session in outlines:
        lines.append(_heading(session, width))
        lines.extend("  " + _line(episode, width - 2) for episode in session.episodes)
    return "\n".join(lines)


def timeline_tree(outlines: Sequence[Outline], *, width: int = 80) -> "Tree":
    """The same as a rich tree; titles are shown as they are, never read as markup."""
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree("timeline", hide_root=True)
    for session in outlines:
        branch = tree.add(Text(_heading(session, width), style="bold"))
        for episode in session.episodes:
            branch.add(Text(_line(episode, width - 4)))
    return tree


def _heading(session: Outline, width: int) -> str:
    days = sorted(e.start.date().isoformat() for e in session.episodes if e.start is not None)
    day = "" if not days else days[0] if days[0] == days[-1] else f"{days[0]} – {days[-1]}"
    parts = [part for part in (session.session, day, session.title) if part]
    return shortened(" ".join(parts) or "session", width)


def _line(episode: Episode, width: int) -> str:
    left = f"{_clock(episode.start):>5} {_mark(episode)} {episode.turns:>3} "
    return left + shortened(episode.title or "(no title)", max(12, width - len(left)))


def _clock(time: datetime | None) -> str:
    return time.strftime("%H:%M") if time is not None else "--:--"


def _mark(episode: Episode) -> str:
    if episode.first == 0:
        return "·"
    if episode.forced:
        return "!"
    return _BARS[min(len(_BARS) - 1, int(episode.probability * len(_BARS)))]


_INK, _LINE, _FORCED = "#222222", "#c23b22", "#888888"
_ROWS = 4


def plot_surprise(
    curve: Floats,
    outline: Outline,
    *,
    threshold: float | None = None,
    label: str = "probability of a boundary",
) -> "Figure":
    """The curve over the turns, shape (turns,), with boundaries and titles of `outline`.

    A figure of its own, unknown to pyplot: no window opens and nothing needs to be closed.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingExtra("matplotlib", "plot")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width = min(30.0, max(8.0, len(curve) * 0.12))
    figure = Figure(figsize=(width, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    names, axes = figure.subplots(2, 1, sharex=True, height_ratios=(1, 2))
    axes.plot(range(len(curve)), curve, color=_INK, linewidth=1.2)
    if threshold is not None:
        axes.axhline(threshold, color=_FORCED, linewidth=0.8, linestyle=":")
    axes.set_xlabel("turn")
    axes.set_ylabel(label)
    axes.set_xlim(-0.5, max(1, len(curve)) - 0.5)
    names.set_axis_off()
    names.set_ylim(_ROWS, 0)
    names.set_title(_plain(outline.title or outline.session), fontsize=10, loc="left")
    for number, episode in enumerate(outline.episodes):
        if episode.first:
            style = "--" if episode.forced else "-"
            color = _FORCED if episode.forced else _LINE
            axes.axvline(episode.first, color=color, linewidth=1.0, linestyle=style)
        row = number % _ROWS + 0.5  # neighbours on rows of their own, so that titles fit
        title = _plain(shortened(episode.title, 36))
        names.text(episode.first, row, title, fontsize=7, va="center", color=_INK)
    return figure


def save_plot(
    path: str | Path, curve: Floats, outline: Outline, *, threshold: float | None = None
) -> None:
    """Write `plot_surprise` to a file; its ending chooses the format, such as .png or .svg."""
    plot_surprise(curve, outline, threshold=threshold).savefig(path, dpi=150)


def _plain(text: str) -> str:
    """Dollar signs would be read as mathematics."""
    return text.replace("$", r"\$")
