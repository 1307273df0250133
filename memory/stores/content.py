"""What makes two turns the same, and what a logged operation names."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace

from knowhen.memory.records import Turn


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
