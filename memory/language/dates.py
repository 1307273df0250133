"""Dates in text as intervals of days, absolute or relative to when the text was said.

The wording rules are English; ISO, numeric and 年月日 dates work in any language. A cheap look for
a trigger word comes first, so that text without dates costs next to nothing.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import chain

from knowhen.memory.language.base import DateSpan
from knowhen.memory.language.periods import (
    MONTHS,
    SEASONS,
    WEEKDAYS,
    Days,
    month_number,
    nearest_month,
    nearest_year,
    season,
    shifted,
    weekday_number,
    weekend,
    which_month,
    which_season,
    which_weekday,
    whole_month,
    whole_year,
)

_NUMBERS = {
    word: number
    for number, words in {
        1: "a an one",
        2: "two",
        3: "three",
        4: "four",
        5: "five",
        6: "six",
        7: "seven",
        8: "eight",
        9: "nine",
        10: "ten",
        11: "eleven",
        12: "twelve",
    }.items()
    for word in words.split()
}
_FUZZY = {"couple": (2, 3), "few": (2, 5), "several": (3, 7)}


def find_dates(text: str, *, base: datetime | None = None) -> list[DateSpan]:
    """Dates named in `text`, in order and without overlap.

    `base` is when the text was said. Without it, relative dates and dates without a year are
    left out. A day and month without a year are taken in the year that brings them nearest to
    `base`; in a numeric date that reads both ways the month stands first.
    """
    if not _may_hold_dates(text):
        return []
    today = base.date() if base is not None else None
    spans: list[DateSpan] = []
    for match in _DATE.finditer(text):
        kind = str(match.lastgroup)
        try:
            days = _READERS[kind](match, today)
        except (ValueError, OverflowError):  # such as 31 June, or a year out of range
            continue
        if days is not None:
            start, (first, last) = _anchored(text, match.start(kind), days)
            start, first, last = _narrowed(text, start, first, last)
            end = match.end(kind)
            spans.append(DateSpan(start, end, first, last, text[start:end]))
    return spans


# Finding candidates ------------------------------------------------------------------------
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY = (
    r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?"
    r"|sat(?:urday)?|sun(?:day)?)"
)
_FULL_WEEKDAY = rf"(?:{'|'.join(WEEKDAYS)})"
_SEASON = r"(?:spring|summer|fall|autumn|winter)"
_UNIT = r"(?:day|night|week(?:end)?|fortnight|month|year|yr|decade)"
_NUMBER = rf"(?:\d{{1,3}}|{'|'.join(_NUMBERS)}|(?:a\s+)?couple(?:\s+of)?|(?:a\s+)?few|several)"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?(?!\d|[:.]\d|\s*(?:%|[ap]\.?m\b))"
_YEAR = r"(?:19|20)\d\d(?!\d)"
_WHICH = r"(?:last|past|previous|this(?:\s+(?:past|coming))?|next|coming|upcoming|following)"
_AFTER_PREPOSITION = re.compile(
    r"\b(?:in|by|until|till|since|of|from|to|for|during|before|after|between|and|through|around"
    r"|early|mid|late|starting|beginning|ending|year)[\s-]+\Z",
    re.IGNORECASE,
)

_DATE = re.compile(
    rf"""(?<![a-z\d])(?:
      (?P<iso>(?<!\d)\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?!\d))
    | (?P<cjk>(?:\d{{4}}\s?年\s?)?\d{{1,2}}\s?月(?:\s?\d{{1,2}}\s?[日号號])?|\d{{4}}\s?年)
    | (?P<numeric>(?<![\d/.-])\d{{1,2}}([-/.])\d{{1,2}}\4(?:\d{{4}}|\d{{2}})(?![\d/.-]\d|\d))
    | (?P<dmy>\b{_DAY}(?:\s+of)?[\s-]+{_MONTH}\b\.?(?:[\s,-]+{_YEAR})?)
    | (?P<mdy>\b{_MONTH}\b\.?[\s-]*(?:the\s+)?{_DAY}(?:[\s,-]+{_YEAR})?)
    | (?P<my>\b{_MONTH}\b\.?(?:\s+of)?[\s,-]+{_YEAR})
    | (?P<ago>\b(?:about\s+|around\s+|over\s+)?{_NUMBER}\s+{_UNIT}s?\s+(?:ago|back|earlier)\b)
    | (?P<ahead>\b(?:in\s+{_NUMBER}\s+{_UNIT}s?(?:'\s+time)?\b(?!\s+of)
        |{_NUMBER}\s+{_UNIT}s?\s+from\s+now\b))
    | (?P<which>\b{_WHICH}\s+(?:{_UNIT}|{_WEEKDAY}|{_MONTH}|{_SEASON}
        |morning|afternoon|evening)\b)
    | (?P<season>\b{_SEASON}(?:\s+of)?\s+{_YEAR})
    | (?P<near>\b(?:the\s+day\s+(?:before\s+yesterday|after\s+tomorrow)
        |yesterday|today|tonight|tomorrow)\b)
    | (?P<other>\bthe\s+other\s+(?:day|night|week|weekend)\b)
    | (?P<weekday>\b(?:on\s+)?{_FULL_WEEKDAY}\b(?!\s+(?:before|after|of|prior|following)\b))
    | (?P<year>{_YEAR})(?!\s*(?:[a-z]+s\b|x|px|%))
    | (?P<month>{_MONTH}\b)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_TRIGGER_NUMBER = re.compile(r"\d[-/.]\d\d?[-/.]\d|(?:19|20)\d\d|\d\s?[年月]")
_TRIGGER_WORDS = frozenset(
    chain(
        (form for name in MONTHS for form in (name, name[:3])),
        WEEKDAYS,
        SEASONS,
        ("sept", "ago", "back", "earlier", "last", "past", "previous", "next", "coming"),
        ("upcoming", "following", "yesterday", "today", "tonight", "tomorrow", "now"),
        ("other", "this", "in"),
    )
)
_TO_SPACES = {ord(mark): " " for mark in ".,;:!?\"'’“”()[]{}<>/-–—…*_~`\n"}


def _may_hold_dates(text: str) -> bool:
    if not _TRIGGER_WORDS.isdisjoint(text.lower().translate(_TO_SPACES).split()):
        return True
    return _TRIGGER_NUMBER.search(text) is not None


# Reading them ------------------------------------------------------------------------------
_Reader = Callable[[re.Match[str], date | None], Days | None]
_DIGITS = re.compile(r"\d+")
_MONTH_WORD = re.compile(_MONTH, re.IGNORECASE)
_AMOUNT = re.compile(rf"({_NUMBER})\s+({_UNIT})", re.IGNORECASE)


def _iso(match: re.Match[str], _: date | None) -> Days:
    day = date(*map(int, _DIGITS.findall(match["iso"])))
    return day, day


def _cjk(match: re.Match[str], today: date | None) -> Days | None:
    text, numbers = match["cjk"], [int(n) for n in _DIGITS.findall(match["cjk"])]
    if "年" in text:
        if len(numbers) == 1:
            return whole_year(numbers[0])
        return whole_month(*numbers) if len(numbers) == 2 else (date(*numbers),) * 2
    if len(numbers) == 2:
        return nearest_year(numbers[0], numbers[1], today)
    return nearest_month(numbers[0], today)


def _numeric(match: re.Match[str], _: date | None) -> Days:
    one, two, year = map(int, _DIGITS.findall(match["numeric"]))
    year += 2000 if year < 70 else 1900 if year < 100 else 0
    day_first = one > 12 or ("." in match["numeric"] and two <= 12)
    day = date(year, two, one) if day_first else date(year, one, two)
    return day, day


def _day_month(match: re.Match[str], today: date | None) -> Days | None:
    text = str(match[str(match.lastgroup)])
    numbers = [int(n) for n in _DIGITS.findall(text)]
    month = _MONTH_WORD.search(text)
    assert month is not None  # the candidate pattern holds one
    if len(numbers) == 2:
        day = date(numbers[1], month_number(month.group()), numbers[0])
        return day, day
    return nearest_year(month_number(month.group()), numbers[0], today)


def _month_year(match: re.Match[str], _: date | None) -> Days:
    return whole_month(int(match["my"][-4:]), month_number(match["my"]))


def _introduced(match: re.Match[str]) -> bool:
    """Whether a word such as "in" or "since" stands in front of the candidate."""
    start = match.start()
    return bool(_AFTER_PREPOSITION.search(match.string, max(0, start - 12), start))


def _year(match: re.Match[str], _: date | None) -> Days | None:
    return whole_year(int(match["year"])) if _introduced(match) else None


def _bare_month(match: re.Match[str], today: date | None) -> Days | None:
    # "may" and "march" are verbs too, so a month alone must be written with a capital.
    word = match["month"]
    plain = len(word) > 3 and word.lower() not in ("march", "june", "august")
    if not word[0].isupper() or not (plain or _introduced(match)):
        return None
    return nearest_month(month_number(word), today)


def _named_season(match: re.Match[str], _: date | None) -> Days:
    words = match["season"].lower().split()
    return season(words[0], int(words[-1]))


def _amount(text: str) -> tuple[int, int, str]:
    match = _AMOUNT.search(text)
    assert match is not None  # the candidate pattern holds one
    word, unit = match[1].lower(), match[2].lower()
    for fuzzy, (least, most) in _FUZZY.items():
        if fuzzy in word:
            return least, most, unit
    number = int(word) if word.isdigit() else _NUMBERS[word]
    return number, number, unit


def _ago(match: re.Match[str], today: date | None) -> Days | None:
    least, most, unit = _amount(match["ago"])
    return shifted(today, -least, -most, unit) if today else None


def _ahead(match: re.Match[str], today: date | None) -> Days | None:
    least, most, unit = _amount(match["ahead"])
    return shifted(today, least, most, unit) if today else None


def _near(match: re.Match[str], today: date | None) -> Days | None:
    text = match["near"].lower()
    steps = {"yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1}
    step = -2 if "before" in text else 2 if "after" in text else steps[text]
    day = today + timedelta(days=step) if today else None
    return (day, day) if day else None


def _other(match: re.Match[str], today: date | None) -> Days | None:
    span = (-28, -7) if "week" in match["other"].lower() else (-14, -2)
    return shifted(today, *span, "day") if today else None


def _which(match: re.Match[str], today: date | None) -> Days | None:
    if today is None:
        return None
    *which, unit = match["which"].lower().split()
    step = -1 if which[-1] in ("last", "past", "previous") else 0 if which[-1] == "this" else 1
    if which == ["this", "coming"] or which[-1] in ("coming", "upcoming"):
        step = 0 if unit == "weekend" else 1
    if unit in SEASONS:
        return which_season(unit, step, today)
    if unit in ("morning", "afternoon", "evening", "night"):
        return shifted(today, step, step, "day")
    if unit == "weekend":
        return weekend(today, step)
    if unit == "week":
        monday = today - timedelta(days=today.weekday()) + timedelta(days=7 * step)
        return monday, monday + timedelta(days=6)
    if re.fullmatch(_UNIT, unit):
        return shifted(today, step, step, unit)
    if re.fullmatch(_WEEKDAY, unit):
        return which_weekday(weekday_number(unit), step, today)
    return which_month(month_number(unit), step, today)


_FUTURE = re.compile(
    r"\b(?:will|going|gonna|due|by|until|before|have|has|got|meeting|plan\w*|schedul\w*|deadline"
    r"|tomorrow|upcoming|let's|shall)\b|'ll\b",
    re.IGNORECASE,
)


def _weekday(match: re.Match[str], today: date | None) -> Days | None:
    """A weekday alone is the coming one if the words before speak of the future, else the last."""
    if today is None:
        return None
    before = match.string[max(0, match.start() - 50) : match.start()]
    step = 0 if _FUTURE.search(before) else -1
    return which_weekday(
        weekday_number(match["weekday"].lower().removeprefix("on").strip()), step, today
    )


_READERS: dict[str, _Reader] = {
    "iso": _iso,
    "cjk": _cjk,
    "numeric": _numeric,
    "dmy": _day_month,
    "mdy": _day_month,
    "my": _month_year,
    "ago": _ago,
    "ahead": _ahead,
    "which": _which,
    "season": _named_season,
    "near": _near,
    "other": _other,
    "weekday": _weekday,
    "year": _year,
    "month": _bare_month,
}

# Words in front that move or narrow a date ---------------------------------------------------
_ANCHOR = re.compile(
    rf"(?:the\s+)?(?:({_NUMBER})\s+)?({_UNIT}|{_FULL_WEEKDAY})s?"
    r"\s+(before|after|of|prior\s+to|following|preceding)\s+(?:the\s+)?\Z",
    re.IGNORECASE,
)
_PART = re.compile(
    r"(?:the\s+)?(early|mid|late|beginning\s+of|start\s+of|middle\s+of|end\s+of)(?:[\s-]+)\Z",
    re.IGNORECASE,
)


def _anchored(text: str, start: int, days: Days) -> tuple[int, Days]:
    """Take in words such as "the week before" in front of a date."""
    match = _ANCHOR.search(text, max(0, start - 40), start)
    if match is None:
        return start, days
    number, unit, side = match[1], match[2].lower(), match[3].lower()
    if side == "of":
        if unit != "week":
            return start, days
        monday = days[0] - timedelta(days=days[0].weekday())
        return match.start(), (monday, monday + timedelta(days=6))
    back = side in ("before", "preceding") or side.startswith("prior")
    return match.start(), _beside(days, number, unit, -1 if back else 1)


def _beside(days: Days, number: str | None, unit: str, sign: int) -> Days:
    anchor = days[0] if sign < 0 else days[1]
    if unit in WEEKDAYS:
        return which_weekday(
            WEEKDAYS.index(unit), -1, anchor if sign < 0 else anchor + timedelta(8)
        )
    if number:
        least, most, unit = _amount(f"{number} {unit}")
        return shifted(anchor, sign * least, sign * most, unit)
    if unit == "weekend":
        saturday = which_weekday(5, -1, anchor if sign < 0 else anchor + timedelta(days=8))[0]
        return saturday, saturday + timedelta(days=1)
    if unit in ("week", "fortnight"):
        size = 14 if unit == "fortnight" else 7
        edges = (anchor + timedelta(days=sign), anchor + timedelta(days=sign * size))
        return min(edges), max(edges)
    return shifted(anchor, sign, sign, unit)


def _narrowed(text: str, start: int, first: date, last: date) -> tuple[int, date, date]:
    """Keep the third of a month or year that "early", "mid" or "late" in front of it names."""
    length = (last - first).days + 1
    if length < 28:
        return start, first, last
    match = _PART.search(text, max(0, start - 20), start)
    if match is None:
        return start, first, last
    word, third = match[1].lower(), length // 3
    place = 1 if word.startswith("mid") else 2 if word.startswith(("late", "end")) else 0
    begin = first + timedelta(days=place * third)
    finish = last if place == 2 else begin + timedelta(days=third - 1)
    return match.start(), begin, finish
