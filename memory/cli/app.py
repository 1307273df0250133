"""The `knowhen` program: its commands, and what becomes of an error."""

import errno
import logging
import os
import shutil
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from knowhen.memory.cli import ask, browse, change, chat, ingest, overview, serve
from knowhen.memory.cli.output import Output, one_line
from knowhen.memory.cli.session import Home, Json, Session, SpaceName

FAILURE = 2
INTERRUPTED = 130
TRACEBACK = "KNOWHEN_TRACEBACK"

# typer shows its base class of usage errors nowhere; it is the last but one before Exception.
UsageProblem: type[Exception] = typer.BadParameter.__mro__[2]


class Program(TyperGroup):
    """Says every error in one sentence on stderr and ends with code 2, never with a traceback."""

    def main(self, *arguments: Any, **settings: Any) -> Any:
        settings["standalone_mode"] = False
        try:
            code = super().main(*arguments, **settings)
        except KeyboardInterrupt:
            code = INTERRUPTED
        except typer.Abort:
            code = _fail("stopped; nothing was changed")
        except UsageProblem as error:
            code = _fail(error.format_message())  # type: ignore[attr-defined]
        except Exception as error:  # the border of the program: a bug is one sentence as well
            if os.environ.get(TRACEBACK):
                raise
            code = _fail(_sentence(error))
        sys.exit(code if isinstance(code, int) else 0)


GREETING = (
    ('knowhen remember "I live in Lisbon."', "keep a sentence, or the talks in a file"),
    ('knowhen ask "Where do I live?"', "an answer, and what it rests on"),
    ("knowhen about Nora", "all that is known of somebody"),
    ('knowhen why "Where do I live?"', "why something is recalled"),
    ('knowhen forget --matching "Lisbon"', "erase it for good, and prove it"),
)
"""The five commands one needs, and what they do."""

app = typer.Typer(
    name="knowhen",
    cls=Program,
    help="Long-term memory for chat agents that knows when to use itself.",
    epilog="The memory lives in --home, else in $KNOWHEN_HOME, else in your data folder.",
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from knowhen import __version__

        typer.echo(f"knowhen {__version__}")
        raise typer.Exit()


@app.callback()
def knowhen(
    context: typer.Context,
    home: Home = None,
    space: SpaceName = None,
    json: Json = False,
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Log what is done to stderr."),
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    logging.basicConfig(
        level=logging.INFO if verbose else logging.ERROR, format="%(levelname)s %(message)s"
    )
    context.obj = {"home": home, "space": space, "json": json}
    if context.invoked_subcommand is None:
        _greet(Session(Output(), home))


def _greet(session: Session) -> None:
    width = shutil.get_terminal_size().columns
    column = max(len(command) for command, _ in GREETING) + 2
    typer.echo("knowhen: long-term memory for chat agents\n")
    for command, meaning in GREETING:
        if column + len(meaning) + 2 <= width:
            typer.echo(f"  {command:<{column}}{meaning}")
        else:
            typer.echo(f"  {command}\n      {meaning}")
    there = "The memory is in" if session.begun else "Nothing is remembered yet in"
    typer.echo(f"\n{there} {session.folder}\n`knowhen --help` lists all commands.")


for group in (ingest, ask, overview, chat, browse, change, serve):
    group.register(app)


def main() -> None:
    """Run the program on the process's arguments."""
    app(prog_name="knowhen")


def _sentence(error: Exception) -> str:
    from knowhen.memory.errors import KnowhenError  # here, because `--help` has no use for it

    if isinstance(error, KnowhenError):
        return str(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the output cannot be written: no space is left"
    return f"unexpected {type(error).__name__}: {error} (set {TRACEBACK}=1 to see where)"


def _fail(sentence: str) -> int:
    typer.echo(f"knowhen: {one_line(sentence)}", err=True)
    return FAILURE
