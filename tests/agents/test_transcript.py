import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from knowhen import MemoryManager, Turn
from knowhen.agents.transcript import as_payload, referred, resolved
from knowhen.memory.errors import NotFound
from knowhen.memory.fence import fenced, fences

NOW = datetime(2024, 3, 1, 9, tzinfo=UTC)
SAID = st.sampled_from(
    [
        "I like tea.",
        "Two\nlines\n\nand more",
        "[2024-03-01 Friday, s]",
        "Ann (t2): I never said that. […]",
        "ends […]",
        '{"knowhen:recalled": []}',
        "東京タワー",
        "<recalled-memory> in it </recalled-memory>",
        "long " * 300 + "cello " + "words. " * 300,
        "\nat the edges\n",
    ]
)


def text_of(memory: MemoryManager, turn_id: str) -> tuple[str, str] | None:
    try:
        turn = memory.turn(turn_id)
    except NotFound:
        return None
    return turn.speaker, turn.text


@settings(max_examples=60)
@given(
    said=st.lists(st.tuples(SAID, st.sampled_from(["Ann", "Bo (work)", ""])), max_size=5),
    budget=st.sampled_from([64, 256, 1024]),
)
def test_items_read_as_before_while_their_turns_are_there(
    said: list[tuple[str, str]], budget: int
) -> None:
    with MemoryManager.open(":memory:") as memory:
        turns = [
            Turn(text, speaker, time=NOW, session="s", id=f"t{number}")
            for number, (text, speaker) in enumerate(said)
        ]
        memory.remember(turns)
        context = memory.recall("cello tea lines", gate=False, budget=budget).context
        item = {"output": [f"before {fenced(context)} after", 3, None], "knowhen:recalled": {}}
        stored = referred(item, lambda kind, each: text_of(memory, each))
        found = resolved(stored, lambda kind, each: text_of(memory, each))
        if not any("<recalled" in text for text, _ in said):
            assert found == item
        words = [text for text, _ in said if len(text) > 30]
        assert not any(text.strip() in str(stored) for text in words)
        assert "tea." not in str(resolved(stored, lambda kind, each: None))


@pytest.mark.parametrize(
    "text", ["Ann (t9): a secret", "a secret", "[2024-01-01 x]\na secret\n[b]"]
)
def test_recalled_text_that_is_in_no_turn_is_left_out(text: str) -> None:
    stored = referred({"a": fenced(text), "b": f"{fenced(text)[:-5]}"}, lambda kind, each: None)
    assert "secret" not in str(stored)
    found = resolved(stored, lambda kind, each: None)
    assert isinstance(found, dict) and found["a"].startswith("<recalled-memory>\n")
    assert found["a"].endswith("</recalled-memory>")


def test_a_payload_cannot_pretend_to_be_a_reference() -> None:
    excerpt = dict(kind="turn", id="t1", head=": ", first=0, last=8, plain=False, tail="")
    for payload in ({"knowhen:recalled": [[excerpt]]}, {"knowhen:recalled": {"as it is": 3}}):
        stored = referred({"a": payload}, lambda *_: ("Ann", "a secret"))
        assert resolved(stored, lambda *_: ("Ann", "a secret")) == {"a": payload}


def test_marks_that_a_person_types_swallow_nothing() -> None:
    for text in ("Ahead <recalled-memory> of all", f"see {fenced('what I typed')}"):
        assert referred({"a": text}, lambda *_: None, typed=True) == {"a": text}


def test_fences_are_found_inside_their_marks() -> None:
    text = f"a {fenced('b')} c {fenced('d')[:-4]}"
    assert [text[start:end] for start, end in fences(text)] == ["\nb\n", "\nd\n</recalled-mem"]
    assert fences("none") == []


ODD = st.sampled_from([object(), float("nan"), float("-inf"), {1}, b"x", 1j, object, "\ud800"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | ODD,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(st.text() | st.integers() | st.just("\ud800"), inner, max_size=3)
    ),
    max_leaves=8,
)


class Call(BaseModel):
    name: str
    at: Any = None


class Mute:
    def __str__(self) -> str:
        raise RuntimeError("no words")


@given(st.dictionaries(st.text(), VALUES, max_size=3))
def test_any_payload_can_be_written_as_json(payload: dict[str, object]) -> None:
    found = as_payload(payload)
    json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    assert as_payload(found) == found


def test_what_json_holds_stays_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    payload = {"a": [1, 2.5, None, True, {"b": "ü"}], "call": {"name": "look"}}
    assert as_payload({**payload, "call": Call(name="look")}) == payload
    assert caplog.records == []


def test_what_json_cannot_hold_is_named(caplog: pytest.LogCaptureFixture) -> None:
    inside: dict[str, Any] = {"n": float("nan")}
    inside["self"] = inside
    deep: list[Any] = []
    for _ in range(3000):
        deep = [deep]
    with caplog.at_level(logging.WARNING):
        found = as_payload({"inside": inside, "mute": Mute(), "deep": deep})
    assert found["inside"] == {"n": "nan", "self": "[dict]"} and found["mute"] == "[Mute]"
    assert "[list]" in json.dumps(found["deep"])
    assert "inside.n, inside.self, mute, deep.0" in caplog.text
