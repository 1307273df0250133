"""What a query asks: content words, whom it names, which days it means, and what kind it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from knowhen.memory.language.naming import find_speakers
from knowhen.memory.language.pronouns import names_the_speaker
from knowhen.memory.language.registry import language_of
from knowhen.memory.language.terms import terms, words
from knowhen.memory.records import Turn

WINDOW = 0.5
"""What a word of the window counts for, of a query that only the window explains."""
DAY = 86_400.0
"""Seconds."""
FEW = 1
"""Content words of a query up to which the window has to say what it is about."""
READ = 2
"""Last turns of the window that a query is read with: what was asked, and the reply."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query as the cues see it."""

    text: str
    bare: str
    """The text without the speakers' names, for embedding: names say who, not what."""
    terms: tuple[str, ...]
    """Content terms without the speakers' names, those of the window behind its own."""
    speakers: frozenset[str]
    """Speakers of this memory that the query names."""
    days: tuple[tuple[float, float], ...]
    """Intervals of time it mentions, as POSIX seconds."""
    collects: bool
    """Asks for several things, so evidence may lie in several sessions."""
    temporal: bool
    """Asks when something was."""
    counts: bool
    """Asks for a number."""
    current: bool
    """Asks for how things are now."""
    asker: str = ""
    """Who speaks of themself in it; empty if nobody does, or nobody of this memory."""
    of_listener: bool = False
    """Asks what the one who is spoken to said: an assistant, where there is one."""
    window: str = ""
    """What was said just before, where the query cannot be understood without it."""
    own: int = 0
    """How many of the terms are the query's own."""
    one: bool = False
    """Asks for one thing that may have changed: a time, a place, a person, an amount."""
    of_days: bool = False
    """Asks for nothing but what was said on its days: "What did we talk about on 27 April?"."""

    def share(self, term: str) -> float:
        """What a term counts for: a word of the window less than one of the query."""
        return 1.0 if term in self.terms[: self.own] else WINDOW

    @property
    def about(self) -> frozenset[str]:
        """Speakers whom it asks about: those it names, or else the one who asks."""
        return self.speakers or frozenset((self.asker,) if self.asker else ())


def read_query(
    text: str,
    *,
    speakers: Sequence[str],
    asker: str | None = None,
    now: datetime | None = None,
    recent: Sequence[Turn] = (),
    aliases: Mapping[str, str] | None = None,
) -> Query:
    """Understand a query against the speakers of a memory.

    `asker` is who "I" stands for. What was said just before, `recent`, is read with a query that
    takes it up ("and her sister?"), points back with a pronoun, or says nothing by itself.
    `aliases` are other names by which speakers are called.
    """
    found = find_speakers(text, speakers, aliases)
    named, bare = found.speakers, found.bare
    language = language_of(text)
    wanted, said = language.read_question(text), language.read_utterance(text)
    own = tuple(dict.fromkeys(terms(bare)))
    window = ""
    if recent and (said.follows or len(own) <= FEW):
        window = "\n".join(turn.text for turn in recent[-READ:])
        before = find_speakers(window, speakers, aliases)
        named, window = named or before.speakers, before.bare
    spans = language.find_dates(text, base=now, past=True)
    days = tuple((_midnight(span.first), _midnight(span.last) + DAY) for span in spans)
    dated = language.calendar_terms.union(*(terms(text[s.start : s.end]) for s in spans))
    return Query(
        text=text,
        bare=bare,
        terms=tuple(dict.fromkeys((*own, *terms(window)))),
        speakers=named,
        days=days,
        collects=wanted.collects,
        temporal=wanted.temporal,
        counts="how_many" in wanted.asks,
        current=wanted.current,
        one=bool(wanted.temporal or wanted.value or wanted.current or wanted.asks - {"why"}),
        asker=asker if asker and names_the_speaker(words(text)) else "",
        of_listener=said.of_listener,
        window=window,
        own=len(own),
        of_days=bool(days) and not set(own) - dated - language.frame_terms,
    )


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
