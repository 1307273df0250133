from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.memory.language.dates import find_dates

THURSDAY = datetime(2023, 5, 25, 13, tzinfo=UTC)


def read(text: str, base: datetime | None = THURSDAY) -> list[tuple[str, str, str]]:
    return [(s.text, s.first.isoformat(), s.last.isoformat()) for s in find_dates(text, base=base)]


def days(text: str) -> tuple[str, str]:
    found = read(text)
    assert len(found) == 1, found
    return found[0][1:]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("7 May 2023", "2023-05-07"),
        ("on May 7, 2023", "2023-05-07"),
        ("March-15-2024", "2024-03-15"),
        ("March 15th 2024", "2024-03-15"),
        ("the 15th of August", "2023-08-15"),
        ("2023-05-07", "2023-05-07"),
        ("2023/5/7", "2023-05-07"),
        ("5/7/2023", "2023-05-07"),
        ("13/7/2023", "2023-07-13"),
        ("7.5.2023", "2023-05-07"),
        ("2023年5月7日に会った", "2023-05-07"),
        ("May 7", "2023-05-07"),
        ("December 25", "2022-12-25"),
        ("yesterday", "2023-05-24"),
        ("last night", "2023-05-24"),
        ("the day before yesterday", "2023-05-23"),
        ("tomorrow", "2023-05-26"),
        ("two days ago", "2023-05-23"),
        ("in 3 days", "2023-05-28"),
        ("last Friday", "2023-05-19"),
        ("this Saturday", "2023-05-27"),
        ("next Tuesday", "2023-05-30"),
        ("the Friday before 15 July 2023", "2023-07-14"),
        ("two days after May 5, 2023", "2023-05-07"),
        ("we met on Friday", "2023-05-19"),
        ("I have a meeting on Friday", "2023-05-26"),
    ],
)
def test_a_day_is_found(text: str, day: str) -> None:
    assert days(text) == (day, day)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("in May", "2023-05-01", "2023-05-31"),
        ("June 2021", "2021-06-01", "2021-06-30"),
        ("in 2022", "2022-01-01", "2022-12-31"),
        ("last summer", "2022-06-01", "2022-08-31"),
        ("summer of 2021", "2021-06-01", "2021-08-31"),
        ("last week", "2023-05-15", "2023-05-21"),
        ("last weekend", "2023-05-20", "2023-05-21"),
        ("next month", "2023-06-01", "2023-06-30"),
        ("the week before 9 June 2023", "2023-06-02", "2023-06-08"),
        ("the week of May 5", "2023-05-01", "2023-05-07"),
        ("the other day", "2023-05-11", "2023-05-23"),
        ("a few years ago", "2018-01-01", "2021-12-31"),
        ("three years ago", "2020-01-01", "2020-12-31"),
        ("a couple of weeks ago", "2023-05-01", "2023-05-14"),
        ("end of May", "2023-05-21", "2023-05-31"),
        ("early 2022", "2022-01-01", "2022-05-01"),
        ("last July", "2022-07-01", "2022-07-31"),
        ("this month", "2023-05-01", "2023-05-31"),
    ],
)
def test_a_span_of_days_is_found(text: str, first: str, last: str) -> None:
    assert days(text) == (first, last)


@pytest.mark.parametrize(
    "text",
    [
        "I may go",
        "We march on",
        "version 2.3.1 of 10.5",
        "31 June 2023",
        "an image of 1920x1080",
        "2000 words",
        "this is fun",
        "I have 3 kids",
        "",
    ],
)
def test_what_only_looks_like_a_date_is_left_alone(text: str) -> None:
    assert read(text) == []


def test_relative_dates_need_to_know_when_they_were_said() -> None:
    assert read("yesterday, and on May 7 as on 7 May 2021", None) == [
        ("7 May 2021", "2021-05-07", "2021-05-07")
    ]


def test_spans_point_into_the_text() -> None:
    text = "We met yesterday and again on 7 May 2023."
    for span in find_dates(text, base=THURSDAY):
        assert text[span.start : span.end] == span.text


@settings(deadline=None, max_examples=200)
@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.sampled_from((0, 1, 2, 3)))
def test_any_day_written_in_full_is_read_back(day: date, form: int) -> None:
    text = (
        day.isoformat(),
        f"{day.day} {day:%B %Y}",
        f"{day:%B} {day.day}, {day.year}",
        f"{day.year}年{day.month}月{day.day}日",
    )[form]
    found = find_dates(f"It was {text}.")
    assert [(span.first, span.last) for span in found] == [(day, day)]


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=80), st.datetimes(datetime(1, 1, 2), datetime(9999, 1, 1)))
def test_no_text_makes_it_fail(text: str, base: datetime) -> None:
    for span in find_dates(f"last {text} week {text} ago", base=base.replace(tzinfo=UTC)):
        assert span.first <= span.last


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 60), st.datetimes(datetime(1990, 1, 1), datetime(2050, 1, 1)))
def test_so_many_days_ago_is_so_many_days_before(count: int, base: datetime) -> None:
    (span,) = find_dates(f"{count} days ago", base=base.replace(tzinfo=UTC))
    assert span.first == span.last == base.date() - timedelta(days=count)
