"""What two statements are compared by: content words, values with their units, denial."""

import re
from dataclasses import dataclass
from functools import lru_cache

from knowhen.memory.language.dates import find_dates
from knowhen.memory.language.detection import stop_words
from knowhen.memory.language.periods import MONTHS, WEEKDAYS
from knowhen.memory.language.terms import stem, words
from knowhen.memory.records import Thought


@dataclass(frozen=True, slots=True)
class Value:
    """A number, share, duration, amount or day that a statement gives, and what it measures."""

    kind: str
    """`count`, `percent`, `date`, or the unit of a measure."""
    number: float | str
    head: str
    """Stem of the noun that is counted, empty if none follows the number."""
    details: frozenset[str]
    """Stems between the number and its noun: "conditional probability" of the problems."""
    near: frozenset[str]
    """Stems of the content words around it."""


@dataclass(frozen=True, slots=True)
class Features:
    """Content stems without the subject's own words, values, and what is denied."""

    stems: frozenset[str]
    names: frozenset[str]
    """Those of `stems` that are written with a capital."""
    values: tuple[Value, ...]
    ordinals: frozenset[tuple[str, str]]
    """Which one of several: ("sprint", "2") in "sprint 2" and in "the second sprint"."""
    never: tuple[frozenset[str], ...]
    """What is said never to have been, one set of stems for each alternative."""
    never_verb: str
    negative: bool
    changed: bool
    """Whether it says that something is new, updated, increased or moved."""


