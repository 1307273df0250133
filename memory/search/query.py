"""What a query asks: content words, whom it names, which days it means, and what kind it is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from knowhen.memory.language.pronouns import names_the_speaker
from knowhen.memory.language.registry import language_of
from knowhen.memory.language.terms import fold, terms, words

_WORD = re.compile(r"\w+(?:['’]\w+)*")


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
    language = language_of(text)
    wanted = language.read_question(text)
    if asker and names_the_speaker(words(text)):
        named = named | {asker}
    days = tuple(
        (_midnight(span.first), _midnight(span.last) + 86_400.0)
        for span in language.find_dates(text, base=now)
    )
    return Query(
        text=text,
        bare=bare,
        terms=tuple(dict.fromkeys(terms(bare))),
        speakers=named,
        days=days,
        collects=wanted.collects,
        temporal=wanted.temporal,
        current=wanted.current,
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
    base = language_of(word).base_name(fold(word))
    if base in names:
        return names[base]
    if len(base) >= 3 and word[0].isupper():
        longer = [owners for name, owners in names.items() if name.startswith(base)]
        if len(longer) == 1:
            return longer[0]
    return set()


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
