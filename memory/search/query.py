"""What a query asks: content words, whom it names, which days it means, and what kind it is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from knowhen.memory.language.dates import find_dates
from knowhen.memory.language.pronouns import names_the_speaker
from knowhen.memory.language.terms import fold, terms, words

_WORD = re.compile(r"\w+(?:['’]\w+)*")
# English rules.
_LIST = re.compile(
    r"\b(?:what|which)\s+(?:\w+\s+){0,2}?\w+s\b.*\b(?:has|have|did|does|do|are|were)\b"
    r"|\bhow many\b|\b(?:list|all|every|both)\b",
    re.IGNORECASE,
)
_TEMPORAL = re.compile(r"\b(?:when|how long|what (?:year|month|day|date|time))\b", re.IGNORECASE)
_CURRENT = re.compile(
    r"\b(?:now|current(?:ly)?|latest|still|these days|today|recent(?:ly)?)\b", re.I
)


@dataclass(frozen=True, slots=True)
class Query:
    """A query as the cues see it."""

    text: str
    bare: str
    """The text without the speakers' names, for embedding: names say who, not what."""
    terms: tuple[str, ...]
    """Content terms without the speakers' names."""
    speakers: frozenset[str]
    """Speakers of this memory that the query names; the asker, when it says "I"."""
    days: tuple[tuple[float, float], ...]
    """Intervals of time it mentions, as POSIX seconds."""
    collects: bool
    """Asks for several things, so evidence may lie in several sessions."""
    temporal: bool
    """Asks when something was."""
    current: bool
    """Asks for how things are now."""


def read_query(
    text: str, *, speakers: Sequence[str], asker: str | None = None, now: datetime | None = None
) -> Query:
    """Understand a query against the speakers of a memory; `asker` is who "I" stands for."""
    named, bare = _strip_names(text, speakers)
    found = words(text)
    if asker and names_the_speaker(found):
        named = named | {asker}
    days = tuple(
        (_midnight(span.first), _midnight(span.last) + 86_400.0)
        for span in find_dates(text, base=now)
    )
    return Query(
        text=text,
        bare=bare,
        terms=tuple(dict.fromkeys(terms(bare))),
        speakers=named,
        days=days,
        collects=bool(_LIST.search(text)),
        temporal=bool(_TEMPORAL.search(text)),
        current=bool(_CURRENT.search(text)),
    )


def _strip_names(text: str, speakers: Sequence[str]) -> tuple[frozenset[str], str]:
    """Speakers that the text names, and the text without those names."""
    names: dict[str, set[str]] = {}
    for speaker in speakers:
        for word in words(speaker):
            if len(word) > 1:
                names.setdefault(word, set()).add(speaker)
    named: set[str] = set()
    kept: list[str] = []
    position = 0
    for match in _WORD.finditer(text):
        owners = _owners(match.group(), names)
        if owners:
            named |= owners
            kept.append(text[position : match.start()])
            position = match.end()
    kept.append(text[position:])
    bare = " ".join("".join(kept).split())
    return frozenset(named), bare if any(c.isalnum() for c in bare) else text


def _owners(word: str, names: dict[str, set[str]]) -> set[str]:
    """Whom a word names: a speaker's name, its possessive, or its beginning ("Mel")."""
    folded = fold(word)
    base = folded[:-2] if folded.endswith("'s") else folded.rstrip("'")
    if base in names:
        return names[base]
    if len(base) >= 3 and word[0].isupper():
        longer = [owners for name, owners in names.items() if name.startswith(base)]
        if len(longer) == 1:
            return longer[0]
    return set()


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
