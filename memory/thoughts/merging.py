"""Merging thoughts into a derived one that says everything its parents said.

TiM fuses thoughts of one head entity by having a model rewrite their bucket, which can lose or
invent facts; here a merge that would lose an object is refused.
"""

from collections.abc import Sequence
from datetime import datetime

from knowhen.memory.errors import OperationRefused
from knowhen.memory.records import Thought
from knowhen.memory.thoughts.checks import stems
from knowhen.memory.thoughts.identity import canonical, thought_id
from knowhen.memory.thoughts.resolution import confidence


def merged(parents: Sequence[Thought], *, text: str, now: datetime) -> Thought:
    """The thought derived from `parents`; without a text theirs are joined.

    Raises:
        OperationRefused: fewer than two parents, one that is not active, parents that differ in
            space, polarity, modality or validity, or a text that leaves out a word of an object.
    """
    _check(parents)
    first = parents[0]
    text = text.strip() or " ".join(parent.text for parent in parents)
    lost = {form for parent in parents for form in stems(parent.object)} - stems(text)
    if lost:
        raise OperationRefused(f"the merged text would lose {', '.join(sorted(lost))}")
    subjects = {canonical(parent.subject) for parent in parents}
    subject = first.subject if len(subjects) == 1 else " and ".join(_once(parents, "subject"))
    predicate = " / ".join(_once(parents, "predicate"))
    object = "; ".join(_once(parents, "object"))
    valid_from = max((p.valid_from for p in parents if p.valid_from), default=None)
    sources = tuple(dict.fromkeys(source for parent in parents for source in parent.sources))
    return Thought(
        id=thought_id(
            first.space, subject, predicate, object, first.polarity, first.modality, valid_from
        ),
        space=first.space,
        text=text,
        subject=subject,
        predicate=predicate,
        object=object,
        polarity=first.polarity,
        modality=first.modality,
        kind=first.kind if len({p.kind for p in parents}) == 1 else "fact",
        valid_from=valid_from,
        valid_to=first.valid_to,
        recorded_at=now,
        sources=sources,
        confidence=confidence(sources) if sources else first.confidence,
        stability=max(parent.stability for parent in parents),
        pinned=any(parent.pinned for parent in parents),
    )


def _once(parents: Sequence[Thought], field: str) -> list[str]:
    return list(dict.fromkeys(str(getattr(parent, field)) for parent in parents))


def _check(parents: Sequence[Thought]) -> None:
    if len(parents) < 2:
        raise OperationRefused("a merge needs at least two thoughts")
    for parent in parents:
        if parent.status != "active":
            raise OperationRefused(f"thought {parent.id!r} is {parent.status}, not active")
    for field in ("space", "polarity", "modality", "valid_to"):
        if len({getattr(parent, field) for parent in parents}) > 1:
            raise OperationRefused(f"thoughts that differ in {field} are never merged")
    days = {parent.valid_from.date() for parent in parents if parent.valid_from}
    if any(parent.kind == "event" for parent in parents) and len(days) > 1:
        raise OperationRefused("events of different days are never merged")
