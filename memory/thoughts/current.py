"""What holds now: the current value of what a question asks for, and the facts of a profile.

A question is read for the slots that it asks for, not for the words that it shares with a
statement: "What's Ada's job?" asks for what "I work as a court interpreter" fills.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from knowhen.memory.language.slots import Asked, Subject, readers_of
from knowhen.memory.records import Thought
from knowhen.memory.thoughts.relations import canonical, meaningful, owner, thing_of
from knowhen.memory.thoughts.slots import (
    PARTNERS,
    RANKS,
    RELATIVES,
    Rank,
    is_personal,
    kind_of_value,
    slot_of,
)


# Questions ----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Values:
    """Thoughts that fill what a question asks for, the newest first."""

    current: tuple[Thought, ...] = ()
    outdated: tuple[tuple[Thought, Thought], ...] = ()
    """Thoughts that were overtaken, each with what holds in its place."""

    @property
    def turns(self) -> tuple[str, ...]:
        """Ids of the turns that say what holds, the newest first."""
        return tuple(dict.fromkeys(i for thought in self.current for i in stating(thought)))

    @property
    def outdated_turns(self) -> Mapping[str, str]:
        """For each turn that was overtaken, a turn that says what holds instead."""
        now = set(self.turns)
        return {
            turn: stating(by)[0]
            for thought, by in self.outdated
            for turn in stating(thought)
            if turn not in now and stating(by)
        }


def asked_slots(question: str) -> tuple[Asked, ...]:
    """The slots that a question asks for, in the languages that it may be written in."""
    found: dict[tuple[str, str], Asked] = {}
    for reader in readers_of(question):
        for asked in reader.asked(question):
            found.setdefault((asked.slot, asked.kind), asked)
    return tuple(found.values())


def values(
    question: str,
    thoughts: Iterable[Thought],
    *,
    asker: str = "",
    now: datetime | None = None,
    speaker_of: Callable[[str], str] | None = None,
) -> Values:
    """What holds of the slots that a question asks for; nothing if it asks for none.

    `asker` is whom "I" means; of plans only those ahead of `now` hold. A person's own words
    stand before what others say of them, if `speaker_of` tells who said a turn.
    """
    asked = asked_slots(question)
    if not asked:
        return Values()
    held = {thought.id: thought for thought in thoughts}
    fitting = [t for t in held.values() if any(fits(t, each, asker) for each in asked)]
    current = [t for t in fitting if t.status == "active" and not lapsed(t, now)]
    overtaken = [(t, by) for t in fitting if (by := _successor(t, held)) is not None]
    current += [by for _, by in overtaken if by not in current and by.status == "active"]

    def order(thought: Thought) -> tuple[bool, float, str]:
        heard = thought.contested and speaker_of is not None and _hearsay(thought, speaker_of)
        return heard, *_newest(thought)

    return Values(
        tuple(sorted(current, key=order)),
        tuple(sorted(overtaken, key=lambda pair: _newest(pair[0]))),
    )


def fits(thought: Thought, asked: Asked, asker: str = "") -> bool:
    """Whether a thought fills what is asked, of whom it is asked."""
    slot = slot_of(thought.predicate)
    if slot is None:
        return False
    if slot.name != asked.slot:
        return _partner(thought, asked) and _about(thought, asked, asker)
    if asked.slot == "family" and asked.kind:
        return thought.predicate == asked.kind and _about(thought, asked, asker)
    several = asked.kind and slot.name in ("favorite", "count", "amount")
    if several and not meaningful(asked.kind) & meaningful(kind_of_value(thought.predicate)):
        return False
    return _about(thought, asked, asker)


def _partner(thought: Thought, asked: Asked) -> bool:
    return asked.slot == "family" and asked.kind in PARTNERS and thought.predicate == "partner"


def _about(thought: Thought, asked: Asked, asker: str) -> bool:
    """Whether a thought is about whom or what the question asks."""
    subject = asked.subject
    if subject.kind == "thing":
        words = meaningful(subject.text)
        return bool(words & meaningful(thing_of(thought.subject)[1] or thought.subject))
    if subject.kind == "anybody" or not is_personal(thought.predicate):
        return True
    if subject.kind in ("speaker", "group"):
        return not asker or canonical(thought.subject) == canonical(asker)
    return _same_person(thought, subject, asker)


def _same_person(thought: Thought, subject: Subject, asker: str) -> bool:
    whose, relative = thing_of(thought.subject)
    if subject.kind == "relative":
        holder = canonical(subject.owner or asker)
        return relative == subject.relative and (not holder or whose == holder)
    wanted, have = canonical(subject.text), owner(thought)
    named = wanted == have or wanted in have.split() or have in wanted.split()
    return named and (not whose or relative in RELATIVES)


def _successor(thought: Thought, held: Mapping[str, Thought]) -> Thought | None:
    """What holds in place of a thought that was overtaken: the end of the chain."""
    seen, by = {thought.id}, held.get(thought.superseded_by or "")
    if by is None:
        return None
    while (after := held.get(by.superseded_by or "")) is not None and by.id not in seen:
        seen.add(by.id)
        by = after
    into = held.get(by.merged_into or "")
    return into or by


def stating(thought: Thought) -> list[str]:
    """Ids of the turns that state a thought; a mere premise is left out."""
    return [source.turn_id for source in thought.sources if source.weight > 0]


def lapsed(thought: Thought, now: datetime | None) -> bool:
    """Whether the day of a plan has passed."""
    return now is not None and thought.valid_to is not None and thought.valid_to <= now


def _newest(thought: Thought) -> tuple[float, str]:
    since = thought.valid_from
    return (-since.timestamp() if since is not None else 0.0, thought.id)


# Profile ------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ProfileFact:
    """Something that stands whatever is asked."""

    rank: Rank
    subject: str
    text: str
    turns: tuple[str, ...]
    """Ids of the turns that say so."""
    thought: str
    """Id of the thought."""


SHOWN = tuple(rank for rank in RANKS if rank != "other")


def profile_facts(
    thoughts: Sequence[Thought],
    *,
    asker: str = "",
    now: datetime | None = None,
    speaker_of: Callable[[str], str] | None = None,
) -> list[ProfileFact]:
    """What is known of people now, by rank, the asker's first and the newest before the older.

    Lapsed plans, ended values and happenings are left out, and so is what somebody else says
    about a person against that person's own words, if `speaker_of` tells who said a turn.
    """
    facts = []
    for thought in thoughts:
        slot = slot_of(thought.predicate)
        if slot is None or slot.rank not in SHOWN or not _stands(thought, now):
            continue
        if thought.contested and speaker_of is not None and _hearsay(thought, speaker_of):
            continue
        theirs = bool(asker) and owner(thought) != canonical(asker)
        order = (SHOWN.index(slot.rank), theirs, not thought.pinned, *_newest(thought))
        turns = tuple(stating(thought))
        fact = ProfileFact(slot.rank, thought.subject, thought.text, turns, thought.id)
        facts.append((order, fact))
    return [fact for _, fact in sorted(facts, key=lambda pair: pair[0])]


def _stands(thought: Thought, now: datetime | None) -> bool:
    told = thought.polarity == "positive" and thought.modality in ("asserted", "planned")
    return thought.status == "active" and told and not lapsed(thought, now)


def _hearsay(thought: Thought, speaker_of: Callable[[str], str]) -> bool:
    return owner(thought) not in {canonical(speaker_of(turn)) for turn in stating(thought)}
