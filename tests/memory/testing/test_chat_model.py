import pytest
from pydantic import BaseModel

from knowhen.memory.errors import ModelFailed
from knowhen.memory.models.base import Completion, Message
from knowhen.memory.testing.chat_model import ScriptedChatModel


class Number(BaseModel):
    b: int


QUESTION = [Message("user", "Where?")]


def test_replies_come_in_order_and_calls_are_kept() -> None:
    whole = Completion(text="c", logprobs=(-1.0,), tokens=("c",))
    model = ScriptedChatModel("a")
    model.enqueue({"b": 1}, whole)
    assert model.pending == 3
    assert model.complete(QUESTION).text == "a"
    assert model.complete(QUESTION, schema=Number).data == {"b": 1}
    assert model.complete(QUESTION) is whole
    assert model.history == [tuple(QUESTION)] * 3
    assert model.schemas == [None, Number, None]


def test_a_queued_error_is_raised() -> None:
    with pytest.raises(TimeoutError, match="slow"):
        ScriptedChatModel(TimeoutError("slow")).complete(QUESTION)


def test_an_empty_queue_fails_but_keeps_the_call() -> None:
    model = ScriptedChatModel()
    with pytest.raises(ModelFailed, match="enqueue"):
        model.complete(QUESTION)
    assert len(model.history) == 1