_UNIT = (
    r"ms|milliseconds?|s|secs?|seconds?|mins?|minutes?|hours?|hrs?|days?|weeks?|months?|years?"
    r"|km|miles?|mi|kg|lbs?|pounds?|gb|mb|kb|px|cm|mm|usd|dollars?|eur|euros?"
)
_COUNT_WORDS = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twice|once"
_VALUE = re.compile(
    rf"(?<![\w.:/,°#-])(?P<money>[$€£])?"
    rf"(?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|(?:{_COUNT_WORDS})\b)"
    rf"(?P<percent>\s?(?:%|percent\b))?"
    rf"(?!\s*(?:st|nd|rd|th|am|pm|a\.m|p\.m|AM|PM|o'clock)\b)(?!\.\d|[/:×^]\S|\s*[=+*×/^]|°)"
    rf"(?:\s?-?(?P<unit>{_UNIT})(?![\w]))?"
)
_LISTED = re.compile(rf"(?<!\s)\s*+(?:(?:{_UNIT})\s*+)?(?:,|and|or|x|by)\s*+(?:and\s++)?[$€£]?\d")
_LISTED_BEFORE = re.compile(rf"\d%?(?:\s?(?:{_UNIT}))?\s*(?:,\s*(?:and\s+)?|and\s+|x\s*|×\s*)\Z")
_BOUND = re.compile(
    r"(?:under|below|within|less than|fewer than|up to|at least|at most|target(?:ing)?(?: of)?"
    r"|max(?:imum)?"
    r"|limit of|goal of|from|another|additional|extra|next|last|past|first|other|every|each|per"
    r"|those"
    r"|these|version|v)\s+(?:a\s+|an\s+|the\s+)?[$€£]?\Z",
    re.IGNORECASE,
)
_CONTENT_FOLLOWS = re.compile(r"(?<![\s-])[\s-]*+[a-zA-Z]{4,}")
_SINGULAR_ID = re.compile(
    r"(?<![a-zA-Z])(?P<noun>[a-zA-Z]{1,40}[^s\s\W])\s++(?P<id>\d{1,2})"
    r"(?=\s*(?:[,;:!?)]|\.(?!\d)|\Z|(?:and|on|with|by|for|is|was|which|that|to|at|in|of|has|from)\b))"
)
_ORDINAL = re.compile(
    r"(?P<id>first|second|third|fourth|fifth|final|last|\d{1,2}(?:st|nd|rd|th))\s+(?P<noun>[a-z]+)",
    re.IGNORECASE,
)
_ORDINALS = {"first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5"}
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
    **dict.fromkeys(("ms", "millisecond"), "millisecond"),
    **dict.fromkeys(("sec", "second", "s"), "second"),
    **dict.fromkeys(("min", "minute"), "minute"),
    **dict.fromkeys(("hr", "hour"), "hour"),
    **dict.fromkeys(("mi", "mile"), "mile"),
    **dict.fromkeys(("lb", "pound"), "pound"),
    **dict.fromkeys(("usd", "dollar"), "dollar"),
}
_MONEY = {"$": "dollar", "€": "euro", "£": "pound sterling"}
_CHANGE_WORDS = (
    *("now", "new", "newly", "update", "updated", "change", "changed", "increase", "increased"),
    *("decrease", "decreased", "reduce", "reduced", "improve", "improved", "grow", "grown", "grew"),
    *("reach", "reached", "move", "moved", "moving", "shift", "shifted", "reschedule", "extend"),
    *("rescheduled", "extended", "recently", "switch", "switched", "raise", "raised", "expand"),
    *("expanded", "drop", "dropped", "adjust", "adjusted", "added", "currently", "latest", "total"),
    *("already", "instead", "anymore", "boost", "boosted", "rose", "went", "further"),
)
_CHANGED = re.compile(rf"\b(?:no longer|{'|'.join(_CHANGE_WORDS)})\b", re.IGNORECASE)
_REACHED = re.compile(
    r"\b(?:reach(?:es|ed)?|to|at|is|are|was|were|now|has|have|hit|totals?|average[sd]?|around"
    r"|about)"
    r"\s+(?:\w+\s+)?\Z",
    re.IGNORECASE,
)
_OF_THESE = re.compile(r"^\s+of\s+(?:these|those|them|the|my|our)\b")
_IRREGULAR_PLURALS = frozenset(("people", "women", "men", "children", "kids", "mice", "feet"))
_NEVER = re.compile(
    r"\b(?:never|not yet|not ever|(?:haven|hasn|hadn)['’]t)\s+"
    r"(?:(?:actually|really|ever|yet|even|once|been|personally|formally|\w+ly)\s+)*"
    r"(?P<verb>\w+)(?P<object>.*)",
    re.IGNORECASE,
)
_ALTERNATIVES = re.compile(
    r"(?<!\s)\s*+(?:,|\bor\b|\band\b|\bnor\b|\blike\b|\bsuch as\b|\bincluding\b)\s*+"
)
_ADDED = re.compile(r" \([^()]*\b\d{4}\)")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_WINDOW = 5
"""Content words on each side of a number that may say what it measures."""
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
    """Features of the thought's own words, without the days that were added to them."""
    text = _ADDED.sub("", thought.text)
    return of_text(text, thought.subject, thought.polarity == "negative")


@lru_cache(maxsize=20_000)
def of_text(text: str, subject: str, negative: bool) -> Features:
    """Features of a statement about `subject`."""
    own = {stem_of(word) for word in words(subject)} if len(subject.split()) < 3 else set()
    content = [token for token in _content(text) if token.form not in own]
    never = _NEVER.search(text) if negative else None
    return Features(
        stems=frozenset(token.form for token in content),
        names=frozenset(token.form for token in content if token.capital),
        values=tuple(_values(text, content)),
        ordinals=frozenset(_ordinals(text)),
        never=_alternatives(never["object"]) if never else (),
        never_verb=stem_of(never["verb"]) if never else "",
        negative=negative,
        changed=_CHANGED.search(text) is not None,
    )


@dataclass(frozen=True, slots=True)
class _Token:
    start: int
    end: int
    form: str
    capital: bool


def _content(text: str) -> list[_Token]:
    """Words that carry meaning; numbers and words of change and of function left out."""
    tokens: list[_Token] = []
    for match in _WORD.finditer(text):
        form = stem_of(match.group())
        if is_content(form):
            capital = match.start() > 0 and match.group()[0].isupper()
            tokens.append(_Token(match.start(), match.end(), form, capital))
    return tokens


