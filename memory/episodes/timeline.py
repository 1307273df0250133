"""A compact timeline of sessions and their events, as text for a terminal or a log."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from knowhen.memory.episodes.describe import shortened
from knowhen.memory.episodes.outline import Episode, Outline

if TYPE_CHECKING:
    from rich.tree import Tree

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
