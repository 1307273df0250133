"""mem0's filters: names with values or comparisons, joined by AND, OR and NOT."""

from collections.abc import Callable, Mapping
from typing import Any

from knowhen.memory.errors import InvalidInput

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
