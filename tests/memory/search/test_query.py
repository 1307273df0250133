"""Reading a query."""

from datetime import UTC, datetime

import pytest

from knowhen.memory.search.query import read_query

SPEAKERS = ["Melanie", "Caroline", "José García"]


def test_names_say_who_and_leave_the_rest_to_be_searched() -> None:
    query = read_query("What did Caroline's therapist suggest?", speakers=SPEAKERS)
    assert query.speakers == {"Caroline"}
    assert query.bare == "What did therapist suggest?"
    assert query.terms == ("therapist", "suggest")


@pytest.mark.parametrize("name", ["José", "García", "JOSÉ GARCÍA", "josé"])
def test_any_part_of_a_name_names_its_owner(name: str) -> None:
    assert read_query(f"Where does {name} live?", speakers=SPEAKERS).speakers == {"José García"}


def test_a_nickname_is_the_beginning_of_one_name() -> None:
    assert read_query("Ask Mel about it", speakers=SPEAKERS).speakers == {"Melanie"}
    assert read_query("Ask Mar about it", speakers=["Maria", "Mark"]).speakers == frozenset()
    assert read_query("Is it mel?", speakers=SPEAKERS).speakers == frozenset()


def test_i_is_whoever_asks() -> None:
    query = read_query("When does my sprint end?", speakers=[], asker="user")
    assert query.about == {"user"} and not query.speakers
    assert read_query("When does it end?", speakers=[], asker="user").speakers == frozenset()


def test_a_query_of_names_alone_is_still_embedded() -> None:
    assert read_query("Caroline?", speakers=SPEAKERS).bare == "Caroline?"


def test_days_are_intervals_of_seconds() -> None:
    query = read_query("What happened on 7 May 2023?", speakers=[])
    first = datetime(2023, 5, 7, tzinfo=UTC).timestamp()
    assert query.days == ((first, first + 86_400),)
    now = datetime(2023, 5, 8, 12, tzinfo=UTC)
    assert read_query("What did I do yesterday?", speakers=[], now=now).days == query.days
