"""What two statements are compared by: content words, values with their units, denial."""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from knowhen.memory.records import Thought
from knowhen.memory.text.analyzer import stem, words
from knowhen.memory.text.dates import find_dates
from knowhen.memory.text.language import stop_words


@dataclass(frozen=True, slots=True)
class Value:
    """A number, share, duration or day that a statement gives, and what it counts."""

    kind: str
    """`count`, `percent`, `date`, or the unit of a measure."""
    number: float | str
    heads: frozenset[str]
    """Stems of the words that say what it measures, nearest first in the text."""


@dataclass(frozen=True, slots=True)
class Features:
    """Content stems without the subject's own words, values, and whether it denies."""

    stems: frozenset[str]
    values: tuple[Value, ...]
    never: bool
    negative: bool
    changed: bool
    """Whether it says that something is new, updated, increased or moved."""


_VALUE = re.compile(
    r"(?P<percent>\d+(?:\.\d+)?)\s?(?:%|percent\b)"
    r"|(?<![\w.:/-])\$?(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|"
    r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twice|once)\b)"
    r"(?!\s*(?:st|nd|rd|th|am|pm|a\.m|p\.m|AM|PM)\b)(?![\w/:]*[/:]\d|\.\d)"
    r"\s?-?(?P<unit>ms|s|sec|seconds?|min|minutes?|hours?|hrs?|days?|weeks?|months?|years?|km|mi"
    r"|miles?"
    r"|kg|lbs?|pounds?|gb|mb|kb|k|px|cm|mm|m|usd|dollars?|eur|euros?)?(?![\w])"
)
_NUMBERS = {
    "once": 1,
    **{
        word: number
        for number, word in enumerate(
            ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"), 2
        )
    },
    "twelve": 12,
    "twice": 2,
}
_UNITS = {
    **dict.fromkeys(("sec", "second", "s"), "second"),
    **dict.fromkeys(("min", "minute"), "minute"),
    **dict.fromkeys(("hr", "hour"), "hour"),
    **dict.fromkeys(("mi", "mile"), "mile"),
    **dict.fromkeys(("lb", "pound"), "pound"),
    **dict.fromkeys(("usd", "dollar"), "dollar"),
}
_CHANGED = re.compile(
    r"\b(?:now|new|updated?|changed?|increased?|decreased?|reduced?|improved?|grown|grew|reached"
    r"|moved?"
    r"|moving|shifted|rescheduled|extended|recently|no longer|anymore|instead|switched|raised"
    r"|expanded"
    r"|dropped|adjusted|added|currently|latest|already)\b",
    re.IGNORECASE,
)
_NEVER = re.compile(r"\b(?:never|not (?:yet|ever)|(?:haven|hasn|hadn)['’]t)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_WINDOW = 4
"""Words on each side of a number that may say what it measures."""
_WEAK = frozenset(
    (
        *("try", "want", "need", "help", "make", "use", "get", "go", "have", "is", "has", "was"),
        *(
            "also",
            "now",
            "recent",
            "current",
            "new",
            "updat",
            "alreadi",
            "actual",
            "realli",
            "just",
        ),
        *("would", "will", "could", "can", "may", "thing", "start", "work", "sure", "know", "like"),
        *(
            "project",
            "my",
            "me",
            "im",
            "ive",
            "user",
            "ani",
            "befor",
            "ever",
            "never",
            "well",
            "lot",
        ),
        *(
            "total",
            "around",
            "about",
            "far",
            "still",
            "even",
            "one",
            "first",
            "feel",
            "think",
            "bit",
        ),
        *(
            "includ",
            "kinda",
            "time",
            "after",
            "while",
            "sinc",
            "becaus",
            "further",
            "which",
            "their",
        ),
    )
)


def features(thought: Thought) -> Features:
    """Features of the thought's own words."""
    return of_text(thought.text, thought.subject, thought.polarity == "negative")


@lru_cache(maxsize=20_000)
def of_text(text: str, subject: str, negative: bool) -> Features:
    """Features of a statement about `subject`."""
    tokens = [(m.start(), stem_of(m.group())) for m in _WORD.finditer(text)]
    own = {stem_of(word) for word in words(subject)} if len(subject.split()) < 3 else set()
    content = [(at, form) for at, form in tokens if _is_content(form) and form not in own]
    return Features(
        stems=frozenset(form for _, form in content if not form[0].isdigit()),
        values=tuple(_values(text, content)),
        never=negative and _NEVER.search(text) is not None,
        negative=negative,
        changed=_CHANGED.search(text) is not None,
    )


def stem_of(word: str) -> str:
    return stem(word.casefold().replace("’", "'"), "en")


@lru_cache(maxsize=50_000)
def _is_content(form: str) -> bool:
    return len(form) > 1 and form not in _WEAK and form not in stop_words()["en"]


def _values(text: str, content: list[tuple[int, str]]) -> list[Value]:
    found: list[Value] = []
    dated: list[tuple[int, int]] = []
    for span in find_dates(text):
        dated.append((span.start, span.end))
        if span.first == span.last:
            found.append(Value("date", _day(span.first), _heads(span.start, span.end, content)))
    for match in _VALUE.finditer(text):
        if any(start <= match.start() < end for start, end in dated):
            continue
        found.append(_number(match, content))
    return found


def _day(day: date) -> str:
    return day.isoformat()


def _number(match: re.Match[str], content: list[tuple[int, str]]) -> Value:
    heads = _heads(match.start(), match.end(), content)
    if match["percent"]:
        return Value("percent", float(match["percent"]), heads)
    word = match["number"].lower().replace(",", "")
    number = float(_NUMBERS[word]) if word in _NUMBERS else float(word)
    unit = (match["unit"] or "").lower()
    if not unit:
        return Value("count", number, heads)
    singular = unit.removesuffix("s") if len(unit) > 2 else unit
    return Value(_UNITS.get(singular, singular), number, heads)


def _heads(start: int, end: int, content: list[tuple[int, str]]) -> frozenset[str]:
    before = [form for at, form in content if at < start][-_WINDOW:]
    after = [form for at, form in content if at >= end][:_WINDOW]
    return frozenset(form for form in (*before, *after) if not form[0].isdigit())
