"""Changed fields of thoughts, as the operation log keeps them so that undo can put them back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from knowhen.memory.errors import OperationRefused
from knowhen.memory.records import Source, Thought
from knowhen.memory.thoughts.resolution import confidence

NEW = "new"
"""Stands in the log for a thought that the operation added."""

_FIELDS = (
    *("status", "superseded_by", "merged_into", "valid_to", "retired_at", "pinned"),
    *("stability", "last_used", "uses"),
)
_WATCHED = frozenset(("status", "superseded_by", "merged_into", "pinned", "stability", "uses"))
_TIMES = frozenset(("valid_to", "retired_at", "last_used"))


def difference(before: Thought, after: Thought) -> dict[str, list[object]]:
    """The fields that an operation may set, where they differ: old and new value."""
    return {
        field: [_json(getattr(before, field)), _json(getattr(after, field))]
        for field in _FIELDS
        if getattr(before, field) != getattr(after, field)
    }


def restored(thought: Thought, change: Mapping[str, object]) -> Thought:
    """The thought with the old values put back.

    Raises:
        OperationRefused: a later operation has set one of the fields again.
    """
    values: dict[str, object] = {}
    for field, pair in change.items():
        assert isinstance(pair, Sequence)
        if field in _WATCHED and _json(getattr(thought, field)) != pair[1]:
            raise OperationRefused(
                f"a later operation changed {field} of thought {thought.id!r}; undo that first"
            )
        values[field] = _unjson(field, pair[0])
    return replace(thought, **values)  # type: ignore[arg-type]


def reinforced(known: Thought, *again: Thought) -> Thought:
    """The known thought with the sources of others that say the same.

    Wording and times follow from content alone.
    """
    if not again:
        return known
    said = (known, *again)
    found = {source for thought in said for source in thought.sources}
    sources = tuple(sorted(found, key=lambda s: (s.turn_id, s.start, s.end, s.weight)))
    return replace(
        known,
        text=min(thought.text for thought in said),
        subject=min(thought.subject for thought in said),
        object=min(thought.object for thought in said),
        kind=min(thought.kind for thought in said),
        valid_from=_earliest(thought.valid_from for thought in said),
        recorded_at=_earliest(thought.recorded_at for thought in said),
        sources=sources,
        confidence=confidence(sources),
    )


def resting_on(
    thought: Thought, sources: Sequence[Source], recorded: Mapping[str, datetime]
) -> Thought:
    """The thought with only those sources; `recorded` says when their turns were stored."""
    times = [recorded[s.turn_id] for s in sources if s.turn_id in recorded]
    return replace(
        thought,
        sources=tuple(sources),
        recorded_at=min(times, default=thought.recorded_at),
        confidence=confidence(sources),
    )


def pack_sources(sources: Iterable[Source]) -> list[object]:
    """Sources as lists, for the log."""
    return [[s.turn_id, s.start, s.end, s.weight] for s in sources]


def unpack_sources(rows: object) -> list[Source]:
    """Sources from what `pack_sources` wrote."""
    assert isinstance(rows, Sequence)
    return [Source(str(r[0]), int(r[1]), int(r[2]), float(r[3])) for r in rows]


def _earliest(times: Iterable[datetime | None]) -> datetime | None:
    return min((time for time in times if time is not None), default=None)


def _json(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _unjson(field: str, value: object) -> object:
    return datetime.fromisoformat(str(value)) if field in _TIMES and value else value
