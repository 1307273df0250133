"""How two thoughts relate, decided by rules: a pure function of the pair.

`update`: the later one gives the same attribute another value. `contest`: they cannot both be
true, and lateness does not decide. `same`: they state the same. None: nothing follows.
"""

import hashlib
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from knowhen.memory.records import Modality, Polarity, Thought
from knowhen.memory.thoughts.clauses import is_single
from knowhen.memory.thoughts.features import Features, Value, features

_SPACES = re.compile(r"\s+")


@lru_cache(maxsize=65_536)
def canonical(text: str) -> str:
    """Folded, with single spaces and without outer punctuation."""
    return _SPACES.sub(" ", text.casefold()).strip(" .,;:!?\"'")


def thought_id(
    space: str,
    subject: str,
    predicate: str,
    object: str,
    polarity: Polarity,
    modality: Modality,
    valid_from: datetime | None,
) -> str:
    """Digest of what is stated and from when on; the same in any order of arrival."""
    since = valid_from.astimezone(UTC).isoformat() if valid_from else ""
    fields = (space, canonical(subject), predicate, canonical(object), polarity, modality, since)
    return "t" + hashlib.blake2b("\0".join(fields).encode(), digest_size=10).hexdigest()


Content = tuple[str, str, str, str, str]


def content(thought: Thought) -> Content:
    """What is stated, whenever it is true: thoughts alike in it say the same."""
    return (
        canonical(thought.subject),
        thought.predicate,
        canonical(thought.object),
        thought.polarity,
        thought.modality,
    )


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
        return "same" if "event" not in (one.kind, other.kind) or _one_day(one, other) else None
    same_subject = canonical(one.subject) == canonical(other.subject)
    if one.modality == other.modality and same_subject and one.predicate == other.predicate:
        by_slot = _slot_relation(one, other)
        if by_slot is not None:
            return by_slot
    if one.modality != other.modality or not _same_owner(one, other):
        return None
    return _worded_relation(one, other)


def _one_day(one: Thought, other: Thought) -> bool:
    if one.valid_from is None or other.valid_from is None:
        return one.valid_from is other.valid_from
    return one.valid_from.date() == other.valid_from.date()


def _slot_relation(one: Thought, other: Thought) -> Relation | None:
    same_object = canonical(one.object) == canonical(other.object)
    if one.polarity != other.polarity:
        return "update" if same_object else None
    if is_single(one.predicate) and one.polarity == "positive" and not same_object:
        return "update"
    if (one.corrects or other.corrects) and not same_object:
        return "update" if _alike(features(one), features(other)) >= 0.5 else None
    return None


def _same_owner(one: Thought, other: Thought) -> bool:
    """Whether both may be about one person or thing; "the …" may be anybody's."""
    first, second = owner(one), owner(other)
    return first == second or first.startswith("the ") or second.startswith("the ")


def owner(thought: Thought) -> str:
    """The first name in the subject: "Ann" of "Ann's kids"."""
    return canonical(thought.subject).split("'s")[0].split("’s")[0]


def _worded_relation(one: Thought, other: Thought) -> Relation | None:
    first, second = features(one), features(other)
    if bool(first.never) != bool(second.never):
        if owner(one) != owner(other):
            return None
        never, deed = (first, second) if first.never else (second, first)
        positive = other if first.never else one
        return "contest" if _denies(never, deed) and positive.kind != "preference" else None
    if first.negative or second.negative or _different_ones(first, second):
        return None
    pairs = ((a, b) for a in first.values for b in second.values)
    if any(_revalued(a, b, first, second) for a, b in pairs if _pending(a, one, b, other)):
        return "update"
    return None


def _pending(a: Value, one: Thought, b: Value, other: Thought) -> bool:
    """A day is moved only while it is still to come; else it is one more of its kind."""
    if a.kind != "date" or one.valid_from is None or other.valid_from is None:
        return True
    first, then = (a, other) if one.valid_from <= other.valid_from else (b, one)
    assert then.valid_from is not None
    return str(first.number) >= then.valid_from.date().isoformat()


def _denies(never: Features, deed: Features) -> bool:
    """Whether what is said never to have been is stated by the other."""
    if deed.negative:
        return False
    everything = frozenset().union(*never.never)
    same_verb = never.never_verb in deed.stems
    if len(_told_apart(everything & deed.stems, never)) >= 3:
        return True
    return any(_covers(alternative, never, deed, same_verb) for alternative in never.never)


