import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from knowhen.memory.errors import ModelFailed
from knowhen.memory.models.structured import check_answer, is_strict, json_schema, parse_object

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "b", 0.5]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)
    ),
    max_leaves=6,
)


class City(BaseModel):
    name: str
    country: str | None


class Trip(BaseModel):
    cities: list[City]


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    a: str = ""


def test_an_answer_that_does_not_fit_is_refused_with_the_place() -> None:
    check_answer({"cities": [{"name": "Rome", "country": None}]}, Trip)
    with pytest.raises(ModelFailed, match=r"cities\.0\.country: Field required"):
        check_answer({"cities": [{"name": "Rome"}]}, Trip)


def test_strict_means_that_no_other_field_is_taken() -> None:
    assert is_strict(Closed) and not is_strict(Trip)
    assert json_schema(Closed)["additionalProperties"] is False
    assert json_schema(Closed)["required"] == ["a"]


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
