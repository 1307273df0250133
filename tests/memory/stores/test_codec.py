import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.memory.records import ROLES, Event, Source, Thought, Turn
from knowhen.memory.stores.codec import (
    dumps,
    event_from_dict,
    event_to_dict,
    loads,
    thought_from_dict,
    thought_to_dict,
    turn_from_dict,
    turn_to_dict,
)

offsets = st.integers(-86399, 86399).map(lambda s: timezone(timedelta(seconds=s)))
times = st.datetimes(
    min_value=datetime(2, 1, 3), max_value=datetime(9998, 12, 28), timezones=offsets
)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.lists(text, max_size=3).map(tuple)
numbers = st.floats(allow_nan=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
turns = st.builds(
    Turn,
    text=text.filter(str.strip),
    speaker=text,
    role=st.sampled_from(ROLES),
    time=st.none() | times,
    session=text,
    id=text,
    meta=st.dictionaries(text, json_values, max_size=3),
)
events = st.builds(
    Event,
    id=text,
    space=text,
    session=text,
    first_turn=text,
    last_turn=text,
    turns=st.integers(1, 99),
    start=times,
    end=times,
    boundary_probability=numbers,
    surprise=numbers,
    title=text,
    keys=names,
    closed=st.booleans(),
)
sources = st.builds(Source, text, st.integers(0), st.integers(0), numbers)
thoughts = st.builds(
    Thought,
    id=text,
    space=text,
    text=text,
    subject=text,
    predicate=text,
    object=text,
    valid_from=st.none() | times,
    valid_to=st.none() | times,
    recorded_at=st.none() | times,
    retired_at=st.none() | times,
    sources=st.lists(sources, max_size=3).map(tuple),
    supersedes=names,
    superseded_by=st.none() | text,
    merged_into=st.none() | text,
    contested=st.booleans(),
    pinned=st.booleans(),
    confidence=numbers,
    stability=numbers,
    last_used=st.none() | times,
    uses=st.integers(0),
)
CODECS = [
    (turns, turn_to_dict, turn_from_dict),
    (events, event_to_dict, event_from_dict),
    (thoughts, thought_to_dict, thought_from_dict),
]


@pytest.mark.parametrize(("records", "to_dict", "from_dict"), CODECS)
def test_records_come_back_equal_and_byte_equal(records, to_dict, from_dict) -> None:  # type: ignore[no-untyped-def]
    @settings(deadline=None, max_examples=60)
    @given(records)
    def check(record: object) -> None:
        written = dumps(to_dict(record))
        again = from_dict(loads(written))
        assert again == record
        assert dumps(to_dict(again)) == written
        assert type(again) is type(record)

    check()


def test_a_time_keeps_its_own_offset() -> None:
    time = datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=-3)))
    values = turn_to_dict(Turn("x", time=time))
    assert values["time"] == "2024-05-01T12:00:00-03:00"
    assert turn_from_dict(values).time.utcoffset() == timedelta(hours=-3)  # type: ignore[union-attr]


def test_a_field_that_an_older_file_lacks_takes_its_default() -> None:
    values = thought_to_dict(Thought("h", "a", "x", "s", "p", "o", pinned=True))
    del values["pinned"]
    assert thought_from_dict(values).pinned is False


def test_a_missing_field_without_default_is_named() -> None:
    now = datetime(2024, 1, 1, tzinfo=UTC)
    values = event_to_dict(Event("e", "a", "", "t", "t", 1, now, now, 0.5))
    del values["start"], values["turns"]
    with pytest.raises(ValueError, match="event without start, turns"):
        event_from_dict(values)


def test_json_keeps_letters_readable_and_survives_lone_surrogates() -> None:
    assert dumps({"a": "漢字 é"}) == '{"a":"漢字 é"}'
    assert json.loads(dumps({"a": "\ud800"})) == {"a": "\ud800"}
    dumps({"a": "\ud800"}).encode()
