import json
import string
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.memory.errors import InvalidFile, InvalidInput, InvalidTurn
from knowhen.memory.formats import read_turns, write_line
from knowhen.memory.records import ROLES, Turn

_text = st.text(st.characters(exclude_categories=["Cs"]))
_zones = st.builds(
    timezone, st.integers(-23 * 3600, 23 * 3600).map(lambda seconds: timedelta(seconds=seconds))
)
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=6,
)
_turns = st.builds(
    Turn,
    text=_text.filter(str.strip),
    speaker=_text,
    role=st.sampled_from(ROLES),
    time=st.none() | st.datetimes(datetime(2, 1, 3), datetime(9998, 12, 28), timezones=_zones),
    session=_text,
    id=st.text(string.printable, min_size=1),
    meta=st.dictionaries(_text, _json, max_size=3),
)


def _write(folder: Path, text: str | bytes, name: str = "notes.jsonl") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@settings(deadline=None, max_examples=80)
@given(turns=st.lists(_turns, min_size=1, max_size=5), space=st.none() | st.text("ab", min_size=1))
def test_what_is_written_is_read_back_the_same(turns: list[Turn], space: str | None) -> None:
    with TemporaryDirectory() as folder:
        lines = "".join(write_line(turn, space=space) + "\n" for turn in turns)
        path = _write(Path(folder), lines)
        assert list(read_turns(path)) == [(space, turn) for turn in turns]
        assert list(read_turns(path, format="jsonl")) == [(space, turn) for turn in turns]


def test_every_turn_is_one_line_whatever_breaks_it_holds() -> None:
    line = write_line(Turn("one\ntwo\u2028three\x85four", id="a"))
    assert len(line.splitlines()) == 1


def test_lines_without_id_get_the_same_id_each_time_and_repeats_stay_apart(
    tmp_path: Path,
) -> None:
    path = _write(tmp_path, '{"text": "hi"}\n{"text": "hi"}\n{"text": "hi", "speaker": "Mara"}\n')
    ids = [turn.id for _, turn in read_turns(path)]
    assert ids == [turn.id for _, turn in read_turns(path)]
    assert len(set(ids)) == 3


def test_turns_come_before_the_file_is_read_to_its_end(tmp_path: Path) -> None:
    path = _write(tmp_path, '{"text": "fine"}\n{"text": \n')
    turns = read_turns(path)
    assert next(turns)[1].text == "fine"
    with pytest.raises(InvalidFile):
        next(turns)


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_text(tmp_path: Path) -> None:
    path = _write(tmp_path, b'\xef\xbb\xbf{"text": "hi"}\r\n\r\n{"text": "ho"}\r\n')
    assert [turn.text for _, turn in read_turns(path)] == ["hi", "ho"]


def test_times_are_read_with_their_zone(tmp_path: Path) -> None:
    path = _write(tmp_path, '{"text": "hi", "time": "2024-05-01T09:30:00Z"}')
    assert next(read_turns(path))[1].time == datetime(2024, 5, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "error", "message"),
    [
        ("{broken", InvalidFile, "not valid JSON"),
        ('{"text": "a"} x', InvalidFile, "not valid JSON"),
        ('["text"]', InvalidFile, "should be an object"),
        ('{"txt": "a", "text": "a"}', InvalidFile, "unknown field 'txt'"),
        ('{"speaker": "Mara"}', InvalidFile, "'text' is missing"),
        ('{"text": 5}', InvalidFile, "'text' should be a valid string"),
        ('{"text": "  "}', InvalidTurn, "has no text"),
        ('{"text": "a", "role": "boss"}', InvalidFile, "'role' should be"),
        ('{"text": "a", "time": "yesterday"}', InvalidFile, "is no ISO 8601 time"),
        ('{"text": "a", "time": 1e300}', InvalidFile, "is no ISO 8601 time"),
        ('{"text": "a", "time": "2024-05-01T09:30:00"}', InvalidTurn, "no time zone"),
        ('{"text": "\\ud83d"}', InvalidTurn, "lone surrogate"),
        ('{"text": "a", "meta": {"x": NaN}}', InvalidFile, "NaN is no JSON number"),
        ('{"text": "a", "meta": ' + "[" * 100_000 + "}", InvalidFile, "not usable JSON"),
        ('{"text": "a", "meta": {"x": ' + "9" * 5000 + "}}", InvalidFile, "not usable JSON"),
    ],
)
def test_a_bad_line_is_named_in_one_sentence(
    tmp_path: Path, line: str, error: type[InvalidInput], message: str
) -> None:
    path = _write(tmp_path, '{"text": "good"}\n\n' + line + "\n")
    with pytest.raises(error) as caught:
        list(read_turns(path, format="jsonl"))
    assert str(caught.value).startswith(f"{path}, line 3: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_not_utf8_are_refused_with_their_line(tmp_path: Path) -> None:
    path = _write(tmp_path, b'{"text": "good"}\n{"text": "caf\xe9"}\n')
    with pytest.raises(InvalidFile, match="line 2: not UTF-8"):
        list(read_turns(path))


def test_lines_hold_nothing_but_what_differs_from_the_defaults() -> None:
    assert json.loads(write_line(Turn("hi", id="a"))) == {"id": "a", "text": "hi"}
