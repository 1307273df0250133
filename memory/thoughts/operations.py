"""Operations on thoughts as plain values: applied by the ledger, logged, undone and replayed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from knowhen.memory.errors import InvalidInput
from knowhen.memory.records import Modality, Polarity, Source, ThoughtKind


@dataclass(frozen=True, slots=True)
class Insert:
    """Add a thought by hand. Without a subject the statement is read by rules."""

    text: str
    subject: str = ""
    predicate: str = ""
    object: str = ""
    polarity: Polarity = "positive"
    modality: Modality = "asserted"
    kind: ThoughtKind = "fact"
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    sources: tuple[Source, ...] = ()
    corrects: bool = False


@dataclass(frozen=True, slots=True)
class Reinforce:
    """Add sources to a thought."""

    thought_id: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Supersede:
    """Close a thought: it was true until the newer one took over."""

    thought_id: str
    by: str


@dataclass(frozen=True, slots=True)
class Retract:
    """Mark a thought as never true."""

    thought_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Merge:
    """Put several thoughts into a derived one; without a text theirs are joined."""

    thought_ids: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Expire:
    """Archive a thought: kept, and no longer recalled."""

    thought_id: str


@dataclass(frozen=True, slots=True)
class Pin:
    """Keep a thought from fading, or stop keeping it."""

    thought_id: str
    pinned: bool = True


@dataclass(frozen=True, slots=True)
class Use:
    """Thoughts that helped an answer: they fade more slowly from now on."""

    thought_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Erase:
    """Destroy thoughts, and turns as the sources of thoughts. Cannot be undone."""

    turn_ids: tuple[str, ...] = ()
    thought_ids: tuple[str, ...] = ()


Operation = Insert | Reinforce | Supersede | Retract | Merge | Expire | Pin | Use | Erase

KINDS: dict[str, type[Any]] = {
    kind.__name__.lower(): kind
    for kind in (Insert, Reinforce, Supersede, Retract, Merge, Expire, Pin, Use, Erase)
}


def kind_of(operation: Operation) -> str:
    """The name under which an operation is logged."""
    return type(operation).__name__.lower()


def to_payload(operation: Operation) -> dict[str, object]:
    """The operation as values that JSON can hold."""
    return {name: _plain(value) for name, value in asdict(operation).items()}


def from_payload(kind: str, payload: Mapping[str, Any]) -> Operation:
    """The operation that was logged.

    Raises:
        InvalidInput: no such kind, or the payload was blanked by an erasure.
    """
    if kind not in KINDS or not payload:
        raise InvalidInput(f"no operation can be read from a {kind!r} entry of the log")
    values: dict[str, object] = {}
    for field in fields(KINDS[kind]):
        if field.name in payload:
            values[field.name] = _restored(field.name, payload[field.name])
    operation: Operation = KINDS[kind](**values)
    return operation


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return value


def _restored(name: str, value: Any) -> object:
    if name == "sources":
        return tuple(Source(**source) for source in value)
    if name in ("valid_from", "valid_to") and value is not None:
        return datetime.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value