def _covers(alternative: frozenset[str], never: Features, deed: Features, same_verb: bool) -> bool:
    shared = alternative & deed.stems
    share = len(shared) / len(alternative)
    if shared & never.names and alternative - shared <= _GENERIC:
        return True
    return len(_told_apart(shared, never)) >= 2 and share >= (0.5 if same_verb else 0.65)


def _told_apart(shared: frozenset[str], never: Features) -> frozenset[str]:
    """The shared stems, with all those of a name counted as one."""
    names = shared & never.names
    return (shared - names) | frozenset(sorted(names)[:1])


def _different_ones(one: Features, other: Features) -> bool:
    """Whether they speak of different ones of a series, as of sprint 1 and sprint 2."""
    nouns = {noun for noun, _ in one.ordinals} & {noun for noun, _ in other.ordinals}
    return any(
        {i for n, i in one.ordinals if n == noun}.isdisjoint(
            i for n, i in other.ordinals if n == noun
        )
        for noun in nouns
    )


def _revalued(a: Value, b: Value, one: Features, other: Features) -> bool:
    """Whether `a` and `b` are two values of one measure."""
    if a.kind != b.kind or a.number == b.number:
        return False
    if a.kind == "count":
        return _recounted(a, b, one, other)
    if a.kind == "date":
        return _rescheduled(a, b, one, other)
    return _remeasured(a, b, one, other)


def _remeasured(a: Value, b: Value, one: Features, other: Features) -> bool:
    """The same kind of measure, such as accuracy, of something that both name."""
    shared = a.near & b.near
    if a.near & _MEASURES and b.near & _MEASURES:
        return bool(shared & _MEASURES) and bool(shared - _MEASURES)
    least = 0.5 if a.kind in _LENGTHS else 0.3
    return len(shared) >= 2 and _alike(one, other) >= least


def _recounted(a: Value, b: Value, one: Features, other: Features) -> bool:
    changed = one.changed or other.changed
    if a.head and b.head:
        if a.head != b.head or (a.details and b.details and not a.details & b.details):
            return False
        beyond = (one.stems & other.stems) - {a.head}
        return len(beyond) >= 2 or (changed and (bool(beyond) or not (a.details or b.details)))
    if not (a.head or b.head):
        return _remeasured(a, b, one, other)
    counted, reached = (a, b) if a.head else (b, a)
    return changed and counted.head in reached.near


def _rescheduled(a: Value, b: Value, one: Features, other: Features) -> bool:
    shared = a.near & b.near
    if shared & _SCHEDULED and len(shared) >= 2:
        return True
    return len(shared) >= 3 and _alike(one, other) >= 0.4


def _alike(one: Features, other: Features) -> float:
    """Share of the content of the shorter statement that the other has too."""
    smaller = min(len(one.stems), len(other.stems)) or 1
    return len(one.stems & other.stems) / smaller


_GENERIC = frozenset(
    (
        *("compon", "librari", "softwar", "tool", "framework", "featur", "app", "product"),
        *("servic", "platform", "class", "packag", "system", "version", "stuff", "site"),
    )
)
"""Nouns that only say what kind of thing a name is: "any Bootstrap components"."""
_MEASURES = frozenset(
    (
        *("accuraci", "score", "rate", "coverag", "latenc", "respons", "speed", "grade", "quota"),
        *("limit", "salari", "price", "cost", "budget", "weight", "height", "percentag", "growth"),
        *(
            "increas",
            "reduct",
            "rent",
            "loan",
            "incom",
            "rais",
            "bonus",
            "discount",
            "lag",
            "delay",
        ),
    )
)
"""Stems of nouns that name what is measured; two values of different ones never compete."""
_LENGTHS = frozenset(("cm", "mm", "m", "km", "mile", "px"))
_SCHEDULED = frozenset(
    (
        *("deadlin", "due", "meet", "call", "interview", "appoint", "launch", "releas", "exam"),
        *("flight", "trip", "wed", "parti", "session", "submiss", "sprint", "present", "deliveri"),
        *("event", "concert", "class", "surgeri", "visit", "demo", "review", "workshop", "start"),
    )
)
