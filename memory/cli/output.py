"""What commands print: tables for people, tab-separated lines for pipes, JSON for programs."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

_STEERING = (
    *(*range(32), *range(127, 160)),  # C0 and C1
    *(0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)),  # directions
)
_CONTROLS = dict.fromkeys(_STEERING, "\N{REPLACEMENT CHARACTER}")
SHORT = 8
"""Characters that people see of a long id."""
NARROW = 72
"""Columns of a terminal below which tables are stacked."""
LONGEST = 24
"""Columns that a short field may take."""
_KEPT = _CONTROLS | {ord("\n"): "\n", ord("\t"): "\t"}


class Progress(Protocol):
    """Told how much of a long work is done."""

    def __call__(self, done: int) -> None: ...


class Output:
    """Prints results to stdout and remarks to stderr.

    A terminal gets tables with colours; a pipe gets plain lines with tabs between the columns
    and no header, to be read by `cut`, `sort` and their like. Stored text is data: its control
    characters, which could steer a terminal, are replaced.
    """

    def __init__(
        self,
        *,
        json: bool = False,
        console: "Console | None" = None,
        errors: "Console | None" = None,
    ) -> None:
        self.json = json
        self._console, self._errors = console, errors

    @property
    def console(self) -> "Console":
        if self._console is None:
            from rich.console import Console

            self._console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
        return self._console

    @property
    def errors(self) -> "Console":
        if self._errors is None:
            from rich.console import Console

            self._errors = Console(file=sys.stderr, highlight=False, markup=False, emoji=False)
        return self._errors

    def data(self, value: object) -> None:
        """Print a value as JSON."""
        written = json.dumps(plain(value), ensure_ascii=False, indent=2)
        sys.stdout.write(_ESCAPED.sub(_escape, written) + "\n")

    def line(self, text: str = "", *, style: str = "") -> None:
        """Print a line."""
        if self.console.is_terminal:
            self.console.print(harmless(text), style=style or None, soft_wrap=False)
        else:
            self.console.file.write(harmless(text) + "\n")

    def wrote(self, file: "Path") -> None:
        """Say which file was written."""
        if self.json:
            self.data({"file": str(file)})
        else:
            self.line(f"wrote {file}")

    def remark(self, text: str) -> None:
        """Say something to the user that is no part of the result."""
        if self.errors.is_terminal:
            self.errors.print(harmless(text), style="dim")
        else:
            self.errors.file.write(harmless(text) + "\n")

    @property
    def terminal(self) -> bool:
        """Whether people read it."""
        return bool(self.console.is_terminal)

    def log(self, entries: Iterable[tuple[str, str, str]]) -> None:
        """Print headings, and below each what was said when: as a log of a chat reads.

        An entry is a heading, a mark such as the time, and a text; a heading that is the same as
        the one before is printed once. Long texts go on below their beginning.
        """
        from rich.table import Table
        from rich.text import Text

        listed = [tuple(map(one_line, entry)) for entry in entries]
        margin = max((len(mark) for _, mark, _ in listed), default=0)
        before = ""
        for heading, mark, text in listed:
            if heading != before:
                self.line(heading, style="bold")
                before = heading
            grid = Table.grid(padding=(0, 2, 0, 0))
            grid.add_column(width=margin, no_wrap=True, style="dim")
            grid.add_column(overflow="fold", ratio=1)
            grid.add_row(Text(mark), Text(text))
            self.console.print(grid)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print rows under their columns; the last column holds the long text."""
        if not self.console.is_terminal:
            for row in rows:
                self.console.file.write("\t".join(one_line(cell(c)) for c in row) + "\n")
            return
        from rich.table import Table
        from rich.text import Text

        table = Table(
            box=None,
            pad_edge=False,
            padding=(0, 2, 0, 0),
            header_style="dim",
            show_header=any(columns),
        )
        if self.console.width < NARROW and len(columns) > 2:
            self._stack(rows)
            return
        for name in columns[:-1]:
            table.add_column(
                name,
                no_wrap=True,
                max_width=LONGEST,
                overflow="ellipsis",
                style="cyan" if name == "id" else "",
            )
        table.add_column(columns[-1], overflow="fold", ratio=1)
        for row in rows:
            table.add_row(*(Text(harmless(cell(c))) for c in row))
        self.console.print(table)

    def _stack(self, rows: Iterable[Sequence[object]]) -> None:
        """Rows where there is no room for columns: the long text below all the rest."""
        for row in rows:
            head = " · ".join(filter(None, (one_line(cell(c)) for c in row[:-1])))
            self.line(head, style="dim")
            self.line(f"  {one_line(cell(row[-1]))}")

    @contextmanager
    def progress(self, work: str, total: int | None = None) -> Iterator[Progress]:
        """A bar on stderr while a long work goes on; nothing where stderr is no terminal."""
        if not self.errors.is_terminal:
            yield lambda done: None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn
        from rich.progress import Progress as Bar

        bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            console=self.errors,
            transient=True,
        )
        with bar:
            task = bar.add_task(work, total=total)
            yield lambda done: bar.update(task, completed=done)


def counted(number: int, noun: str) -> str:
    """The number with its noun: `1 turn`, `2 turns`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def cell(value: object) -> str:
    """A value as people read it: minutes for times, two decimals for numbers."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, float):
        return f"{value:.2f}"
    return str(value)


def one_line(text: str) -> str:
    """The text on one line."""
    return harmless(" ".join(text.split()))


def harmless(text: str) -> str:
    """The text without the control characters that could steer a terminal."""
    return text.replace("\r\n", "\n").translate(_KEPT)


_ESCAPED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"


def short_id(name: str) -> str:
    """The beginning of a long id, by which commands know it as well."""
    return name if len(name) <= SHORT + 4 else name[:SHORT]


def plain(value: object) -> object:
    """A record as JSON holds it: objects, lists, ISO times."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, Iterable):
        return [plain(each) for each in value]
    return str(value)