@lru_cache(maxsize=50_000)
def stem_of(word: str) -> str:
    """English stem of a word as it is written."""
    return stem(word.casefold().replace("’", "'").removesuffix("'s"), "en")


@lru_cache(maxsize=50_000)
def is_content(form: str) -> bool:
    """Whether a stem says what a statement is about."""
    return len(form) > 1 and not form[0].isdigit() and form not in _no_content()


@lru_cache(maxsize=1)
def _no_content() -> frozenset[str]:
    units = {form for unit in _UNIT.split("|") for form in (unit, unit.replace("?", ""))}
    named = (*_CHANGE_WORDS, *MONTHS, *WEEKDAYS, *stop_words()["en"], "week", "weekend", "last")
    words = {*named, "ago", *units} - {"day", "days", "months", "month", "years", "year", "hours"}
    return frozenset(_WEAK | words | {stem_of(word) for word in words})


def _alternatives(object: str) -> tuple[frozenset[str], ...]:
    found = (
        frozenset(token.form for token in _content(" " + part))
        for part in _ALTERNATIVES.split(object)
    )
    return tuple(alternative for alternative in found if alternative)


def _ordinals(text: str) -> list[tuple[str, str]]:
    found = []
    for match in (*_ORDINAL.finditer(text), *_SINGULAR_ID.finditer(text)):
        word = match["id"].lower()
        noun = stem_of(match["noun"])
        if is_content(noun):
            found.append((noun, _ORDINALS.get(word, word.rstrip("stndrh"))))
    return found


def _values(text: str, content: list[_Token]) -> list[Value]:
    found: list[Value] = []
    dated: list[tuple[int, int]] = []
    if any(sign.isdigit() for sign in text):
        for span in find_dates(text):
            dated.append((span.start, span.end))
            if span.first == span.last:
                near = _near(span.start, span.end, content)
                found.append(Value("date", span.first.isoformat(), "", frozenset(), near))
    for match in _VALUE.finditer(text):
        if any(start <= match.start() < end for start, end in dated):
            continue
        before = text[max(0, match.start() - 24) : match.start()]
        if _BOUND.search(before) or _LISTED.match(text, match.end()):
            continue
        if _LISTED_BEFORE.search(before):
            continue
        value = _number(match, before, text, content)
        if value is not None:
            found.append(value)
    return found


def _number(match: re.Match[str], before: str, text: str, content: list[_Token]) -> Value | None:
    near = _near(match.start(), match.end(), content)
    word = match["number"].lower().replace(",", "")
    number = float(_NUMBERS[word]) if word in _NUMBERS else float(word)
    if match["percent"]:
        return Value("percent", number, "", frozenset(), near)
    unit = (match["unit"] or "").lower()
    if match["money"] or unit:
        singular = unit.removesuffix("s") if len(unit) > 2 else unit
        kind = _MONEY.get(match["money"] or "", "") or _UNITS.get(singular, singular)
        return Value(kind, number, "", frozenset(), near)
    run = _noun_run(text, match.end(), content)
    if not run and (_CONTENT_FOLLOWS.match(text, match.end()) or not _REACHED.search(before)):
        return None
    head = run[-1] if run else ""
    return Value("count", number, head, frozenset(run[:-1]), near)


def _noun_run(text: str, start: int, content: list[_Token]) -> list[str]:
    """Stems of the words right after a number up to the plural noun that it counts."""
    run: list[str] = []
    end = start
    for token in content:
        if token.start < start:
            continue
        if _OF_THESE.sub("", text[end : token.start]).strip(" -") or len(run) == _WINDOW:
            break
        run.append(token.form)
        end = token.end
        word = text[token.start : token.end].lower()
        if word.endswith("s") and not word.endswith("ss") or word in _IRREGULAR_PLURALS:
            return run
    return []


def _near(start: int, end: int, content: list[_Token]) -> frozenset[str]:
    before = [token.form for token in content if token.end <= start][-_WINDOW:]
    after = [token.form for token in content if token.start >= end][:_WINDOW]
    return frozenset((*before, *after))
