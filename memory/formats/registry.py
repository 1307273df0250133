"""All formats by name, and telling them apart."""

from collections.abc import Iterator
from pathlib import Path

from knowhen.memory.errors import InvalidFile, InvalidInput
from knowhen.memory.formats.base import Reader, SpacedTurn, TextFile, open_text
from knowhen.memory.formats.chat import ChatReader
from knowhen.memory.formats.datasets import BeamReader, LocomoReader
from knowhen.memory.formats.exports import ChatgptReader, ClaudeReader
from knowhen.memory.formats.jsonl import JsonlReader

AUTO = "auto"

_READERS: tuple[Reader, ...] = (
    JsonlReader(),
    ChatReader(),
    ChatgptReader(),
    ClaudeReader(),
    LocomoReader(),
    BeamReader(),
)
_LINE_FORMATS = ("jsonl", "chat")


def format_names() -> list[str]:
    """Names of all formats."""
    return [reader.name for reader in _READERS]


def reader_named(name: str) -> Reader:
    """The reader of a format.

    Raises:
        InvalidInput: there is no such format.
    """
    for reader in _READERS:
        if reader.name == name:
            return reader
    known = ", ".join((AUTO, *format_names()))
    raise InvalidInput(f"unknown format {name!r}; use one of {known}")


def detect(file: TextFile) -> Reader:
    """The reader that fits what the file begins with.

    Raises:
        InvalidFile: none does.
    """
    if file.first is None:
        raise InvalidFile(f"{file.name} is empty")
    first = file.first_value
    for name in _LINE_FORMATS:
        if reader_named(name).fits(first):
            return reader_named(name)
    if file.name.endswith((".jsonl", ".ndjson")):
        return reader_named("jsonl")
    document = file.document
    for reader in _READERS:
        if reader.fits(document):
            return reader
    known = ", ".join(format_names())
    raise InvalidFile(f"{file.name} is in none of the formats {known}")


def read_turns(path: str | Path, *, format: str = AUTO) -> Iterator[SpacedTurn]:
    """Turns of a file (`-` for standard input), each with the space the file suggests.

    Raises:
        InvalidFile: missing, unreadable, or not of the format.
        InvalidTurn: a turn in it cannot be kept.
        InvalidInput: there is no such format.
    """
    reader = None if format == AUTO else reader_named(format)
    with open_text(path) as file:
        yield from (reader or detect(file)).read(file)
