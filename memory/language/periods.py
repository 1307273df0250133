"""Days of the calendar as intervals: months, seasons, weekends, and so many units from a day."""

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from knowhen.memory.language.wordings import wordings

MONTHS = wordings("en").listed("full_months")
WEEKDAYS = wordings("en").listed("full_weekdays")

Days = tuple[date, date]
"""First and last day, both included."""


def whole_month(year: int, month: int) -> Days:
    """All days of a month."""
    first = date(year, month, 1)
    return first, first + relativedelta(months=1, days=-1)


def whole_year(year: int) -> Days:
    """All days of a year."""
    return date(year, 1, 1), date(year, 12, 31)


def season(month: int, year: int) -> Days:
    """The three months of a season that begins with this month of `year`."""
    first = date(year, month, 1)
    return first, first + relativedelta(months=3, days=-1)


def nearest_year(month: int, day: int, today: date | None) -> Days | None:
    """That day of the year in the year that brings it nearest to `today`."""
    if today is None:
        return None
    choices = []
    for year in (today.year - 1, today.year, today.year + 1):
        try:
            choices.append(date(year, month, day))
        except ValueError:  # 29 February
            continue
    best = min(choices, key=lambda choice: abs(choice - today), default=None)
    return (best, best) if best else None


def nearest_month(month: int, today: date | None) -> Days | None:
    """That month in the year that brings it nearest to `today`."""
    near = nearest_year(month, 15, today)
    return whole_month(near[0].year, month) if near else None


def shifted(today: date, least: int, most: int, unit: str) -> Days:
    """The days that lie `least` to `most` units away, as wide as the unit makes them."""
    near, far = sorted((least, most))
    if unit in ("day", "night"):
        return today + timedelta(days=near), today + timedelta(days=far)
    if unit == "weekend":
        return weekend(today, near)[0], weekend(today, far)[1]
    if unit in ("week", "fortnight"):
        size = 14 if unit == "fortnight" else 7
        slack = timedelta(days=3)
        return today + timedelta(days=size * near) - slack, today + timedelta(
            days=size * far
        ) + slack
    if unit == "month":
        first, last = today + relativedelta(months=near), today + relativedelta(months=far)
        return whole_month(first.year, first.month)[0], whole_month(last.year, last.month)[1]
    size = 10 if unit == "decade" else 1
    return date(today.year + size * near, 1, 1), date(today.year + size * far, 12, 31)


def weekend(today: date, weeks: int) -> Days:
    """The weekend `weeks` weeks from the one of this week; weeks begin on Monday."""
    saturday = today - timedelta(days=today.weekday()) + timedelta(days=5 + 7 * weeks)
    return saturday, saturday + timedelta(days=1)


def which_season(month: int, step: int, today: date) -> Days:
    """Last summer is the latest that has begun before today; next summer begins after it."""
    if step < 0:
        year = today.year if season(month, today.year)[1] < today else today.year - 1
    elif step > 0:
        year = today.year if season(month, today.year)[0] > today else today.year + 1
    else:
        year = today.year
    return season(month, year)


def which_weekday(number: int, step: int, today: date) -> Days:
    """Last Friday is the latest before today, this Friday the first from it, next of next week."""
    if step < 0:
        day = today - timedelta(days=(today.weekday() - number - 1) % 7 + 1)
    elif step == 0:
        day = today + timedelta(days=(number - today.weekday()) % 7)
    else:
        day = today + timedelta(days=7 - today.weekday() + number)
    return day, day


def which_month(month: int, step: int, today: date) -> Days:
    """The named month before (-1), around (0) or after (1) today."""
    year = today.year
    if step < 0 and month >= today.month:
        year -= 1
    elif step > 0 and month <= today.month:
        year += 1
    return whole_month(year, month)
