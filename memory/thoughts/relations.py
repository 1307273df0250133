"""How two thoughts relate, decided by rules: a pure function of the pair, and who may relate.

`update`: the later one gives the same slot another value, or ends it. `same`: they state the
same. None: nothing follows. Whether an update counts depends on who said it; `resolution` sees
to that.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Literal

from knowhen.memory.language.detection import stop_words
from knowhen.memory.language.slots import readers_of
from knowhen.memory.language.terms import stem, words
from knowhen.memory.records import Modality, Polarity, Thought
from knowhen.memory.thoughts.slots import LINKED, family_of, is_single, slot_of

Relation = Literal["same", "update"]

_REAL = ("asserted", "planned")
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


# Identity ----------------------------------------------------------------------------------
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
    return "t" + blake2b("\0".join(fields).encode(), digest_size=10).hexdigest()


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


def owner(thought: Thought) -> str:
    """The person in the subject: "ann" of "Ann's sister"; a thing of nobody's is its own."""
    return canonical(thought.subject).split("'s ")[0].removesuffix("'s")


# Words --------------------------------------------------------------------------------------
@lru_cache(maxsize=65_536)
def meaningful(text: str) -> frozenset[str]:
    """The words that say what is meant, without endings of the plural and function words.

    Scripts without spaces give their characters in pairs.
    """
    folded = canonical(text)
    listed = _WORD.findall(_UNSPACED.sub(" ", folded))
    found = {_singular(word) for word in listed if word not in _function_words()}
    for signs in _UNSPACED.findall(folded):
        found |= {signs[i : i + 2] for i in range(max(1, len(signs) - 1))}
    return frozenset(found) or frozenset((folded,))


def _singular(word: str) -> str:
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


@lru_cache(maxsize=1)
def _function_words() -> frozenset[str]:
    return frozenset().union(*stop_words().values())


def _covers(one: str, other: str) -> bool:
    """Whether one names what the other names, in fewer words or the same: "the Volvo"."""
    first, second = meaningful(one), meaningful(other)
    return first <= second or second <= first


_LETTER = re.compile(r"\w")


def stems(text: str) -> set[str]:
    """Stems of all words, function words among them."""
    return {stem(word, "en") for word in words(text) if _LETTER.search(word)}


def content_stems(text: str) -> set[str]:
    """Stems of the words that are no function words."""
    stops = _function_words()
    return {stem(word, "en") for word in words(text) if _LETTER.search(word) and word not in stops}


def supported(thought: Thought, texts: Iterable[str]) -> bool:
    """Whether every word of the thought's object occurs in the texts."""
    given = {form for text in texts for form in stems(text)}
    return stems(thought.object) <= given


# Relations ----------------------------------------------------------------------------------
def relation(one: Thought, other: Thought) -> Relation | None:
    """The relation of two thoughts of one space, the same in both directions."""
    if one.id == other.id or one.modality not in _REAL or other.modality not in _REAL:
        return None
    if content(one) == content(other):
        return "same" if "event" not in (one.kind, other.kind) or _one_day(one, other) else None
    if one.predicate == other.predicate == "instruction":
        return _instructions(one, other)
    if not _one_subject(one, other):
        return None
    if one.predicate == other.predicate:
        return _of_one_slot(one, other)
    return _of_linked_slots(one, other)


def _one_day(one: Thought, other: Thought) -> bool:
    if one.valid_from is None or other.valid_from is None:
        return one.valid_from is other.valid_from
    return one.valid_from.date() == other.valid_from.date()


def _one_subject(one: Thought, other: Thought) -> bool:
    """Whether both are about the same person, or about a thing that may be the same."""
    if canonical(one.subject) == canonical(other.subject):
        return True
    slot = slot_of(one.predicate)
    if slot is None or slot.personal:
        return False
    first, second = thing_of(one.subject), thing_of(other.subject)
    return (not first[0] or not second[0] or first[0] == second[0]) and _covers(first[1], second[1])


def thing_of(subject: str) -> tuple[str, str]:
    """Whose thing it is, empty if nobody's, and the thing: "Ann's bike" -> ("ann", "bike")."""
    whose, mark, thing = canonical(subject).rpartition("'s ")
    return (whose, thing) if mark else ("", thing)


