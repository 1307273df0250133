"""The status of a thought as a pure function of the thoughts that relate to it.

Nothing here depends on the order in which thoughts arrived, so that erasing one, undoing one or
learning an old one late all come down to resolving its neighbours again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from knowhen.memory.errors import OperationRefused
from knowhen.memory.records import Source, Thought
from knowhen.memory.stores.base import StoredTurn
from knowhen.memory.thoughts.relations import (
    Relation,
    canonical,
    content,
    owner,
    relation,
    thing_of,
)
from knowhen.memory.thoughts.slots import is_personal

_NO_TIME = datetime.min.replace(tzinfo=UTC)


Place = tuple[datetime, int, int]


HEARSAY_WEIGHT = 0.3
"""Evidence of at most this weight never closes what a user said."""


@dataclass(frozen=True, slots=True)
class Standing:
    """When a thought holds from, which turn said it, and who did."""

    place: Place
    """Since when; the arrival number of its first turn, which orders what was said at the same
    time; and where in that turn it stands."""
    authors: frozenset[str]
    own: bool = True
    """Whether the person that it is about said it, or somebody put it in by hand."""
    weight: float = 1.0
    """The most that one of its sources counts."""

    def of(self, person: str) -> bool:
        """Whether that person said it, or somebody put it in by hand."""
        return not self.authors or person in self.authors


def standing_of(thought: Thought, turns: Mapping[str, StoredTurn]) -> Standing:
    """Where a thought stands, from the turns that it rests on.

    A source without weight is a premise: it says what a correction is about, and states nothing.
    """
    known = [(turns[s.turn_id], s) for s in thought.sources if s.turn_id in turns and s.weight > 0]
    first = min(((row.seq, source.start) for row, source in known), default=(0, 0))
    authors = frozenset(canonical(row.turn.speaker or row.turn.role) for row, _ in known)
    return Standing(
        place=(thought.valid_from or _NO_TIME, *first),
        authors=authors,
        own=not known or owner(thought) in authors,
        weight=max((source.weight for _, source in known), default=1.0),
    )


StandingOf = Callable[[Thought], Standing]
Related = Sequence[tuple[Thought, Relation]]


def settled_by_hand(thought: Thought, others: Mapping[str, Thought]) -> bool:
    """Whether an operation, not the rules, gave the thought its status.

    `others` holds the thoughts that it points to, as far as they still exist.
    """
    if thought.status == "expired":
        return True
    if thought.status == "retracted":
        return thought.superseded_by is None
    if thought.status == "merged":
        into = others.get(thought.merged_into or "")
        return into is not None and content(into) != content(thought)
    if thought.status == "superseded":
        by = others.get(thought.superseded_by or "")
        return by is not None and relation(thought, by) is None
    return False


def unresolved(thought: Thought, others: Mapping[str, Thought]) -> Thought:
    """The thought without everything that resolution derived; what was done by hand stays.

    `others` also holds the thoughts merged into it as restatements, whose sources it borrowed.
    """
    borrowed = {
        source
        for other in others.values()
        if other.merged_into == thought.id and content(other) == content(thought)
        for source in other.sources
    }
    sources = tuple(source for source in thought.sources if source not in borrowed)
    thought = replace(
        thought,
        sources=sources or thought.sources,
        supersedes=(),
        contested=False,
        rivals=(),
    )
    if settled_by_hand(thought, others):
        return thought
    return replace(
        thought,
        status="active",
        valid_to=_own_end(thought, others),
        retired_at=None,
        superseded_by=None,
        merged_into=None,
        confidence=confidence(thought.sources) if thought.sources else thought.confidence,
    )


def _own_end(thought: Thought, others: Mapping[str, Thought]) -> datetime | None:
    """Until when the thought itself says that it holds, without what closed it."""
    if thought.superseded_by is None:
        return thought.valid_to
    by = others.get(thought.superseded_by)
    return None if by is None or thought.valid_to == _end(thought, by) else thought.valid_to


def _end(thought: Thought, by: Thought) -> datetime | None:
    """When the thought ended if the other took over from it."""
    if by.valid_from is None or thought.valid_from is None:
        return by.valid_from
    return max(by.valid_from, thought.valid_from)


def confidence(sources: Iterable[Source]) -> float:
    """1 - prod(1 - w) over independent sources: one turn counts once."""
    best: dict[str, float] = {}
    for source in sources:
        best[source.turn_id] = max(best.get(source.turn_id, 0.0), source.weight)
    doubt = 1.0
    for turn_id in sorted(best):
        doubt *= 1.0 - best[turn_id]
    return round(1.0 - doubt, 6)


def resolve(thought: Thought, related: Related, standing: StandingOf) -> Thought:
    """The unresolved `thought` with the status that `related`, unresolved too, gives it.

    - A restatement is merged into the first of an unbroken run of the same statement.
    - A later value of a slot that holds one closes it; a correction retracts it.
    - What two say for one time, or somebody else says about a person later than the person
      themself, is contested: neither closes the other.
    """
    own = standing(thought)
    same = [o for o, kind in related if kind == "same" and (standing(o).own or not own.own)]
    told = [o for o, kind in related if kind == "update" and _may_differ(thought, o, standing)]
    rivals = {o.id for o in told if _disputes(thought, own, o, standing(o))}
    changes = [other for other in told if other.id not in rivals]
    first = _first_of_run(thought, own, same, changes, standing)
    if first is not None:
        return merged_into(thought, first)
    closers = [o for o in changes if standing(o).place > own.place]
    closers = [
        o for o in closers if standing(o).weight > HEARSAY_WEIGHT or own.weight <= HEARSAY_WEIGHT
    ]
    thought = replace(thought, contested=bool(rivals), rivals=tuple(sorted(rivals)))
    return _closed(thought, closers, standing) if closers else thought


def _closes(later: Standing, own: Standing) -> bool:
    strong = later.weight > HEARSAY_WEIGHT or own.weight <= HEARSAY_WEIGHT
    return strong and later.place > own.place


def _may_differ(thought: Thought, other: Thought, standing: StandingOf) -> bool:
    """Whether a thing is the same one: "the dentist" of one speaker is not that of another."""
    if is_personal(thought.predicate) or canonical(thought.subject) == canonical(other.subject):
        return True
    whose = {thing_of(t.subject)[0] for t in (thought, other)} - {""}
    return not whose or whose <= standing(thought).authors & standing(other).authors


def _holder(thought: Thought, other: Thought) -> str:
    """Whose slot or thing two thoughts are about; empty if nobody's."""
    if is_personal(thought.predicate):
        return owner(thought)
    whose = thing_of(thought.subject)[0] or thing_of(other.subject)[0]
    return whose.split("'s ")[0]


