"""What is accepted at the border: each check gives what is wrong in words, or nothing."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from knowhen.memory.errors import InvalidInput

Record = TypeVar("Record")


def text_fault(value: object) -> str:
    """What keeps a value from being stored as text."""
    if not isinstance(value, str):
        return f"must be text, not {_brief(value)}"
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return "is not valid Unicode (a lone surrogate)"
    return ""


def time_fault(value: object) -> str:
    """What keeps a value from being a point in time; None is one that is not known."""
    if value is None:
        return ""
    if not isinstance(value, datetime):
        return f"must be a datetime with a time zone, not {_brief(value)}"
    return "" if value.utcoffset() is not None else f"has no time zone: {value.isoformat()}"


def check(what: str, fault: str) -> None:
    """Raise InvalidInput if there is a fault."""
    if fault:
        raise InvalidInput(f"{what} {fault}")


def as_json(value: Mapping[str, object]) -> Mapping[str, object]:
    """A mapping as JSON gives it back, and so a copy that no caller can change.

    Raises:
        InvalidInput: it is no mapping, or holds what JSON cannot.
    """
    if not isinstance(value, Mapping):
        raise InvalidInput(f"must be a mapping, not {_brief(value)}")
    if not value:
        return {}
    try:
        written = json.dumps(dict(value), ensure_ascii=False, allow_nan=False)
        written.encode("utf-8")
        found: Mapping[str, object] = json.loads(written)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"cannot be written as JSON ({error})") from None
    return found


def records(value: object, kind: type[Record]) -> list[Record]:
    """One record, or several, as a list.

    Raises:
        InvalidInput: there is anything else.
    """
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        found = list(value)
    else:
        found = [value]
    for each in found:
        if not isinstance(each, kind):
            raise InvalidInput(f"expected a {kind.__name__} or a list of them, not {_brief(each)}")
    return found


def ids(what: str, value: Sequence[str]) -> tuple[str, ...]:
    """Ids as a tuple.

    Raises:
        InvalidInput: it is one text, whose letters would be taken for ids, or no list of texts.
    """
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise InvalidInput(f"{what} must be a list of ids, not {_brief(value)}")
    found = tuple(value)
    for each in found:
        check(f"an id in {what}", text_fault(each))
    return found


def _brief(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else text[:59] + "…"