def _of_one_slot(one: Thought, other: Thought) -> Relation | None:
    if one.polarity != other.polarity:
        return "update" if _ends(one, other) else None
    if one.polarity == "negative" or canonical(one.object) == canonical(other.object):
        return None
    if is_single(one.predicate):
        # "works as a nurse" and "a nurse in A&E" agree; only figures differ by a part of them.
        agree = _covers(one.object, other.object) and not _FIGURES.search(one.object + other.object)
        return None if agree and _denies(one) == _denies(other) else "update"
    if slot_of(one.predicate) is None and (one.corrects or other.corrects):
        shared = meaningful(one.object) & meaningful(other.object)
        return "update" if shared else None
    return None


def _denies(thought: Thought) -> bool:
    """Whether a value is the want of something: the diet "eats no meat"."""
    return " no " in f" {canonical(thought.object)} "


_FIGURES = re.compile(r"\d")
GENERIC = frozenset(("job", "partner", "studies", "called off", "it", ""))
"""Objects of an end that name the slot and not its value: "quit my job"."""


def _ends(one: Thought, other: Thought) -> bool:
    negative, positive = (one, other) if one.polarity == "negative" else (other, one)
    if canonical(negative.object) in GENERIC or _covers(negative.object, positive.object):
        return True
    # "Marmite is gone" ends "a kitten, Marmite"; who gave it back ends what was lent to them.
    shared = meaningful(negative.object) & meaningful(positive.object)
    return bool(shared) and negative.predicate in ("owns", "pet", "lent", "borrowed")


def _of_linked_slots(one: Thought, other: Thought) -> Relation | None:
    if other.predicate not in LINKED.get(one.predicate, ()) and one.predicate not in LINKED.get(
        other.predicate, ()
    ):
        return None
    if one.polarity != other.polarity:
        if {one.predicate, other.predicate} == {"likes", "dislikes"}:
            return None
        return "update" if _ends(one, other) else None
    if one.polarity == "negative":
        return None
    pair = {one.predicate: one, other.predicate: other}
    if pair.keys() == {"likes", "dislikes"}:
        return "update" if meaningful(one.object) == meaningful(other.object) else None
    if pair.keys() == {"works as", "works at"}:
        return "update" if canonical(pair["works as"].object) == "retired" else None
    if pair.keys() == {"status of life", "partner"}:
        alone = canonical(pair["status of life"].object) in ("single", "divorced", "separated")
        return "update" if alone else None
    return None


def _instructions(one: Thought, other: Thought) -> Relation | None:
    """Two ways to do one thing: most of what the shorter is about stands in the other."""
    first, second = topic(one.object), topic(other.object)
    shared, fewer = len(first & second), min(len(first), len(second))
    if one.polarity != other.polarity:
        return "update" if shared and shared * 2 >= fewer else None
    if one.polarity == "negative":
        return None
    return "update" if shared and shared * 2 >= fewer and shared < len(first | second) else None


@lru_cache(maxsize=4_096)
def topic(instruction: str) -> frozenset[str]:
    """What an instruction is about, without the words that make it one."""
    words = readers_of(instruction)[0].instruction_topic(instruction)
    return frozenset(_singular(word) for word in words)


# Who may relate -----------------------------------------------------------------------------
Key = tuple[str, ...]


def keys(thought: Thought) -> Iterator[Key]:
    """What a thought is filed under: two thoughts that relate share at least one key."""
    yield ("said", *content(thought)[:3])
    slot = slot_of(thought.predicate)
    if thought.predicate == "instruction":
        yield from (("asked", word) for word in topic(thought.object))
        return
    if slot is not None and not slot.personal:
        words = meaningful(thing_of(thought.subject)[1])
        yield from (("thing", thought.predicate, word) for word in words)
        return
    who, family = canonical(thought.subject), family_of(thought.predicate)
    if is_single(thought.predicate):
        yield ("slot", who, family)
    yield from (("object", who, family, word) for word in meaningful(thought.object))
