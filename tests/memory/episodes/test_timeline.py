"""Sessions as outlines, lines of text and pictures."""

import sys
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from streams import units_of

from knowhen.memory.episodes import (
    OnlineSegmenter,
    make_segmenter,
    outline,
    outlines,
    plot_surprise,
    save_plot,
    timeline,
    timeline_tree,
)
from knowhen.memory.errors import MissingExtra
from knowhen.memory.records import Event

UNITS = units_of([0] * 6 + [3] * 5 + [7] * 4, minutes=range(15), scatter=0.1)
SEGMENTER = make_segmenter(embedder_name="lexical-16")
CUTS = SEGMENTER.cut(UNITS)


def test_an_outline_covers_every_turn_once() -> None:
    session = outline(UNITS, CUTS, session="s1")
    assert [(e.first, e.turns) for e in session.episodes] == [(0, 6), (6, 5), (11, 4)]
    assert session.episodes[1].probability == CUTS[0].probability
    assert session.episodes[1].start == UNITS[6].time
    assert all(episode.title in session.title for episode in session.episodes[:2])


def test_an_outline_of_nothing_has_no_events() -> None:
    assert outline([], []).episodes == ()
    assert timeline([outline([], [])]) == "session"


def stored(session: str, number: int, turns: int) -> Event:
    time = datetime(2024, 5, number + 1, 8, 30, tzinfo=UTC)
    return Event(
        f"e{session}{number}",
        "default",
        session,
        "a",
        "b",
        turns,
        time,
        time,
        0.6,
        1.2,
        title=f"Event [bold]{number}[/bold] of {session}",
        keys=("a",),
        closed=True,
    )


def test_stored_events_make_one_outline_a_session() -> None:
    found = outlines([stored("s1", 0, 4), stored("s1", 1, 3), stored("s2", 2, 5)])
    assert [(o.session, [e.first for e in o.episodes]) for o in found] == [
        ("s1", [0, 4]),
        ("s2", [0]),
    ]


def test_a_timeline_has_a_line_an_event_within_the_width() -> None:
    text = timeline([outline(UNITS, CUTS, session="s1")], width=60)
    lines = text.splitlines()
    assert len(lines) == 4
    assert all(len(line) <= 60 for line in lines)
    assert lines[0].startswith("s1 2024-05-01 turn")
    assert lines[1].startswith("  09:00 ·   6 turn")
    assert lines[2][8] in "▃▄▅▆▇█"


def test_forced_boundaries_are_marked() -> None:
    units = units_of([0] * 4, minutes=[0, 1, 100, 101])
    cuts = make_segmenter(embedder_name="lexical-16").cut(units)
    assert timeline([outline(units, cuts)]).splitlines()[2].startswith("  10:40 !   2 ")


def test_the_tree_shows_titles_as_they_are() -> None:
    console = Console(width=70, record=True, file=StringIO())
    console.print(timeline_tree(outlines([stored("s1", 0, 4)])))
    assert "Event [bold]0[/bold] of s1" in console.export_text()


def test_a_picture_shows_the_curve_its_boundaries_and_titles() -> None:
    assert isinstance(SEGMENTER, OnlineSegmenter)
    cuts, curve = SEGMENTER.curve(UNITS)
    session = outline(UNITS, cuts, session="costs $5 and $6")
    figure = plot_surprise(curve.probability, session, threshold=0.28)
    names, axes = figure.axes
    assert list(axes.lines[0].get_ydata()) == curve.probability.tolist()
    drawn = [line.get_xdata()[0] for line in axes.lines[2:]]
    assert drawn == [cut.index for cut in cuts] == [6, 11]
    assert [text.get_text() for text in names.texts] == [e.title for e in session.episodes]


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_a_picture_is_written_to_a_file(tmp_path: Path, ending: str) -> None:
    assert isinstance(SEGMENTER, OnlineSegmenter)
    cuts, curve = SEGMENTER.curve(UNITS)
    path = tmp_path / f"talk.{ending}"
    save_plot(path, curve.probability, outline(UNITS, cuts))
    assert path.stat().st_size > 5000


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert isinstance(SEGMENTER, OnlineSegmenter)
    cuts, curve = SEGMENTER.curve(UNITS)
    with pytest.raises(MissingExtra, match=r"knowhen\[plot\]"):
        plot_surprise(curve.probability, outline(UNITS, cuts))
