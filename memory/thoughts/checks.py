"""Checking a statement against the text it cites."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

from knowhen.memory.language.dates import find_dates
from knowhen.memory.language.detection import stop_words
from knowhen.memory.language.terms import stem, words
from knowhen.memory.records import Modality, Polarity, Thought, ThoughtKind, Turn

_WORD = re.compile(r"\w")
_ALLOWED = {
    "polarity": get_args(Polarity),
    "modality": get_args(Modality),
    "kind": get_args(ThoughtKind),
}


def stems(text: str) -> set[str]:
    """Stems of all words, function words among them."""
    return {stem(word, "en") for word in words(text) if _WORD.search(word)}


def content_stems(text: str) -> set[str]:
    """Stems of the words that are no function words."""
    stops = stop_words()["en"]
    return {stem(word, "en") for word in words(text) if _WORD.search(word) and word not in stops}


def supported(thought: Thought, texts: Iterable[str]) -> bool:
    """Whether every word of the thought's object occurs in the texts."""
    given = {form for text in texts for form in stems(text)}
    return stems(thought.object) <= given


def problem(statement: Mapping[str, object], cited: Sequence[Turn | None]) -> str | None:
    """What is wrong with a model's statement, in words; None if its turns support it.

    Every content word of the object must occur in the cited turns, or be part of a date that
    they name in other words; the subject must occur in them or be one of their speakers.
    """
    for field in ("text", "subject", "predicate", "object"):
        if not str(statement.get(field) or "").strip():
            return f"it has no {field}"
    for field, allowed in _ALLOWED.items():
        if statement.get(field) and statement[field] not in allowed:
            return f"{statement[field]!r} is no {field}"
    if not cited:
        return "it cites no turn"
    turns = [turn for turn in cited if turn is not None]
    if len(turns) < len(cited):
        return "it cites a turn that is not part of the event"
    return _unsupported(statement, turns)


def _unsupported(statement: Mapping[str, object], turns: Sequence[Turn]) -> str | None:
    given = {form for turn in turns for form in stems(f"{turn.text} {turn.speaker or turn.role}")}
    given |= {form for turn in turns for form in _date_words(turn)}
    for field in ("subject", "object"):
        missing = content_stems(str(statement[field])) - given
        if missing:
            return f"its {field} has words that no cited turn has: {', '.join(sorted(missing))}"
    return None


def _date_words(turn: Turn) -> set[str]:
    """The words of the dates that a turn names relatively, as "yesterday" names a day."""
    found: set[str] = set()
    for span in find_dates(turn.text, base=turn.time):
        for day in (span.first, span.last):
            found |= stems(f"{day.day} {day:%B} {day:%d} {day.month} {day.year} {day.isoformat()}")
    return found
