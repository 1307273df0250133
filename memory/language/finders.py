"""Who finds the entities of a turn: rules by default, a trained tagger if a user has one.

MemoryManager.open(home)                                     # rules, in six languages
MemoryManager.open(home, entities="spacy:en_core_web_sm")    # a model that is installed
MemoryManager.open(home, entities=SpacyFinder(nlp))          # a pipeline that is loaded
"""

from collections.abc import Iterable
from typing import Protocol

from knowhen.memory.errors import InvalidInput
from knowhen.memory.language.base import EntityFinder, EntityKind, EntitySpan
from knowhen.memory.language.entities import find_entities, normalise

_SPACY = "spacy:"
_KINDS: dict[str, EntityKind] = {
    **dict.fromkeys(("PERSON", "PER", "ORG", "GPE", "LOC", "FAC", "NORP", "PRODUCT"), "name"),
    **dict.fromkeys(("EVENT", "LANGUAGE", "LAW", "MISC"), "name"),
    "WORK_OF_ART": "title",
}
"""Labels of the models for OntoNotes and WikiNER; dates and amounts are read by the rules."""


class Rules:
    """The rules of `entities`, in the language of each text."""

    def find(
        self, text: str, *, speaker: str = "", known: frozenset[str] = frozenset()
    ) -> list[EntitySpan]:
        """Entities in order and without overlap."""
        return find_entities(text, speaker=speaker, known=known)


class TaggedSpan(Protocol):
    """What spaCy's `Span` offers of an entity."""

    @property
    def start_char(self) -> int: ...
    @property
    def end_char(self) -> int: ...
    @property
    def label_(self) -> str: ...


class TaggedText(Protocol):
    """What spaCy's `Doc` offers."""

    @property
    def ents(self) -> Iterable[TaggedSpan]: ...


class Tagger(Protocol):
    """A loaded spaCy pipeline, or anything that is called like one."""

    def __call__(self, text: str) -> TaggedText: ...


class SpacyFinder:
    """Names as a spaCy pipeline tags them; dates, and names in quotation marks, by the rules.

    A tagger does not know whom this memory knows, so names given as known are found as well.
    """

    def __init__(self, nlp: Tagger) -> None:
        self._nlp = nlp

    def find(
        self, text: str, *, speaker: str = "", known: frozenset[str] = frozenset()
    ) -> list[EntitySpan]:
        """Entities in order and without overlap; where two overlap the tagger's stands."""
        tagged = [
            EntitySpan(span.start_char, span.end_char, name, _KINDS[span.label_])
            for span in self._nlp(text).ents
            if span.label_ in _KINDS and (name := normalise(text[span.start_char : span.end_char]))
        ]
        sure = known | {normalise(speaker)} if speaker else known
        ruled = (
            span
            for span in find_entities(text, speaker=speaker, known=known)
            if span.kind in ("date", "title") or span.name in sure
        )
        free = [span for span in ruled if not any(_overlap(span, other) for other in tagged)]
        return sorted([*tagged, *free], key=lambda span: span.start)


def _overlap(one: EntitySpan, other: EntitySpan) -> bool:
    return one.start < other.end and other.start < one.end


def make_finder(choice: str | EntityFinder = "rules") -> EntityFinder:
    """`rules`, `spacy:MODEL`, or a finder as it is.

    Raises:
        InvalidInput: another name, a package or a model that is not installed, or not a finder.
    """
    if not isinstance(choice, str):
        if callable(getattr(choice, "find", None)):
            return choice
        raise InvalidInput(f"not an entity finder: {choice!r}; it needs a method `find`")
    if choice == "rules":
        return Rules()
    if choice.startswith(_SPACY) and len(choice) > len(_SPACY):
        return SpacyFinder(_loaded(choice.removeprefix(_SPACY)))
    raise InvalidInput(
        f"no entity finder is called {choice!r}; use 'rules', 'spacy:MODEL', or one of your own"
    )


def _loaded(model: str) -> Tagger:
    try:
        import spacy
    except ImportError as error:
        raise InvalidInput("spaCy is not installed; `pip install spacy` brings it") from error
    try:
        nlp: Tagger = spacy.load(model)
    except OSError as error:
        raise InvalidInput(f"spaCy has no model {model!r}: {error}") from error
    return nlp
