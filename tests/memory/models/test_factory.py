import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel

from knowhen.memory.errors import InvalidInput
from knowhen.memory.models.factory import make_model
from knowhen.memory.models.function import FunctionChatModel
from knowhen.memory.models.langchain import LangChainChatModel
from knowhen.memory.models.openai import OpenAIChatModel
from knowhen.memory.models.scripted import ScriptedChatModel


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
