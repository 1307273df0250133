from datetime import UTC, datetime
from io import StringIO

import numpy as np
import pytest
from rich.console import Console
from streams import units_of

from knowhen.memory.episodes import (
    came_first,
    event_vectors,
    locate,
    make_segmenter,
    outline,
    outlines,
    timeline,
    timeline_tree,
)
from knowhen.memory.records import Event

UNITS = units_of([0] * 6 + [3] * 5 + [7] * 4, minutes=range(15), scatter=0.1)
CUTS = make_segmenter(embedder_name="lexical-16").cut(UNITS)


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


def test_what_came_first_is_read_off_the_order_of_events() -> None:
    bounds = [0, *(cut.index for cut in CUTS), len(UNITS)]
    events = [
        event_vectors(UNITS[first:end]) for first, end in zip(bounds, bounds[1:], strict=False)
    ]
    early, late = units_of([3, 7], seed=9, scatter=0.1)
    assert locate(early.vector, events)[0] == 1
    assert came_first(early.vector, late.vector, events) == 0
    assert came_first(late.vector, early.vector, events) == 1
    assert came_first(UNITS[7].vector, UNITS[9].vector, events) == 0
    assert came_first(early.vector, early.vector, events) == -1
    with pytest.raises(ValueError, match="no event"):
        locate(np.zeros(16, np.float32), [])
