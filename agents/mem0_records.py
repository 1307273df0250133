"""How a turn reads as a record of mem0, whose it is, and which records a filter wants."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from knowhen.memory.errors import InvalidInput
from knowhen.memory.records import Turn

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, wanted: bool(value == wanted),
    "ne": lambda value, wanted: bool(value != wanted),
    "gt": lambda value, wanted: value is not None and bool(value > wanted),
    "gte": lambda value, wanted: value is not None and bool(value >= wanted),
    "lt": lambda value, wanted: value is not None and bool(value < wanted),
    "lte": lambda value, wanted: value is not None and bool(value <= wanted),
    "in": lambda value, wanted: value in wanted,
    "nin": lambda value, wanted: value not in wanted,
    "contains": lambda value, wanted: wanted in (value or ""),
    "icontains": lambda value, wanted: str(wanted).lower() in str(value or "").lower(),
}

Record = dict[str, Any]
OWNERS = ("user_id", "agent_id", "run_id")
SESSION = "mem0"
UPDATES = "mem0 updates"
DEFAULT_SPACE = "default"
"""Where a memory is that nobody is named for."""
ROOT = "mem0:updates"
"""In the meta of a version: the id under which the memory is known."""
REPLACES = "mem0:replaces"
"""In the meta of a version: the turn whose place it takes."""
RESERVED = frozenset((*OWNERS, ROOT, REPLACES))
"""Names in the meta of a turn that are ours and no metadata of the caller."""


def named(filters: Mapping[str, Any] | None, name: str) -> str | None:
    """The value that a filter asks of a name in every case, such as `user_id`."""
    for key, wanted in (filters or {}).items():
        if key == name and isinstance(wanted, str):
            return None if wanted == "*" else wanted
        if key == "AND":
            found = [value for part in wanted if (value := named(part, name))]
            if found:
                return found[0]
    return None


def fits(record: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    """Whether a record's own fields and metadata fit.

    Raises:
        InvalidInput: a comparison that does not exist.
    """
    return all(_holds(record, key, wanted) for key, wanted in filters.items())


def _holds(record: Mapping[str, Any], key: str, wanted: Any) -> bool:
    if key == "AND":
        return all(fits(record, part) for part in wanted)
    if key == "OR":
        return any(fits(record, part) for part in wanted)
    if key == "NOT":
        parts = [wanted] if isinstance(wanted, Mapping) else wanted
        return not any(fits(record, part) for part in parts)
    metadata = record.get("metadata") or {}
    if key == "metadata" and isinstance(wanted, Mapping):
        return fits({"metadata": metadata}, wanted)
    value = record[key] if key in record else metadata.get(key)
    if wanted == "*":
        return value is not None
    if not isinstance(wanted, Mapping):
        return bool(value == wanted)
    return all(_compare(name, value, each) for name, each in wanted.items())


def _compare(name: str, value: Any, wanted: Any) -> bool:
    if name not in _COMPARISONS:
        known = ", ".join(_COMPARISONS)
        raise InvalidInput(f"no comparison is called {name!r}; use one of {known}")
    return _COMPARISONS[name](value, wanted)


def owner_of(*, filters: Mapping[str, Any] | None = None, **ids: str | None) -> dict[str, str]:
    """Who the memories belong to, from the arguments or the filters."""
    given = {name: ids.get(name) or named(filters, name) for name in OWNERS}
    owner = {name: str(value) for name, value in given.items() if value}
    if not owner:
        raise InvalidInput("say whose memory it is: user_id, agent_id or run_id")
    return owner


def space_name(owner: Mapping[str, str]) -> str:
    """The space of an owner: a user's own name, where no other owner can have it.

    `user_id="alice"` -> `alice`, `agent_id="planner"` -> `agent:planner`, and
    `user_id="agent:planner"` -> `user:agent:planner`.
    """
    if "user_id" in owner:
        user = owner["user_id"]
        return f"user:{user}" if ":" in user or user == DEFAULT_SPACE else user
    name = "agent_id" if "agent_id" in owner else "run_id"
    return f"{name.removesuffix('_id')}:{owner[name]}"


def _user_of(space: str) -> str | None:
    """The user whose memories a space holds; None if it is no user's."""
    if space.startswith("user:"):
        return space.removeprefix("user:")
    return None if ":" in space else space


def is_ours(turn: Turn) -> bool:
    """Whether a turn was added through this facade or taken over from mem0."""
    return turn.session in (SESSION, UPDATES) or any(name in turn.meta for name in OWNERS)


def record_of(turn: Turn, space: str) -> Record:
    ids = {name: turn.meta[name] for name in OWNERS if name in turn.meta}
    user = _user_of(space)
    if not ids and user is not None:
        ids = {"user_id": user}  # said through another adapter, in the same space
    return {
        "id": str(turn.meta.get(ROOT) or turn.id),
        "memory": turn.text,
        "hash": hashlib.md5(turn.text.encode(), usedforsecurity=False).hexdigest(),
        "metadata": {key: value for key, value in turn.meta.items() if key not in RESERVED} or None,
        "created_at": iso(turn.time),
        "updated_at": iso(turn.time) if ROOT in turn.meta else None,
        "role": turn.role,
        **ids,
    }


def iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
