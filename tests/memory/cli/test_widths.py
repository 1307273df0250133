"""What a terminal shows at three widths."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from cli_program import Run
from rich.console import Console

from knowhen.memory.cli.ask import why
from knowhen.memory.cli.browse import thought_line, turns
from knowhen.memory.cli.output import Output
from knowhen.memory.cli.session import Session
from knowhen.memory.records import Source, Thought

SHOWN = Path(__file__).parent / "shown"
DAY = datetime(2024, 6, 3, tzinfo=UTC)
MOVED = Thought(
    "t36ed5a4f00",
    "default",
    "Nora moved to Bergen last week (3 to 9 June 2024), where it rains a lot.",
    "Nora",
    "lives in",
    "Bergen",
    valid_from=DAY,
    sources=(Source("b1", 0, 20), Source("7f1c13727aa9", 0, 20)),
)
LIVED = replace(MOVED, text="Nora lives in Oslo.", status="superseded", valid_to=DAY)
Show = Callable[[Session], None]


def show_thoughts(session: Session) -> None:
    session.out.log(("", f"{t.valid_from:%Y-%m-%d}", thought_line(t)) for t in (LIVED, MOVED))


def show_table(session: Session) -> None:
    session.out.table(
        ("id", "when", "kind", "undone by", "what"),
        [(12, DAY, "supersede", None, "Nora lives in Oslo. | Nora moved to Bergen last week.")],
    )


@pytest.mark.parametrize("width", [45, 80, 120])
@pytest.mark.parametrize("show", [turns, show_thoughts, show_table])
def test_a_list_is_readable_at_every_width(filled: Run, show: Show, width: int) -> None:
    """Delete a file in `shown` to have it written anew, and read it."""
    screen = StringIO()
    console = Console(file=screen, force_terminal=True, width=width, color_system=None)
    show(Session(Output(console=console)))
    lines = [line.rstrip() for line in screen.getvalue().splitlines()]
    assert max(map(len, lines)) <= width
    file = SHOWN / f"{show.__name__.removeprefix('show_')}-{width}.txt"
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert lines == file.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("width", [45, 120])
def test_why_is_told_in_five_lines(filled: Run, width: int) -> None:
    screen = StringIO()
    console = Console(file=screen, force_terminal=True, width=width, color_system=None)
    why(Session(Output(console=console)), "What did Sam buy in Stavanger?")
    lines = screen.getvalue().splitlines()
    marks = [line.split("  ")[0].strip() for line in lines if not line.startswith(" ")]
    assert [mark for mark in marks if mark] == [
        "decision", "item", "found by", "reached by", "place"
    ]  # fmt: skip
    assert max(map(len, lines)) <= width and "red kayak" in screen.getvalue()
