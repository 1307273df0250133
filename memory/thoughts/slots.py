"""The slots that thoughts fill: how many values each holds, whose they are, how they rank.

A slot is named in plain English whatever language fills it; a thought's predicate is the slot's
name, or says which of several it is: "sister", "favorite color", "number of cats".
"""

from dataclasses import dataclass
from typing import Literal

from knowhen.memory.records import ThoughtKind

Rank = Literal["instruction", "identity", "constraint", "preference", "relation", "plan", "other"]
RANKS: tuple[Rank, ...] = (
    *("instruction", "identity", "constraint", "preference", "relation", "plan", "other"),
)
"""What a profile shows first when not all of it fits."""


@dataclass(frozen=True, slots=True)
class Slot:
    """What is known of a slot, whoever fills it."""

    name: str
    rank: Rank
    single: bool = False
    """Holds one value at a time: a later one takes over."""
    personal: bool = True
    """Belongs to a person, whose own words outrank everybody else's; else to a thing."""
    kind: ThoughtKind = "fact"


SLOTS: dict[str, Slot] = {
    slot.name: slot
    for slot in (
        Slot("lives in", "identity", single=True),
        Slot("moving to", "plan", single=True, kind="plan"),
        Slot("lives with", "relation", single=True),
        Slot("comes from", "identity", single=True),
        Slot("nationality", "identity"),
        Slot("works as", "identity", single=True),
        Slot("works at", "identity", single=True),
        Slot("studies", "identity", single=True),
        Slot("studies at", "identity", single=True),
        Slot("name", "identity", single=True),
        Slot("nickname", "instruction", single=True),
        Slot("age", "identity", single=True),
        Slot("birthday", "identity", single=True),
        Slot("status of life", "identity", single=True),
        Slot("partner", "relation", single=True),
        Slot("family", "relation"),
        Slot("pet", "relation"),
        Slot("owns", "other"),
        Slot("drives", "other", single=True),
        Slot("speaks", "identity"),
        Slot("learns", "other"),
        Slot("diet", "constraint", single=True, kind="preference"),
        Slot("eats no", "constraint", kind="preference"),
        Slot("allergic to", "constraint"),
        Slot("health", "constraint"),
        Slot("likes", "preference", kind="preference"),
        Slot("dislikes", "preference", kind="preference"),
        Slot("favorite", "preference", single=True, kind="preference"),
        Slot("plays", "other"),
        Slot("skill", "other"),
        Slot("habit", "other"),
        Slot("count", "relation", single=True),
        Slot("amount", "other", single=True),
        Slot("measure", "other", single=True, personal=False),
        Slot("detail", "other", single=True, personal=False),
        Slot("price", "other", single=True, personal=False),
        Slot("version", "other", single=True, personal=False),
        Slot("uses", "other"),
        Slot("status", "other", single=True, personal=False),
        Slot("responsible", "other", single=True, personal=False),
        Slot("date", "plan", single=True, personal=False, kind="plan"),
        Slot("plan", "plan", kind="plan"),
        Slot("promised", "plan"),
        Slot("lent", "other"),
        Slot("borrowed", "other"),
        Slot("owes", "other"),
        Slot("instruction", "instruction", kind="instruction"),
        Slot("happened", "other", kind="event"),
    )
}

ONE_OF_A_KIND = frozenset(
    ("mother", "father", "boss", "landlord", "mentor", "trainer", "assistant", "therapist")
)
"""Relatives and the like of whom a person has one at a time."""
PARTNERS = frozenset(("partner", "husband", "wife", "boyfriend", "girlfriend"))
LINKED: dict[str, frozenset[str]] = {
    slot: frozenset(others)
    for slot, others in {
        "owns": ("drives", "pet"),
        "works at": ("works as",),
        "works as": ("works at",),
        "studies": ("studies at",),
        "status of life": ("partner",),
        "partner": ("status of life",),
        "likes": ("dislikes",),
        "dislikes": ("likes",),
        "plays": ("learns",),
    }.items()
}
"""Slots whose end, or whose new value, may end a value of another slot."""
_FAMILIES = {
    **dict.fromkeys(("owns", "drives", "pet"), "owns"),
    **dict.fromkeys(("likes", "dislikes"), "likes"),
    **dict.fromkeys(("works as", "works at"), "works"),
    **dict.fromkeys(("studies", "studies at"), "studies"),
    **dict.fromkeys(("partner", "status of life"), "partner"),
    **dict.fromkeys(("plays", "learns"), "plays"),
}
_COUNT, _FAVORITE, _AMOUNT = "number of ", "favorite ", "attribute "


def predicate_of(slot: str, kind: str) -> str:
    """The predicate of a thought: "sister" for the family, else the slot with what of it."""
    if slot == "family":
        return "partner" if kind in PARTNERS else kind
    if slot == "count":
        return _COUNT + kind
    if slot == "favorite":
        return _FAVORITE + kind.replace("favourite", "favorite")
    if slot == "amount":
        return _AMOUNT + kind
    return slot


def kind_of_value(predicate: str) -> str:
    """Which of several a predicate names: "cats" of "number of cats"."""
    for prefix in (_COUNT, _FAVORITE, _AMOUNT):
        if predicate.startswith(prefix):
            return predicate.removeprefix(prefix)
    return predicate


def slot_of(predicate: str) -> Slot | None:
    """The slot that a predicate names; None for a predicate of somebody's own."""
    if predicate in SLOTS:
        return SLOTS[predicate]
    for prefix, name in ((_COUNT, "count"), (_FAVORITE, "favorite"), (_AMOUNT, "amount")):
        if predicate.startswith(prefix):
            return SLOTS[name]
    return SLOTS["family"] if predicate in RELATIVES else None


RELATIVES = frozenset(
    (
        *ONE_OF_A_KIND,
        *("sister", "brother", "daughter", "son", "grandmother", "grandfather", "grandson"),
        *("granddaughter", "aunt", "uncle", "cousin", "niece", "nephew", "mother-in-law"),
        *("father-in-law", "sister-in-law", "brother-in-law", "colleague", "teacher", "doctor"),
        *("flatmate", "neighbour", "friend", "child", "grandchild"),
    )
)


def family_of(predicate: str) -> str:
    """The name under which linked slots are filed together."""
    return _FAMILIES.get(predicate, predicate)


def is_single(predicate: str) -> bool:
    """Whether a subject has one value of this predicate at a time."""
    slot = slot_of(predicate)
    return slot is not None and (slot.single or predicate in ONE_OF_A_KIND)


def is_personal(predicate: str) -> bool:
    """Whether the values belong to a person, whose own words count most."""
    slot = slot_of(predicate)
    return slot is not None and slot.personal
