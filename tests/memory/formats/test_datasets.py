"""LoCoMo and BEAM, on small conversations in their layouts."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from knowhen.memory.errors import InvalidFile, InvalidTurn
from knowhen.memory.formats import SpacedTurn, read_turns


def _read(folder: Path, value: object) -> list[SpacedTurn]:
    path = folder / "data.json"
    path.write_text(json.dumps(value))
    return list(read_turns(path))


def _locomo(sample: str = "conv-1", **sessions: object) -> dict[str, object]:
    return {"qa": [], "conversation": {"speaker_a": "Ana", **sessions}, "sample_id": sample}


def _said(id: str, text: str, **more: object) -> dict[str, object]:
    return {"speaker": "Ana", "dia_id": id, "text": text, **more}


def test_locomo_has_a_space_per_conversation_and_sessions_in_number_order(tmp_path: Path) -> None:
    first = _locomo(
        session_10=[_said("D10:1", "ten")],
        session_10_date_time="12:05 am on 1 June, 2023",
        session_2=[_said("D2:1", "two"), _said("D2:2", "two again")],
        session_2_date_time="1:56 pm on 8 May, 2023",
        session_3_date_time="9:00 am on 9 May, 2023",
    )
    second = _locomo("conv-2", session_1=[_said("D1:1", "x")])
    second["conversation"]["session_1_date_time"] = "12:30 pm on 2 May, 2023"  # type: ignore[index]
    read = _read(tmp_path, [first, second])
    assert [(space, turn.id) for space, turn in read] == [
        ("conv-1", "D2:1"),
        ("conv-1", "D2:2"),
        ("conv-1", "D10:1"),
        ("conv-2", "D1:1"),
    ]
    times = [turn.time for _, turn in read]
    assert times[0] == datetime(2023, 5, 8, 13, 56, tzinfo=UTC)
    assert times[1] == datetime(2023, 5, 8, 13, 56, 30, tzinfo=UTC)
    assert times[2] == datetime(2023, 6, 1, 0, 5, tzinfo=UTC)
    assert times[3] == datetime(2023, 5, 2, 12, 30, tzinfo=UTC)
    assert {(turn.role, turn.speaker) for _, turn in read} == {("user", "Ana")}
    assert read[0][1].session == "session_2"


def test_locomo_captions_follow_the_verbatim_text(tmp_path: Path) -> None:
    chat = _locomo(
        session_1=[
            _said("D1:1", "Look!", blip_caption="a dog", img_url=["u"], query="dog"),
            _said("D1:2", "", blip_caption="a cat"),
        ],
        session_1_date_time="1:56 pm on 8 May, 2023",
    )
    assert [turn.text for _, turn in _read(tmp_path, chat)] == [
        "Look!\n[image: a dog]",
        "[image: a cat]",
    ]


def test_locomo_names_the_session_with_a_bad_date_and_the_turn_without_text(
    tmp_path: Path,
) -> None:
    dated = {"session_1_date_time": "1:56 pm on 8 May, 2023"}
    with pytest.raises(InvalidFile, match="conv-1, session_1: None is no date"):
        _read(tmp_path, _locomo(session_1=[_said("D1:1", "x")]))
    with pytest.raises(InvalidTurn, match=r"session_1, turn D1:1: .*no text"):
        _read(tmp_path, _locomo(session_1=[_said("D1:1", "")], **dated))
    with pytest.raises(InvalidFile, match="session_1, turn 1: 'dia_id' is missing"):
        _read(tmp_path, _locomo(session_1=[{"speaker": "Ana", "text": "x"}], **dated))


def _beam(*turns: tuple[str | None, str]) -> dict[str, object]:
    rows = [
        {"id": index, "role": role, "time_anchor": anchor, "session": 1, "content": "words"}
        for index, (anchor, role) in enumerate(turns)
    ]
    return {"chat": "100K-9", "turns": rows, "questions": {}}


def test_beam_anchors_hold_until_the_next_one(tmp_path: Path) -> None:
    chat = _beam(
        (None, "user"),
        ("March-15-2024", "assistant"),
        (None, "user"),
        ("April-01-2024", "assistant"),
    )
    read = _read(tmp_path, chat)
    march, april = datetime(2024, 3, 15, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC)
    step = timedelta(seconds=30)
    assert [turn.time for _, turn in read] == [march, march + step, march + 2 * step, april]
    assert [(space, turn.id, turn.session) for space, turn in read][0] == (
        "100K-9",
        "0",
        "session_1",
    )
    assert [turn.role for _, turn in read] == ["user", "assistant"] * 2


def test_beam_names_the_turn_with_a_bad_anchor(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="turn 0: 'soon' is no date"):
        _read(tmp_path, _beam(("soon", "user")))
