"""Records as JSON-able dictionaries and back, and what makes two of them the same.

Rows, the operation log and exports are all written by this file.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, replace
from datetime import datetime
from typing import Any, TypeVar

from knowhen.memory.errors import DamagedRecord
from knowhen.memory.records import Event, Source, Thought, Turn

Row = TypeVar("Row", bound=Sequence[Any])
Record = TypeVar("Record")
Json = dict[str, object]
"""What `json` reads and writes without help: text, numbers, booleans, None, lists and dicts."""


def turn_to_dict(turn: Turn) -> Json:
    """The turn as JSON-able values; the time is ISO 8601 with its own offset."""
    return _to_dict(turn)


def turn_from_dict(values: Mapping[str, object]) -> Turn:
    """The turn again, equal to the one that was written."""
    return Turn(**_arguments(Turn, values))


def event_to_dict(event: Event) -> Json:
    """The event as JSON-able values."""
    return _to_dict(event)


def event_from_dict(values: Mapping[str, object]) -> Event:
    """The event again, equal to the one that was written."""
    return Event(**_arguments(Event, values))


def thought_to_dict(thought: Thought) -> Json:
    """The thought as JSON-able values."""
    return _to_dict(thought)


def thought_from_dict(values: Mapping[str, object]) -> Thought:
    """The thought again, equal to the one that was written."""
    return Thought(**_arguments(Thought, values))


def row_of(record: Turn | Event | Thought) -> Json:
    """The record without fields that are as they always are: reading it puts them back."""
    usual = _USUAL[type(record)]
    return {
        name: value
        for name, value in _to_dict(record).items()
        if name not in usual or value != usual[name]
    }


def dumps(value: Mapping[str, object] | Sequence[object]) -> str:
    """Compact JSON that leaves letters as they are, so that a byte scan finds what is kept."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate can only be kept escaped
        return json.dumps(value, separators=(",", ":"))
    return text


def loads(text: str) -> Any:
    """What `dumps` wrote."""
    return json.loads(text)


def decoded(kind: str, rows: Iterable[Row], read: Callable[[Row], Record]) -> list[Record]:
    """Rows as records.

    Raises:
        DamagedRecord: a row cannot be read; it is named by the first of its values.
    """
    found = []
    for row in rows:
        try:
            found.append(read(row))
        except (ValueError, TypeError, KeyError, AttributeError):
            # Without the cause, which would show what the row says.
            raise DamagedRecord(kind, row[0]) from None
    return found


_NAMES = {
    record: tuple(f.name for f in fields(record)) for record in (Turn, Event, Thought, Source)
}
_TIMES = {
    record: frozenset(f.name for f in fields(record) if f.type in (datetime, datetime | None))
    for record in (Turn, Event, Thought)
}
_TUPLES = {
    record: frozenset(f.name for f in fields(record) if f.type == tuple[str, ...])
    for record in (Turn, Event, Thought)
}
_REQUIRED = {
    record: frozenset(
        f.name for f in fields(record) if f.default is MISSING and f.default_factory is MISSING
    )
    for record in (Turn, Event, Thought)
}


_USUAL = {
    record: {
        f.name: [] if f.default == () else f.default
        for f in fields(record)
        if f.default is not MISSING
    }
    for record in (Turn, Event, Thought)
}


def _to_dict(record: Turn | Event | Thought | Source) -> Json:
    return {name: _plain(getattr(record, name)) for name in _NAMES[type(record)]}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Source):
        return _to_dict(value)
    if isinstance(value, Mapping):
        return dict(value)
    return value


def _arguments(record: type[Turn] | type[Event] | type[Thought], values: Mapping[str, Any]) -> Any:
    """Arguments of the record; a field that an older file lacks takes its default."""
    names, times, tuples = _NAMES[record], _TIMES[record], _TUPLES[record]
    missing = _REQUIRED[record] - values.keys()
    if missing:
        raise ValueError(f"{record.__name__.lower()} without {', '.join(sorted(missing))}")
    arguments: dict[str, object] = {}
    for name in names:
        if name not in values:
            continue
        value = values[name]
        if name in times and value is not None:
            value = datetime.fromisoformat(value)
        elif name in tuples:
            value = tuple(value)
        elif name == "sources":
            value = tuple(Source(**s) for s in value)
        arguments[name] = value
    return arguments


def same_content(one: Turn, other: Turn) -> bool:
    """Whether two turns of one id say the same; equal instants count as equal times."""
    return _content(one) == _content(other)


def stored_form(turn: Turn) -> Turn:
    """The turn as it comes back from any store: `meta` as JSON gives it back."""
    return replace(turn, meta=json.loads(json.dumps(dict(turn.meta)))) if turn.meta else turn


def names_any(value: object, ids: Collection[str]) -> bool:
    """Whether a string equal to one of the ids stands anywhere in a JSON-able value."""
    if isinstance(value, str):
        return value in ids
    if isinstance(value, Mapping):
        return any(key in ids or names_any(item, ids) for key, item in value.items())
    if isinstance(value, list | tuple):
        return any(names_any(item, ids) for item in value)
    return False


def _content(turn: Turn) -> tuple[object, ...]:
    # As JSON text, because NaN differs from itself and a tuple comes back as a list.
    meta = json.dumps(json.loads(json.dumps(dict(turn.meta))), sort_keys=True)
    return turn.text, turn.speaker, turn.role, turn.time, turn.session, meta
