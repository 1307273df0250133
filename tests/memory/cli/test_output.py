import io
from datetime import UTC, datetime

from rich.console import Console

from knowhen.memory.cli.output import Output, harmless, plain
from knowhen.memory.records import Event, Turn


def _terminal() -> tuple[Output, io.StringIO]:
    file = io.StringIO()
    console = Console(
        file=file, force_terminal=True, width=60, markup=False, highlight=False, emoji=False,
        _environ={},
    )  # fmt: skip
    return Output(console=console, errors=console), file


def test_a_terminal_gets_a_table_whose_long_column_folds() -> None:
    out, file = _terminal()
    out.table(("id", "text"), [("a1", "word " * 30)])
    lines = file.getvalue().splitlines()
    assert "id" in lines[0] and "text" in lines[0]
    assert len(lines) > 3


def test_stored_text_is_never_taken_for_markup_or_terminal_commands() -> None:
    out, file = _terminal()
    out.table(("text",), [("[bold]not bold[/bold] :smile: \x1b[2J\x07",)])
    assert "[bold]not bold[/bold] :smile:" in file.getvalue()
    assert "\x1b[2J" not in file.getvalue()
    assert "\x07" not in file.getvalue()
    assert harmless("a\x9b31mb\r\nc") == "a\ufffd31mb\nc"


def test_progress_runs_on_a_terminal_and_is_silent_elsewhere() -> None:
    out, file = _terminal()
    with out.progress("working", 3) as tell:
        tell(3)
    assert "working" in file.getvalue()
    silent = Output(errors=Console(file=io.StringIO()))
    with silent.progress("working") as tell:
        tell(1)
    assert silent.errors.file.getvalue() == ""  # type: ignore[attr-defined]


def test_a_remark_stays_on_one_line_where_stderr_is_no_terminal() -> None:
    out = Output(errors=Console(file=io.StringIO(), width=20))
    out.remark("word " * 30)
    assert out.errors.file.getvalue() == "word " * 30 + "\n"  # type: ignore[attr-defined]


def test_records_become_plain_json_values() -> None:
    time = datetime(2024, 3, 1, tzinfo=UTC)
    assert plain(Turn("hi", time=time, meta={"n": (1, 2)})) == {
        "text": "hi",
        "speaker": "",
        "role": "user",
        "time": "2024-03-01T00:00:00+00:00",
        "session": "",
        "id": "",
        "meta": {"n": [1, 2]},
    }
    event = Event("e", "s", "x", "a", "b", 2, time, time, 0.5, keys=("a",))
    assert plain(event)["keys"] == ["a"]  # type: ignore[index]
