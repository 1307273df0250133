"""How two thoughts relate, decided by rules: a pure function of the pair.

`update`: the later one gives the same attribute another value. `contest`: they cannot both be
true, and lateness does not decide. `same`: they state the same. None: nothing follows.
"""

from typing import Literal

from knowhen.memory.records import Thought
from knowhen.memory.thoughts.features import Features, Value, features
from knowhen.memory.thoughts.identity import canonical, content
from knowhen.memory.thoughts.slots import is_single

Relation = Literal["same", "update", "contest"]

AGENT_WEIGHT = 0.3
"""Evidence of at most this weight never closes or contests what a user said."""
_REAL = ("asserted", "planned")


def relation(one: Thought, other: Thought) -> Relation | None:
    """The relation of two thoughts of one space, the same in both directions."""
    if one.id == other.id or one.modality not in _REAL or other.modality not in _REAL:
        return None
    if (one.confidence <= AGENT_WEIGHT) != (other.confidence <= AGENT_WEIGHT):
        return None
    if content(one) == content(other):
        return "same" if one.kind != "event" else None
    same_subject = canonical(one.subject) == canonical(other.subject)
    if one.modality == other.modality and same_subject and one.predicate == other.predicate:
        by_slot = _slot_relation(one, other)
        if by_slot is not None:
            return by_slot
    if one.modality != other.modality or not _same_owner(one, other):
        return None
    return _worded_relation(features(one), features(other))


def _slot_relation(one: Thought, other: Thought) -> Relation | None:
    same_object = canonical(one.object) == canonical(other.object)
    if one.polarity != other.polarity:
        return "update" if same_object else None
    if is_single(one.predicate) and one.polarity == "positive" and not same_object:
        return "update"
    return None


def _same_owner(one: Thought, other: Thought) -> bool:
    """Whether both are about the same person or thing, possessions included."""
    first, second = owner(one), owner(other)
    return first == second


def owner(thought: Thought) -> str:
    """The first name in the subject: "Ann" of "Ann's kids"."""
    return canonical(thought.subject).split("'s")[0].split("’s")[0]


def _worded_relation(one: Features, other: Features) -> Relation | None:
    if one.never != other.never:
        return "contest" if _denies(*((one, other) if one.never else (other, one))) else None
    if one.negative or other.negative:
        return None
    return "update" if _revalues(one, other) else None


def _denies(never: Features, positive: Features) -> bool:
    """Whether what is said never to have been is stated by the other."""
    if positive.negative:
        return False
    shared = never.stems & positive.stems
    return len(shared) >= 2 and len(shared) >= 0.4 * len(never.stems)


def _revalues(one: Features, other: Features) -> bool:
    """Whether both give one measure different values."""
    shared = one.stems & other.stems
    if len(shared) < 2:
        return False
    return any(
        _other_value(a, b) and _close(a, b, one, other) for a in one.values for b in other.values
    )


def _other_value(one: Value, other: Value) -> bool:
    return one.kind == other.kind and one.number != other.number and bool(one.heads & other.heads)


def _close(a: Value, b: Value, one: Features, other: Features) -> bool:
    heads = a.heads & b.heads
    smaller = min(len(one.stems), len(other.stems))
    return len(heads) >= 2 or len(one.stems & other.stems) >= max(2, 0.5 * smaller)
