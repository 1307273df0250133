"""A picture of a conversation: its surprise curve, the boundaries, and the events' titles."""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from knowhen.memory.episodes.base import Floats
from knowhen.memory.episodes.describe import shortened
from knowhen.memory.episodes.outline import Outline
from knowhen.memory.errors import MissingExtra

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
