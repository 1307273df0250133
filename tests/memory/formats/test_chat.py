import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from knowhen.memory.errors import InvalidFile, InvalidTurn
from knowhen.memory.formats import read_turns
from knowhen.memory.records import Turn


def _turns(folder: Path, value: object, name: str = "talk.json") -> list[Turn]:
    path = folder / name
    path.write_text(json.dumps(value))
    return [turn for _, turn in read_turns(path)]


def test_messages_become_turns_with_role_name_and_time(tmp_path: Path) -> None:
    turns = _turns(
        tmp_path,
        [
            {"role": "user", "content": "Hello", "name": "Mara", "timestamp": "2024-05-01T08:00Z"},
            {"role": "assistant", "content": "Hi Mara", "timestamp": 1714550460},
            {"role": "developer", "content": "Be brief", "created_at": "2024-05-01T08:02:00"},
        ],
    )
    assert [(turn.role, turn.speaker, turn.text, turn.session) for turn in turns] == [
        ("user", "Mara", "Hello", "talk"),
        ("assistant", "", "Hi Mara", "talk"),
        ("system", "", "Be brief", "talk"),
    ]
    assert [turn.time for turn in turns] == [
        datetime(2024, 5, 1, 8, minute, tzinfo=UTC) for minute in (0, 1, 2)
    ]


def test_milliseconds_since_1970_are_told_from_seconds(tmp_path: Path) -> None:
    turns = _turns(tmp_path, [{"role": "user", "content": "a", "timestamp": 1714550460000}])
    assert turns[0].time == datetime(2024, 5, 1, 8, 1, tzinfo=UTC)


def test_text_parts_are_joined_and_pictures_left_out(tmp_path: Path) -> None:
    parts = [
        {"type": "text", "text": "Look at this"},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        {"type": "text", "text": "and this"},
    ]
    turns = _turns(tmp_path, {"messages": [{"role": "user", "content": parts}]})
    assert [turn.text for turn in turns] == ["Look at this\nand this"]


def test_a_tool_call_without_words_is_no_turn(tmp_path: Path) -> None:
    call = {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}
    turns = _turns(tmp_path, [call, {"role": "tool", "content": "18 degrees"}])
    assert [(turn.role, turn.text) for turn in turns] == [("tool", "18 degrees")]


def test_a_grown_chat_keeps_the_ids_it_had(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": "ok"}, {"role": "user", "content": "ok"}]
    before = [turn.id for turn in _turns(tmp_path, messages)]
    after = [turn.id for turn in _turns(tmp_path, [*messages, messages[0]])]
    assert after[:2] == before
    assert len(set(after)) == 3


def test_one_message_a_line_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    path.write_text('{"role": "user", "content": "a"}\n{"role": "assistant", "content": "b"}\n')
    assert [turn.text for _, turn in read_turns(path)] == ["a", "b"]


@pytest.mark.parametrize(
    ("message", "error", "words"),
    [
        ({"role": "pilot", "content": "a"}, InvalidFile, "message 2: unknown role 'pilot'"),
        ({"role": "user", "content": ""}, InvalidTurn, "message 2: turn"),
        ({"role": "user", "content": 5}, InvalidFile, "message 2: 'content"),
        ("hello", InvalidFile, "message 2: should be an object"),
    ],
)
def test_a_bad_message_is_named_by_its_number(
    tmp_path: Path, message: object, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        _turns(tmp_path, [{"role": "user", "content": "good"}, message])


def test_a_message_without_a_time_has_that_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    messages = [
        {"role": "user", "content": "Hello."},
        {"role": "user", "content": "How was it?", "timestamp": "2024-05-01T09:30:00Z"},
        {"role": "assistant", "content": "Fine."},
    ]
    path.write_text(json.dumps(messages))
    at = datetime(2024, 5, 1, 9, 30, tzinfo=UTC)
    assert [turn.time for _, turn in read_turns(path)] == [None, at, at]
