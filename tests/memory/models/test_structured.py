import json
from collections.abc import Mapping

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from knowhen.memory.errors import ModelFailed
from knowhen.memory.models.structured import check_schema, is_strict, parse_object

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "b", 0.5]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)
    ),
    max_leaves=6,
)
_SCHEMAS = st.recursive(
    st.sampled_from(
        [
            {},
            {"type": "string"},
            {"type": "integer"},
            {"type": "number"},
            {"type": "boolean"},
            {"type": ["null", "string"]},
            {"enum": ["a", "b"]},
            {"const": "a"},
        ]
    ),
    lambda inner: (
        st.builds(lambda items: {"type": "array", "items": items}, inner)
        | st.builds(lambda one, two: {"anyOf": [one, two]}, inner, inner)
        | st.builds(
            lambda x, y, required, closed: {
                "type": "object",
                "properties": {"x": x, "y": y},
                "required": required,
                "additionalProperties": not closed,
            },
            inner,
            inner,
            st.lists(st.sampled_from("xy"), unique=True),
            st.booleans(),
        )
    ),
    max_leaves=5,
)


@settings(deadline=None, max_examples=150)
@given(_VALUES, _SCHEMAS)
def test_the_check_agrees_with_jsonschema(value: object, schema: Mapping[str, object]) -> None:
    try:
        check_schema(value, schema)
        ours = True
    except ModelFailed:
        ours = False
    assert ours == jsonschema.Draft202012Validator(schema).is_valid(value)


class City(BaseModel):
    name: str
    country: str | None


class Trip(BaseModel):
    cities: list[City]


def test_the_schemas_that_pydantic_writes_are_understood() -> None:
    schema = Trip.model_json_schema()
    check_schema({"cities": [{"name": "Rome", "country": None}]}, schema)
    with pytest.raises(ModelFailed, match=r"\$\.cities\[0\] lacks 'country'"):
        check_schema({"cities": [{"name": "Rome"}]}, schema)


def test_strict_means_closed_objects_that_require_every_key() -> None:
    closed: dict[str, object] = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    assert is_strict(closed)
    assert not is_strict({**closed, "required": []})
    assert not is_strict({**closed, "properties": {"a": {"type": "object"}}})
    assert not is_strict(Trip.model_json_schema())


@given(st.text(max_size=20), st.dictionaries(st.text(max_size=5), _VALUES, max_size=3))
@settings(deadline=None, max_examples=40)
def test_an_object_after_any_prose_without_braces_is_found(
    prose: str, value: dict[str, object]
) -> None:
    text = prose.replace("{", "(") + json.dumps(value) + " and }{ more"
    assert parse_object(text) == value


def test_text_without_an_object_is_refused_with_an_excerpt() -> None:
    with pytest.raises(ModelFailed, match="I would rather not"):
        parse_object("I would rather not {")
