"""The profile: what a model should know whatever is asked.

A search finds what shares something with a question. "Suggest a restaurant" shares nothing with
"I'm coeliac", and "what's 17 % of 240?" nothing with "please answer in one line". So the standing
part is put together without a question, the same from turn to turn until memory learns better,
and belongs into the stable front of a prompt.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from knowhen.memory.errors import InvalidBudget
from knowhen.memory.fence import plain_line
from knowhen.memory.records import Profile, ProfileItem
from knowhen.memory.thoughts.current import ProfileFact, profile_facts
from knowhen.memory.thoughts.relations import canonical
from knowhen.memory.thoughts.resolution import true_at
from knowhen.memory.tokens import TokenCounter
from knowhen.memory.view.view import View

INSTRUCTIONS = "Standing instructions:"
KNOWN = "Known:"
_OWN = ("identity", "constraint", "preference", "relation", "plan")
"""What the one who asks is told of first, after the instructions."""
_OTHERS = ("constraint", "identity", "relation", "preference", "plan")
"""Of others, what they cannot eat or do comes first: it is what plans for them fail at."""


def make_profile(
    view: View,
    *,
    budget: int,
    counter: TokenCounter,
    now: datetime,
    asker: str | None = None,
    as_of: datetime | None = None,
) -> Profile:
    """The standing part of a memory, within `budget` tokens.

    Standing instructions first, whoever gave them; then who the asker is, what constrains them,
    what they like, their people and animals, their plans; then the others. Only what is current,
    and of a person only what they said themselves.

    Raises:
        InvalidBudget: the budget is not a positive number.
    """
    if isinstance(budget, bool) or not isinstance(budget, int) or budget <= 0:
        raise InvalidBudget(budget)
    corpus = view.corpus
    who = corpus.asker if asker is None else asker
    thoughts = view.thoughts.all()
    if as_of is not None:
        thoughts = [replace(each, status="active") for each in true_at(thoughts, as_of)]
    people = {name for name in corpus.speakers if _is_person(view, name)}

    def speaker_of(turn_id: str) -> str:
        place = corpus.position.get(turn_id)
        return "" if place is None else corpus.speakers[corpus.speaker[place]]

    found = profile_facts(thoughts, asker=who or "", now=as_of or now, speaker_of=speaker_of)
    facts = [
        fact
        for fact in found
        if fact.rank == "instruction"
        or not people.isdisjoint(map(speaker_of, fact.turns))
        # What somebody inserted by hand has no turn.
        or not fact.turns
    ]
    return _within(_ordered(facts, canonical(who or "")), budget, counter)


def _is_person(view: View, speaker: str) -> bool:
    """Whether a speaker is a person: what tools, documents and assistants say is hearsay."""
    corpus = view.corpus
    number = corpus.speakers.index(speaker)
    return bool((corpus.role[corpus.speaker == number] == "user").any())


def _ordered(facts: Iterable[ProfileFact], asker: str) -> list[ProfileFact]:
    def place(fact: ProfileFact) -> tuple[int, int]:
        if fact.rank == "instruction":
            return 0, 0
        if not asker or canonical(fact.subject) == asker:
            return 1, _OWN.index(fact.rank)
        return 2, _OTHERS.index(fact.rank)

    return sorted(facts, key=place)  # stable: the newest stay before the older


def _within(facts: Sequence[ProfileFact], budget: int, counter: TokenCounter) -> Profile:
    """As many facts as fit, in their order; one that is too long makes room for shorter ones."""
    kept: list[ProfileFact] = []
    for fact in facts:
        if counter.count(_text([*kept, fact])) <= budget:
            kept.append(fact)
    text = _text(kept)
    items = tuple(ProfileItem(text=fact.text, sources=fact.turns) for fact in kept)
    return Profile(text=text, items=items, tokens=counter.count(text))


def _text(facts: Sequence[ProfileFact]) -> str:
    told = [f"- {plain_line(fact.text)}" for fact in facts if fact.rank == "instruction"]
    known = [plain_line(fact.text) for fact in facts if fact.rank != "instruction"]
    lines = [
        *([INSTRUCTIONS, *told] if told else ()),
        *([f"{KNOWN} {' '.join(known)}"] if known else ()),
    ]
    return "\n".join(lines)
