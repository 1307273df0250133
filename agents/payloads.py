"""What a framework hands over, in the form of JSON."""

import logging
import math
from collections.abc import Mapping

log = logging.getLogger(__name__)

DEPTH = 100
"""Levels of nesting that are kept; nothing that somebody said lies deeper."""


def as_payload(value: Mapping[str, object]) -> dict[str, object]:
    """The value as JSON holds it; what JSON cannot hold is kept as text, and named in the log."""
    changed: list[str] = []
    found = {
        _key(key): _plain(each, (_key(key),), (value,), changed) for key, each in value.items()
    }
    if changed:
        log.warning("JSON cannot hold what an item has at %s; kept as text", ", ".join(changed))
    return found


def _plain(
    value: object, path: tuple[str, ...], around: tuple[object, ...], changed: list[str]
) -> object:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _sound(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    deeper = (*around, value)
    if len(around) < DEPTH and not any(value is each for each in around):
        if callable(dump := getattr(value, "model_dump", None)):  # the SDKs' pydantic models
            return _plain(dump(exclude_unset=True), path, deeper, changed)
        if isinstance(value, Mapping):
            return {
                _key(key): _plain(each, (*path, _key(key)), deeper, changed)
                for key, each in value.items()
            }
        if isinstance(value, list | tuple):
            return [
                _plain(each, (*path, str(place)), deeper, changed)
                for place, each in enumerate(value)
            ]
    changed.append(".".join(path[:8]))
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, Mapping | list | tuple):
        return f"[{type(value).__name__}]"  # too deep, or inside itself
    try:
        return _sound(str(value))
    except Exception:  # whatever an object raises when it is asked for its words
        return f"[{type(value).__name__}]"


def _key(value: object) -> str:
    return _sound(str(value))


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # a model may write half a surrogate
