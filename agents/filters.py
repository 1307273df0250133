"""LangGraph's filters over an item's value: equality, and comparisons such as `{"$gt": 3}`."""

from collections.abc import Callable, Mapping
from typing import Any

from knowhen.memory.errors import InvalidInput


def _number(compare: Callable[[float, float], bool]) -> Callable[[Any, Any], bool]:
    def compared(value: Any, wanted: Any) -> bool:
        try:
            return compare(float(value), float(wanted))
        except (TypeError, ValueError):
            pass
        # What is no number is compared as it is, such as ISO dates.
        return isinstance(value, str) and isinstance(wanted, str) and compare(value, wanted)  # type: ignore[arg-type]

    return compared


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$eq": lambda value, wanted: bool(value == wanted),
    "$ne": lambda value, wanted: bool(value != wanted),
    "$gt": _number(lambda value, wanted: value > wanted),
    "$gte": _number(lambda value, wanted: value >= wanted),
    "$lt": _number(lambda value, wanted: value < wanted),
    "$lte": _number(lambda value, wanted: value <= wanted),
}


def matches(value: Mapping[str, Any], wanted: Mapping[str, Any] | None) -> bool:
    """Whether an item's value fits a filter; None fits all.

    Raises:
        InvalidInput: an operator that does not exist.
    """
    return all(_fits(value.get(name), each) for name, each in (wanted or {}).items())


def _fits(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        if any(str(name).startswith("$") for name in wanted):
            return all(_operate(name, value, each) for name, each in wanted.items())
        return isinstance(value, Mapping) and matches(value, wanted)
    if isinstance(wanted, list | tuple):
        return (
            isinstance(value, list | tuple)
            and len(value) == len(wanted)
            and all(_fits(one, other) for one, other in zip(value, wanted, strict=True))
        )
    return bool(value == wanted)


def _operate(name: str, value: Any, wanted: Any) -> bool:
    if name not in _OPERATORS:
        known = ", ".join(_OPERATORS)
        raise InvalidInput(f"no filter operator is called {name!r}; use one of {known}")
    return _OPERATORS[name](value, wanted)
