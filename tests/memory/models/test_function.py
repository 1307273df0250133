import pytest

from knowhen.memory.errors import ModelFailed, ModelUnsupported
from knowhen.memory.models.base import Message
from knowhen.memory.models.function import FunctionChatModel

QUESTION = [Message("system", "Brief."), Message("user", "Where?")]


def prompted(prompt: str) -> str:
    return f"<{prompt}>"


def test_the_annotation_tells_what_the_function_takes() -> None:
    assert FunctionChatModel(prompted).name == "prompted"
    assert FunctionChatModel(prompted).complete(QUESTION[1:]).text == "<Where?>"
    assert FunctionChatModel(prompted).complete(QUESTION).text == "<system: Brief.\n\nuser: Where?>"
    model = FunctionChatModel(lambda messages: messages[-1]["content"])
    assert model.complete(QUESTION).text == "Where?"
    assert FunctionChatModel(str.upper, takes="prompt").complete(QUESTION[1:]).text == "WHERE?"


@pytest.mark.parametrize("function", [lambda messages: 1 / 0, lambda messages: None])
def test_what_a_function_does_wrong_is_a_failed_model(function: object) -> None:
    with pytest.raises(ModelFailed):
        FunctionChatModel(function).complete(QUESTION)  # type: ignore[arg-type]


def test_a_function_has_no_logprobs() -> None:
    with pytest.raises(ModelUnsupported):
        FunctionChatModel(prompted).complete(QUESTION, logprobs=True)
