"""Dates in text as intervals of days, absolute or relative to when the text was said.

ISO, numeric and 年月日 dates are read in any language. What else names a day stands in the
`dates.txt` of a language: patterns by kind, and tables of months, weekdays, units and numbers. A
cheap look for a trigger word comes first, so that text without dates costs next to nothing.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cache

from dateutil.relativedelta import relativedelta

from knowhen.memory.language.base import DateSpan
from knowhen.memory.language.periods import (
    Days,
    nearest_month,
    nearest_year,
    season,
    shifted,
    weekend,
    which_month,
    which_season,
    which_weekday,
    whole_month,
    whole_year,
)
from knowhen.memory.language.wordings import NOTHING, Wordings, wordings

_ANYWHERE = (
    r"(?P<iso>(?<!\d)\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d))"
    r"|(?P<cjk>(?:\d{4}\s?年\s?)?\d{1,2}\s?月(?:\s?\d{1,2}\s?[日号號])?|\d{4}\s?年)"
    r"|(?P<numeric>(?<![\d/.-])\d{1,2}(?P<mark>[-/.])\d{1,2}(?P=mark)(?:\d{4}|\d{2})(?![\d/.-]\d|\d))"
)
_FIGURES = re.compile(r"\d[-/.]\d\d?[-/.]\d|\d\.\s?\d\d?\.|(?:19|20)\d\d|\d\s?[年月]")
_TO_SPACES = {ord(mark): " " for mark in ".,;:!?\"'’“”()[]{}<>/-–—…*_~`\n"}
_DIGITS = re.compile(r"\d+")


def find_dates(text: str, *, base: datetime | None = None) -> list[DateSpan]:
    """Dates named in `text`, in order and without overlap.

    `base` is when the text was said. Without it, relative dates and dates without a year are
    left out. A day and month without a year are taken in the year that brings them nearest to
    `base`; in a numeric date that reads both ways the month stands first.
    """
    return date_reader("en").find(text, base=base)


@cache
def date_reader(code: str) -> "DateReader":
    """The reader of a language; where its words are not known it reads figures only."""
    return DateReader(wordings(code))


class _Table:
    """Looks up what a word stands for: "Sept" -> 9."""

    def __init__(self, words: Wordings, name: str, *, whole: bool = False) -> None:
        first, last = (r"\A", r"\Z") if whole else (words.edge, words.edge)
        entries = words.table(name)
        self._keys = tuple(entries)
        alternatives = "|".join(f"({pattern})" for pattern in entries.values())
        self._pattern = (
            re.compile(rf"{first}(?:{alternatives}){last}", re.I) if entries else NOTHING
        )

    def find(self, text: str) -> tuple[str, str] | None:
        """The key of the first word found, and the text without that word."""
        match = self._pattern.search(text)
        if match is None:
            return None
        return self._keys[(match.lastindex or 1) - 1], text[: match.start()] + text[match.end() :]

    def key(self, text: str) -> str | None:
        """The key of the first word found."""
        found = self.find(text)
        return found[0] if found else None


_YEARLESS = frozenset(("dmy", "mdy", "dm", "cjk", "month"))
_YEAR = re.compile(r"\d{4}")


def _gone_by(match: re.Match[str], kind: str, days: Days, today: date) -> Days:
    """The same day of the year before, if it was named without a year and is still to come."""
    if kind not in _YEARLESS or days[0] <= today or _YEAR.search(match[kind]):
        return days
    year = relativedelta(years=1)
    return days[0] - year, days[1] - year


class DateReader:
    """Finds dates by the words of one language."""

    def __init__(self, words: Wordings) -> None:
        self._triggers = words.words("date_triggers")
        self._always = not words.spaced and "dates" in words
        kinds = "".join(f"|(?P<{kind}>{form})" for kind, form in words.table("dates").items())
        self._date = re.compile(rf"(?<![a-z\d])(?:{_ANYWHERE}{kinds})", re.IGNORECASE)
        self._months = _Table(words, "months")
        self._weekdays = _Table(words, "weekdays")
        self._seasons = _Table(words, "seasons")
        self._units = _Table(words, "units")
        self._steps = _Table(words, "steps")
        self._near = _Table(words, "near")
        self._vague = _Table(words, "vague")
        self._thirds = _Table(words, "thirds")
        self._numbers = _Table(words, "numbers", whole=True)
        self._amount = re.compile(
            rf"({words.part('number')})\s*({words.part('units')})", re.IGNORECASE
        )
        self._day_part = re.compile(words.part("day_parts"), re.IGNORECASE)
        self._doubtful = re.compile(words.part("doubtful_months"), re.IGNORECASE)
        self._introducing = words.pattern("introducing")
        self._future = words.pattern("future")
        self._anchor = words.pattern("anchor")
        self._third = words.pattern("third")
        self._capital = any(form[:1].isupper() for form in words.table("months").values())
        self._day_first = "day_first" in words

    def find(
        self, text: str, *, base: datetime | None = None, past: bool = False
    ) -> list[DateSpan]:
        """Dates in order and without overlap; see `find_dates`."""
        if not self._may_hold_dates(text):
            return []
        return list(self._spans(text, base.date() if base is not None else None, past=past))

    def _may_hold_dates(self, text: str) -> bool:
        if self._always:
            return True
        if not self._triggers.isdisjoint(text.lower().translate(_TO_SPACES).split()):
            return True
        return _FIGURES.search(text) is not None

    def _spans(self, text: str, today: date | None, *, past: bool) -> Iterator[DateSpan]:
        for match in self._date.finditer(text):
            kind = str(match.lastgroup)
            try:
                days = _READERS[kind](self, match, today)
            except (ValueError, OverflowError):  # such as 31 June, or a year out of range
                continue
            if past and today is not None and days is not None:
                days = _gone_by(match, kind, days, today)
            if days is not None:
                start, (first, last) = self._anchored(text, match.start(kind), days)
                start, first, last = self._narrowed(text, start, first, last)
                end = match.end(kind)
                yield DateSpan(start, end, first, last, text[start:end])

    # What each kind of date means -------------------------------------------------------
    def _iso(self, match: re.Match[str], _: date | None) -> Days:
        day = date(*map(int, _DIGITS.findall(match["iso"])))
        return day, day

    def _cjk(self, match: re.Match[str], today: date | None) -> Days | None:
        text, numbers = match["cjk"], [int(n) for n in _DIGITS.findall(match["cjk"])]
        if "年" in text:
            if len(numbers) == 1:
                return whole_year(numbers[0])
            return whole_month(*numbers) if len(numbers) == 2 else (date(*numbers),) * 2
        if len(numbers) == 2:
            return nearest_year(numbers[0], numbers[1], today)
        return nearest_month(numbers[0], today)

    def _numeric(self, match: re.Match[str], _: date | None) -> Days:
        one, two, year = map(int, _DIGITS.findall(match["numeric"]))
        year += 2000 if year < 70 else 1900 if year < 100 else 0
        pointed = "." in match["numeric"] or self._day_first
        day = date(year, two, one) if one > 12 or (pointed and two <= 12) else date(year, one, two)
        return day, day

    def _day_month(self, match: re.Match[str], today: date | None) -> Days | None:
        text = str(match[str(match.lastgroup)])
        numbers = [int(n) for n in _DIGITS.findall(text)]
        month = self._month(text)
        if len(numbers) == 2:
            day = date(numbers[1], month, numbers[0])
            return day, day
        return nearest_year(month, numbers[0], today)

    def _figures(self, match: re.Match[str], today: date | None) -> Days | None:
        """Day and month in figures, such as "4.8."."""
        day, month = map(int, _DIGITS.findall(match["dm"]))
        return nearest_year(month, day, today)

    def _month(self, text: str) -> int:
        key = self._months.key(text)
        if key is None:
            raise ValueError(f"no month in {text!r}")
        return int(key)

    def _month_year(self, match: re.Match[str], _: date | None) -> Days:
        return whole_month(int(_DIGITS.findall(match["my"])[-1]), self._month(match["my"]))

    def _introduced(self, match: re.Match[str]) -> bool:
        """Whether a word such as "in" or "since" stands in front of the candidate."""
        start = match.start()
        return bool(self._introducing.search(match.string, max(0, start - 12), start))

    def _year(self, match: re.Match[str], _: date | None) -> Days | None:
        return whole_year(int(match["year"])) if self._introduced(match) else None

    def _bare_month(self, match: re.Match[str], today: date | None) -> Days | None:
        # "May" and "march" are other words too, so the capital must speak for the month.
        word = match["month"]
        if self._capital and not word[0].isupper():
            return None
        sure = self._capital and not self._doubtful.fullmatch(word)
        return nearest_month(self._month(word), today) if sure or self._introduced(match) else None

    def _named_season(self, match: re.Match[str], _: date | None) -> Days:
        text = match["season"]
        return season(int(self._seasons.key(text) or 3), int(_DIGITS.findall(text)[-1]))

    def _ago(self, match: re.Match[str], today: date | None) -> Days | None:
        least, most, unit = self._amount_of(match["ago"])
        return shifted(today, -least, -most, unit) if today else None

    def _ahead(self, match: re.Match[str], today: date | None) -> Days | None:
        least, most, unit = self._amount_of(match["ahead"])
        return shifted(today, least, most, unit) if today else None

    def _amount_of(self, text: str) -> tuple[int, int, str]:
        """The least and the most number, and the unit: "a few days" -> 2, 5, day."""
        match = self._amount.search(text)
        if match is None:
            raise ValueError(f"no amount in {text!r}")
        unit = self._units.key(match[2]) or "day"
        if match[1].isdecimal():
            return int(match[1]), int(match[1]), unit
        least, _, most = str(self._numbers.key(match[1])).partition("-")
        return int(least), int(most or least), unit

    def _nearby(self, match: re.Match[str], today: date | None) -> Days | None:
        step, unit = str(self._near.key(match["near"])).split()
        return self._unit_from(today, int(step), unit) if today else None

    def _vaguely(self, match: re.Match[str], today: date | None) -> Days | None:
        first, last = str(self._vague.key(match["vague"])).split()
        return shifted(today, int(first), int(last), "day") if today else None

    def _which(self, match: re.Match[str], today: date | None) -> Days | None:
        found = self._steps.find(match["which"])
        if today is None or found is None:
            return None
        named, rest = found
        unit = self._units.key(rest)
        step = int(named) if named != "coming" else 0 if unit == "weekend" else 1
        if (month := self._seasons.key(rest)) is not None:
            return which_season(int(month), step, today)
        if self._day_part.search(rest):
            return shifted(today, step, step, "day")
        if (weekday := self._weekdays.key(rest)) is not None:
            return which_weekday(int(weekday), step, today)
        if unit is not None:
            return self._unit_from(today, step, unit)
        return which_month(self._month(rest), step, today)

    def _unit_from(self, today: date, step: int, unit: str) -> Days:
        """The day, week, month or year that lies so many steps from this one."""
        if unit == "weekend":
            return weekend(today, step)
        if unit == "week":
            monday = today - timedelta(days=today.weekday()) + timedelta(days=7 * step)
            return monday, monday + timedelta(days=6)
        return shifted(today, step, step, unit)

    def _weekday(self, match: re.Match[str], today: date | None) -> Days | None:
        """The coming one if the words before a weekday speak of the future, else the last."""
        if today is None:
            return None
        before = match.string[max(0, match.start() - 50) : match.start()]
        step = 0 if self._future.search(before) else -1
        return which_weekday(int(self._weekdays.key(match["weekday"]) or 0), step, today)

    # Words in front that move or narrow a date --------------------------------------------
    def _anchored(self, text: str, start: int, days: Days) -> tuple[int, Days]:
        """Take in words such as "the week before" in front of a date."""
        match = self._anchor.search(text, max(0, start - 40), start)
        if match is None:
            return start, days
        if match["within"]:
            if self._units.key(match["unit"]) != "week":
                return start, days
            monday = days[0] - timedelta(days=days[0].weekday())
            return match.start(), (monday, monday + timedelta(days=6))
        return match.start(), self._beside(days, match, -1 if match["back"] else 1)

    def _beside(self, days: Days, match: re.Match[str], sign: int) -> Days:
        anchor = days[0] if sign < 0 else days[1]
        weekday, unit = self._weekdays.key(match["unit"]), self._units.key(match["unit"]) or "day"
        if weekday is not None:
            return which_weekday(int(weekday), -1, anchor if sign < 0 else anchor + timedelta(8))
        if match["number"]:
            least, most, unit = self._amount_of(f"{match['number']} {match['unit']}")
            return shifted(anchor, sign * least, sign * most, unit)
        if unit == "weekend":
            saturday = which_weekday(5, -1, anchor if sign < 0 else anchor + timedelta(days=8))[0]
            return saturday, saturday + timedelta(days=1)
        if unit in ("week", "fortnight"):
            size = 14 if unit == "fortnight" else 7
            edges = (anchor + timedelta(days=sign), anchor + timedelta(days=sign * size))
            return min(edges), max(edges)
        return shifted(anchor, sign, sign, unit)

    def _narrowed(self, text: str, start: int, first: date, last: date) -> tuple[int, date, date]:
        """Keep the third of a month or year that "early", "mid" or "late" in front of it names."""
        length = (last - first).days + 1
        if length < 28:
            return start, first, last
        match = self._third.search(text, max(0, start - 20), start)
        if match is None:
            return start, first, last
        place, third = int(self._thirds.key(match["third"]) or 0), length // 3
        begin = first + timedelta(days=place * third)
        finish = last if place == 2 else begin + timedelta(days=third - 1)
        return match.start(), begin, finish


_READERS: Mapping[str, Callable[[DateReader, re.Match[str], date | None], Days | None]] = {
    "iso": DateReader._iso,
    "cjk": DateReader._cjk,
    "numeric": DateReader._numeric,
    "dmy": DateReader._day_month,
    "mdy": DateReader._day_month,
    "dm": DateReader._figures,
    "my": DateReader._month_year,
    "ago": DateReader._ago,
    "ahead": DateReader._ahead,
    "which": DateReader._which,
    "season": DateReader._named_season,
    "near": DateReader._nearby,
    "vague": DateReader._vaguely,
    "weekday": DateReader._weekday,
    "year": DateReader._year,
    "month": DateReader._bare_month,
}
