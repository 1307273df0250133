"""Commands that take in and give out: remember, learn, import, export."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from knowhen.memory.cli.output import counted
from knowhen.memory.cli.session import Session, add_command

if TYPE_CHECKING:
    from knowhen.memory.formats import SpacedTurn
    from knowhen.memory.manager import MemoryManager

BATCH = 128
"""Turns in one transaction."""

File = Annotated[str, typer.Argument(metavar="FILE", help="A file, or - for standard input.")]
Format = Annotated[
    str,
    typer.Option(
        metavar="NAME", help="jsonl, chat, chatgpt, claude, locomo, beam, or auto to find out."
    ),
]


def register(app: typer.Typer) -> None:
    add_command(app, remember)
    add_command(app, learn)
    add_command(app, import_turns, "import")
    add_command(app, export_turns, "export")


def remember(
    session: Session,
    what: Annotated[
        str, typer.Argument(metavar="TEXT|FILE", help="A sentence, a file, or - for stdin.")
    ],
    format: Format = "auto",
    speaker: Annotated[str, typer.Option(help="Who says the sentence.", metavar="NAME")] = "user",
    sitting: Annotated[
        str, typer.Option("--session", help="The sitting it is said in.", metavar="NAME")
    ] = "notes",
) -> None:
    """Remember a sentence, or the conversations in a file.

    Turns that are there already are left alone. A format that holds several conversations of
    different people (locomo, beam) fills a space for each, unless --space names one.
    """
    if not _is_text(what):
        _take_in(session, what, format)
        return
    from knowhen.memory.records import Turn

    with session.open(writing=True) as memory:
        added = memory.remember(Turn(what, speaker=speaker, session=sitting, id=_new_id()))
    if session.out.json:
        session.out.data({"ids": added})
    else:
        session.out.line(f"remembered as {added[0]} in space {session.space}")


def learn(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A text, such as a manual.")],
    title: Annotated[
        str | None, typer.Option(help="What it is called, else the file's name.", metavar="TEXT")
    ] = None,
) -> None:
    """Learn a text for reference.

    It is recalled like what was said, and taken for nobody's words.
    """
    from knowhen.memory.formats import open_text
    from knowhen.memory.records import Document

    with open_text(file) as text:
        document = Document(title or file.stem, text.text)
    with session.open(writing=True) as memory:
        added = memory.learn(document)
    if session.out.json:
        session.out.data({"ids": added})
    else:
        session.out.line(f"learned {document.title!r}" if added else f"{document.title!r} is known")


def import_turns(session: Session, file: File, format: Format = "auto") -> None:
    """Take in the conversations in a file, or what `export` wrote.

    What was exported goes into the spaces that it came from.
    """
    _take_in(session, file, format)


def _is_text(what: str) -> bool:
    """Whether it is a sentence: several words, and no file."""
    return what != "-" and len(what.split()) > 1 and not Path(what).exists()


def _new_id() -> str:
    import secrets

    return secrets.token_hex(4)


def export_turns(
    session: Session,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file, or - for stdout.")] = "-",
) -> None:
    """Write all turns as JSON lines.

    With --space those of that space, else of every space.
    Turns are what a memory is made of; events, thoughts and the graph are made from them anew.
    """
    from knowhen.memory.formats import write_line

    with session.open() as memory:
        spaces = memory.spaces() if session.chosen_space is None else [session.space]
        lines = (
            write_line(turn, space=space) + "\n"
            for space in spaces
            for turn in memory.at(space).turns()
        )
        if file == "-":
            sys.stdout.writelines(lines)
            return
        count = _write(Path(file), lines)
    if session.out.json:
        session.out.data({"file": file, "spaces": spaces, "turns": count})
    else:
        session.out.line(
            f"wrote {counted(count, 'turn')} of {counted(len(spaces), 'space')} to {file}"
        )


def _take_in(session: Session, file: str, format: str) -> None:
    from knowhen.memory.errors import InvalidInput, TurnConflict
    from knowhen.memory.formats import read_turns

    read: Counter[str] = Counter()
    new: Counter[str] = Counter()
    stream = read_turns(file, format=format)
    with session.open(writing=True) as memory:
        try:
            with session.out.progress("remembering") as progress:
                for batch in _batches(_spaced(session, stream)):
                    _keep(memory, batch, read, new)
                    progress(read.total())
        except (InvalidInput, TurnConflict) as error:
            if not read.total():
                raise
            kept = counted(read.total(), "turn")
            raise InvalidInput(f"{error} (kept the {kept} before it)") from None
        with session.out.progress("settling", len(read)) as progress:
            for number, space in enumerate(read, 1):
                memory.at(space).settle()
                progress(number)
    _report(session, read, new)


def _spaced(session: Session, stream: "Iterator[SpacedTurn]") -> "Iterator[SpacedTurn]":
    for suggested, turn in stream:
        yield (session.chosen_space or suggested or session.space), turn


def _batches(stream: "Iterator[SpacedTurn]") -> "Iterator[list[SpacedTurn]]":
    """Lists of up to `BATCH` turns; a failing stream gives what came before its failure first."""
    from knowhen.memory.errors import InvalidInput

    batch: list[SpacedTurn] = []
    try:
        for pair in stream:
            batch.append(pair)
            if len(batch) == BATCH:
                yield batch
                batch = []
    except InvalidInput:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _keep(
    memory: "MemoryManager", batch: "list[SpacedTurn]", read: Counter[str], new: Counter[str]
) -> None:
    for space, pairs in groupby(batch, key=lambda pair: pair[0]):
        inner = memory.at(str(space))
        turns = [turn for _, turn in pairs]
        new[str(space)] += len(inner.remember(turns))
        read[str(space)] += len(turns)


def _report(session: Session, read: Counter[str], new: Counter[str]) -> None:
    rows = [{"space": space, "turns": read[space], "new": new[space]} for space in read]
    if session.out.json:
        session.out.data(rows)
        return
    for row in rows:
        known = read[str(row["space"])] - new[str(row["space"])]
        text = f"remembered {counted(new[str(row['space'])], 'turn')} in space {row['space']}"
        session.out.line(text + (f" ({known} there already)" if known else ""))
    if not rows:
        session.out.line("there was nothing to remember")


def _write(path: Path, lines: Iterator[str]) -> int:
    """Write beside the file, then put it in its place: a broken export replaces nothing."""
    from knowhen.memory.errors import InvalidFile

    if not path.name:
        raise InvalidFile("an export needs the name of a file, or - for stdout")
    part = path.with_name(path.name + ".part")
    count = 0
    try:
        part.unlink(missing_ok=True)  # whatever lies there, a link to another file among it
        with open(part, "x", encoding="utf-8", opener=_private) as handle:
            for line in lines:
                handle.write(line)
                count += 1
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InvalidFile(f"cannot write {str(path)!r}: {error.strerror}") from None
    return count


def _private(path: str, flags: int) -> int:
    """Open a file for its owner alone."""
    return os.open(path, flags, 0o600)
