"""What every chat model promises."""

import json
from collections.abc import Callable, Sequence

import pytest
from pydantic import BaseModel

from knowhen.memory.errors import ModelFailed
from knowhen.memory.models.base import ChatModel, Message

QUESTION = [Message("system", "Be brief."), Message("user", "Where?")]
Make = Callable[[Sequence[str]], ChatModel]


class Place(BaseModel):
    """The answer that the suite asks for."""

    city: str
    people: int


class ChatModelSuite:
    """Inherit from it and give a fixture `make`: texts in, a model that says them in order out."""

    def test_a_model_has_a_name(self, make: Make) -> None:
        assert make(["x"]).name

    def test_the_text_comes_back(self, make: Make) -> None:
        model = make(["In Paris.", "In Rome."])
        assert model.complete(QUESTION).text == "In Paris."
        completion = model.complete(QUESTION)
        assert (completion.text, completion.data) == ("In Rome.", None)
        assert (completion.logprobs, completion.tokens) == ((), ())

    def test_with_a_schema_data_holds_the_object(self, make: Make) -> None:
        answer = {"city": "Zürich {}", "people": 2}
        completion = make([json.dumps(answer)]).complete(QUESTION, schema=Place)
        assert completion.data == answer

    def test_prose_and_fences_around_the_object_do_no_harm(self, make: Make) -> None:
        text = 'Sure {as you wish}:\n```json\n{"city": "Rome", "people": 3}\n```'
        answer = make([text]).complete(QUESTION, schema=Place).data
        assert answer == {"city": "Rome", "people": 3}

    @pytest.mark.parametrize(
        "bad", ["no object", '{"city": "Rome"}', '{"city": 1, "people": 2}', "[]"]
    )
    def test_an_answer_that_never_fits_fails(self, make: Make, bad: str) -> None:
        with pytest.raises(ModelFailed):
            make([bad] * 4).complete(QUESTION, schema=Place)

    def test_nothing_more_to_say_fails(self, make: Make) -> None:
        with pytest.raises(ModelFailed):
            make([]).complete(QUESTION)
