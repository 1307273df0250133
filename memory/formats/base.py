"""The format seam: a text file in, turns out, each with the space its file suggests."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Annotated, BinaryIO, Protocol, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from knowhen.memory.errors import InvalidFile, InvalidTurn
from knowhen.memory.records import Role, Turn

STDIN = "-"


class TextFile:
    """UTF-8 text from a file or a pipe. Use either `lines` or `document`, once."""

    def __init__(self, name: str, handle: BinaryIO) -> None:
        self.name = name
        self._handle = handle
        self._line = 0

    @property
    def stem(self) -> str:
        """The file's name without folder and ending."""
        return Path(self.name).stem

    @cached_property
    def first(self) -> tuple[int, str] | None:
        """Number and text of the first line that is not blank; None if there is none."""
        return next(self._rest(), None)

    @cached_property
    def first_value(self) -> object:
        """The first line as a JSON value of its own; None if it is none."""
        first = self.first
        try:
            return self.parse(first[1], first[0]) if first else None
        except InvalidFile:
            return None

    def lines(self) -> Iterator[tuple[int, str]]:
        """Numbered lines, those that are blank left out."""
        if self.first is not None:
            yield self.first
            yield from self._rest()

    @cached_property
    def document(self) -> object:
        """The whole file as one JSON value."""
        if self.first is None:
            raise InvalidFile(f"{self.name} is empty")
        start, first = self.first
        rest = self._decode(self._handle.read(), self._line + 1)
        if not rest.strip() and self.first_value is not None:
            return self.first_value
        gap = "\n" * (self._line - start)  # blank lines in between, so that numbers stay right
        return self.parse(first + gap + rest, start)

    @property
    def text(self) -> str:
        """The whole text, of a file of which nothing else was read.

        Raises:
            InvalidFile: it is not UTF-8.
        """
        return self._decode(self._handle.read(), 1)

    def parse(self, text: str, line: int) -> object:
        """JSON that begins at `line`.

        Raises:
            InvalidFile: it is not JSON; the message names the line.
        """
        try:
            return json.loads(text, parse_constant=_refuse)
        except json.JSONDecodeError as error:
            place = f"{self.name}, line {line + error.lineno - 1}"
            raise InvalidFile(f"{place}: not valid JSON ({error.msg.lower()})") from None
        except (ValueError, RecursionError) as error:
            raise InvalidFile(f"{self.name}, line {line}: not usable JSON ({error})") from None

    def _rest(self) -> Iterator[tuple[int, str]]:
        # Bytes are cut at b"\n" only: str.splitlines would also cut at U+2028 inside a text.
        for raw in self._handle:
            self._line += 1
            text = self._decode(raw, self._line)
            if text.strip():
                yield self._line, text

    def _decode(self, raw: bytes, line: int) -> str:
        if line == 1:
            if raw.startswith(b"PK\x03\x04"):
                raise InvalidFile(f"{self.name} is a zip archive; unpack it and give a file in it")
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            line += raw.count(b"\n", 0, error.start)
            raise InvalidFile(f"{self.name}, line {line}: not UTF-8 text") from None
        if "\0" in text:
            raise InvalidFile(f"{self.name} is a binary file or not UTF-8 text")
        return text


@contextmanager
def open_text(path: str | Path) -> Iterator[TextFile]:
    """Open a file for reading; `-` means standard input.

    Raises:
        InvalidFile: there is no such file, or it cannot be read.
    """
    if str(path) == STDIN:
        yield TextFile("standard input", sys.stdin.buffer)
        return
    with _open(path) as handle:
        yield TextFile(str(path), handle)


def _open(path: str | Path) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except FileNotFoundError:
        raise InvalidFile(f"there is no file {str(path)!r}") from None
    except IsADirectoryError:
        raise InvalidFile(f"{str(path)!r} is a folder; give a file in it") from None
    except OSError as error:
        raise InvalidFile(f"cannot read {str(path)!r}: {error.strerror}") from None


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON number")


SpacedTurn = tuple[str | None, Turn]
"""A turn, and the space its file suggests for it; None where the format knows of none."""


class Reader(Protocol):
    """Reads the turns of one file format."""

    @property
    def name(self) -> str:
        """What `--format` calls it."""
        ...

    def fits(self, sample: object) -> bool:
        """Whether a file that begins with this JSON value is of the format.

        `sample` is the whole document, or the first line where that is a value of its own.
        """
        ...

    def read(self, file: TextFile) -> Iterator[SpacedTurn]:
        """Turns in the order they were said.

        Raises:
            InvalidFile: the file is not of the format; the message names the file and the place.
            InvalidTurn: a turn in it cannot be kept, for instance for want of text.
        """
        ...


class Shape(BaseModel):
    """Part of somebody else's format: the fields we read, whatever else there may be."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    @classmethod
    def of(cls, value: object, place: str) -> Self:
        """`value`, checked.

        Raises:
            InvalidFile: it does not fit; the message names the place and the first problem.
        """
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise InvalidFile(f"{place}: {_problem(error)}") from None


def parse_time(value: object) -> object:
    """An aware datetime from ISO 8601 or from seconds (or milliseconds) since 1970."""
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            # From 1e11 on (the year 5138 in seconds) a number can only mean milliseconds.
            return datetime.fromtimestamp(value / 1000 if abs(value) >= 1e11 else value, UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{value!r} is no ISO 8601 time, such as 2024-05-01T09:30:00Z") from None
    return value


Time = Annotated[datetime, BeforeValidator(parse_time)]


def placed_turn(
    place: str,
    *,
    text: str,
    speaker: str = "",
    role: Role = "user",
    time: datetime | None = None,
    session: str = "",
    id: str = "",
    meta: Mapping[str, object] | None = None,
) -> Turn:
    """A turn, whose error names the place in the file it was read from."""
    try:
        return Turn(text, speaker, role, time, session, id, meta or {})
    except InvalidTurn as error:
        raise InvalidTurn(f"{place}: {error}") from None


def stable_id(*parts: object) -> str:
    """An id that the same parts always give, so that reading a file again adds nothing."""
    return sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _problem(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    field = ".".join(map(str, first["loc"]))
    if first["type"] == "missing":
        return f"{field!r} is missing"
    if first["type"] == "extra_forbidden":
        return f"unknown field {field!r}"
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if first["type"] == "model_type":
        message = "should be an object"
    return f"{field!r} {message}" if field else message
