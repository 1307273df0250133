"""What a language gives to the mechanism: the seam that every pack of words stands behind.

The mechanism holds no word of any language. It asks `registry.language_of(text)` for the language
of a text and reads the text with it. A language without a pack answers with what holds anywhere:
digits, question marks, capitals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

EntityKind = Literal["name", "title", "date", "phrase"]


@dataclass(frozen=True, slots=True)
class DateSpan:
    """Characters `start:end` of a text name the days `first` to `last`, both included."""

    start: int
    end: int
    first: date
    last: date
    text: str


@dataclass(frozen=True, slots=True)
class EntitySpan:
    """Characters `start:end` of a text name the entity `name` (normalised)."""

    start: int
    end: int
    name: str
    kind: EntityKind


@dataclass(frozen=True, slots=True)
class Utterance:
    """What the words of a query say about what it wants."""

    small_talk: bool
    work: bool
    """Asks for work on a text or a number that it brings along."""
    question: bool
    request: bool
    personal: bool
    """Speaks of the speaker, of us, or of something that belongs to a person."""
    help: bool
    """Asks for help or advice, which memory may colour but need not hold."""
    recalling: bool
    """Points back at what was said."""
    words: int
    follows: bool = False
    """Takes up what was just said: "and her sister?", "y su hermana?"."""
    of_listener: bool = False
    """Asks what the one who is spoken to said or did: "what did you recommend to me?"."""
    own: bool = False
    """Speaks of the one who says it, or of "us", outside of what is quoted."""
    shared: bool = False
    """Takes for granted which thing is meant: "the launch date", "el alquiler"; not "the capital of
    Peru", which says itself which one."""


Asked = Literal["who", "where", "how_many", "why"]


@dataclass(frozen=True, slots=True)
class Question:
    """What kind of answer a question wants; a question may want several."""

    collects: bool = False
    """Several things: "which books did she read", "all trips"."""
    temporal: bool = False
    """A time: "when", "how long ago"."""
    current: bool = False
    """How things are now: "still", "these days"."""
    value: bool = False
    """A number, an amount or a date, of which a later one may take the place of an earlier."""
    whether: bool = False
    """Whether something ever happened: "have I been to Rome?"."""
    yes_no: bool = False
    """Yes or no."""
    asks: frozenset[Asked] = frozenset()
    """The question words that it holds."""
    options: tuple[str, ...] = ()
    """The answers to choose from: "tea or coffee" gives both."""


@dataclass(frozen=True, slots=True)
class Pronouns:
    """Folded words that stand for people."""

    speaker: frozenset[str] = frozenset()
    """I, me, my."""
    group: frozenset[str] = frozenset()
    """We, us, our."""
    listener: frozenset[str] = frozenset()
    """You, your."""
    pointing: frozenset[str] = frozenset()
    """He, she, it, they, there: words that point back at what was named before."""


class EntityFinder(Protocol):
    """Finds what a text names. The rules are the default; a trained tagger may take their place."""

    def find(self, text: str, *, speaker: str, known: frozenset[str]) -> list[EntitySpan]:
        """Entities in order and without overlap; `known` are names that count anywhere."""
        ...


class Language(Protocol):
    """One language as the mechanism sees it. All methods are pure and take any text."""

    @property
    def code(self) -> str:
        """Two letters, such as "en"."""
        ...

    @property
    def function_words(self) -> frozenset[str]:
        """Folded words without content: articles, prepositions, auxiliaries, pronouns."""
        ...

    @property
    def pronouns(self) -> Pronouns:
        """Words that stand for people."""
        ...

    def stem(self, word: str) -> str:
        """The stem of a folded word; the word itself where no stemmer knows the language."""
        ...

    def base_name(self, word: str) -> str:
        """A folded name without the ending of its genitive: "kim's" -> "kim"."""
        ...

    def read_utterance(self, text: str) -> Utterance:
        """The kind of a message: small talk, work on a text, a question, something personal."""
        ...

    def read_question(self, text: str) -> Question:
        """The kind of answer that a question wants."""
        ...

    def asks(self, text: str) -> bool:
        """Whether a text is one sentence that asks for something and tells nothing."""
        ...

    def refuses(self, text: str) -> bool:
        """Whether an answer says that it has none: "I do not know"."""
        ...

    def find_dates(
        self, text: str, *, base: datetime | None = None, past: bool = False
    ) -> list[DateSpan]:
        """Dates in order and without overlap; relative ones count from `base`.

        `past` says that a date without a year has gone by, as in a question about it.
        """
        ...

    def boundary_cues(self, text: str, names: Sequence[str]) -> tuple[str, ...]:
        """Which of the named cues for a new topic a turn holds."""
        ...