def _disputes(thought: Thought, own: Standing, other: Thought, theirs: Standing) -> bool:
    """Two values that do not follow each other.

    Of a person's own slot the person's words hold, whatever others say later.
    """
    holder = _holder(thought, other)
    if holder and own.of(holder) != theirs.of(holder):
        hearsay, word = (theirs, own) if own.of(holder) else (own, theirs)
        return hearsay.place >= word.place
    if thought.corrects or other.corrects:
        return False
    if own.place[:2] == theirs.place[:2]:
        return thought.polarity == other.polarity  # two values in one breath
    return own.place[0] == theirs.place[0] and own.authors != theirs.authors


def _first_of_run(
    thought: Thought,
    own: Standing,
    same: Sequence[Thought],
    changes: Sequence[Thought],
    standing: StandingOf,
) -> Thought | None:
    """The earliest statement of the same that no other value separates from this one."""
    breaks = [standing(o).place for o in changes if standing(o).place < own.place]
    since = max(breaks, default=(_NO_TIME, -1, -1))
    run = [
        o for o in same if since < _rank(o, standing)[0] < own.place or _ties(o, thought, standing)
    ]
    return min(run, key=lambda o: _rank(o, standing), default=None)


def _rank(thought: Thought, standing: StandingOf) -> tuple[Place, str]:
    return standing(thought).place, thought.id


def _ties(other: Thought, thought: Thought, standing: StandingOf) -> bool:
    return standing(other).place == standing(thought).place and other.id < thought.id


def merged_into(thought: Thought, first: Thought) -> Thought:
    """The thought as a restatement of the first of its run."""
    return replace(
        thought, status="merged", merged_into=first.id, retired_at=_later(thought, first)
    )


def with_sources(thought: Thought, again: Iterable[Source]) -> Thought:
    """The first of a run with the sources of those that only say it again."""
    extra = set(again) - set(thought.sources)
    if not extra:
        return thought
    sources = (*thought.sources, *sorted(extra, key=lambda s: (s.turn_id, s.start, s.end)))
    return replace(thought, sources=sources, confidence=confidence(sources))


def _closed(thought: Thought, closers: Sequence[Thought], standing: StandingOf) -> Thought:
    """Closed by the next word on it: as no longer true, or as never true if that corrects it."""
    by = min(closers, key=lambda other: _rank(other, standing))
    if by.corrects:
        return replace(
            thought, status="retracted", superseded_by=by.id, retired_at=_later(thought, by)
        )
    return replace(
        thought,
        status="superseded",
        superseded_by=by.id,
        valid_to=_end(thought, by) if thought.valid_to is None else thought.valid_to,
        retired_at=_later(thought, by),
    )


def _later(one: Thought, other: Thought) -> datetime | None:
    """When memory came to hold both."""
    times = [t.recorded_at for t in (one, other) if t.recorded_at is not None]
    return max(times, default=None)


GONE = frozenset(("merged", "retracted", "expired"))


def known_at(thoughts: Iterable[Thought], time: datetime) -> list[Thought]:
    """Thoughts as memory held them at `time` (system time).

    What was recorded later is left out; what was retired later is active again, with its
    interval open.
    """
    known: list[Thought] = []
    for thought in thoughts:
        if thought.recorded_at is not None and thought.recorded_at > time:
            continue
        if thought.retired_at is not None and thought.retired_at > time:
            closed = thought.superseded_by is not None
            thought = replace(
                thought,
                status="active",
                retired_at=None,
                superseded_by=None,
                merged_into=None,
                valid_to=None if closed else thought.valid_to,
            )
        known.append(thought)
    return known


def true_at(thoughts: Iterable[Thought], time: datetime) -> list[Thought]:
    """Thoughts that were true at `time` (valid time): active ones and those superseded later."""
    return [
        thought
        for thought in thoughts
        if thought.status not in GONE
        and (thought.valid_from is None or thought.valid_from <= time)
        and (thought.valid_to is None or time < thought.valid_to)
    ]


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


def changed(thought: Thought, change: Mapping[str, object]) -> Thought:
    """The thought with the new values of a logged change."""
    values = {
        field: _unjson(field, pair[1])
        for field, pair in change.items()
        if isinstance(pair, Sequence)
    }
    return replace(thought, **values)  # type: ignore[arg-type]


def holds_still(thought: Thought, change: Mapping[str, object]) -> bool:
    """Whether a logged change is the last that was done to its fields."""
    return all(
        isinstance(pair, Sequence) and _json(getattr(thought, field)) == pair[1]
        for field, pair in change.items()
        if field in _WATCHED
    )


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
