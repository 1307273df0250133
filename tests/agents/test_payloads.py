import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from knowhen.agents.payloads import as_payload

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
