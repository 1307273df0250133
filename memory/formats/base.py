"""The format seam: a file in, turns out, each with the space its file suggests."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Protocol, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from knowhen.memory.errors import InvalidFile, InvalidTurn
from knowhen.memory.formats.file import TextFile
from knowhen.memory.records import Role, Turn

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
