import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel

from knowhen.memory.errors import InvalidInput, ModelFailed, ModelUnsupported
from knowhen.memory.models.base import Message
from knowhen.memory.models.factory import FunctionChatModel, make_model
from knowhen.memory.models.langchain import LangChainChatModel
from knowhen.memory.models.openai import OpenAIChatModel
from knowhen.memory.testing.chat_model import ScriptedChatModel


def test_what_a_user_has_becomes_a_model() -> None:
    scripted = ScriptedChatModel()
    assert make_model(None) is None
    assert make_model(scripted) is scripted
    assert isinstance(make_model(FakeListChatModel(responses=["x"])), LangChainChatModel)
    assert isinstance(make_model(lambda messages: "x"), FunctionChatModel)
    model = make_model("openai:gpt-x")
    assert isinstance(model, OpenAIChatModel)
    assert model.name == "gpt-x"


@pytest.mark.parametrize("choice", ["gpt-x", "openai:", "", 7])
def test_anything_else_is_refused(choice: object) -> None:
    with pytest.raises(InvalidInput, match="openai:MODEL"):
        make_model(choice)  # type: ignore[arg-type]


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
