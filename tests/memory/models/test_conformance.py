"""What every chat model promises."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from openai_server import OpenAIServer

from knowhen.memory.errors import ModelFailed
from knowhen.memory.models.base import ChatModel, Message
from knowhen.memory.models.function import FunctionChatModel
from knowhen.memory.models.langchain import LangChainChatModel
from knowhen.memory.models.openai import OpenAIChatModel
from knowhen.memory.models.scripted import ScriptedChatModel

SCHEMA: Mapping[str, object] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "people": {"type": "integer"}},
    "required": ["city", "people"],
}
QUESTION = [Message("system", "Be brief."), Message("user", "Where?")]
Make = Callable[[Sequence[str]], ChatModel]


@pytest.fixture(params=["scripted", "function", "prompt", "langchain", "openai"])
def make(request: pytest.FixtureRequest, openai_server: OpenAIServer) -> Iterator[Make]:
    """A model that will say the given texts in order."""

    def maker(texts: Sequence[str]) -> ChatModel:
        spoken = iter(texts)
        if request.param == "scripted":
            return ScriptedChatModel(*texts)
        if request.param == "function":
            return FunctionChatModel(lambda messages: next(spoken), name="said")
        if request.param == "prompt":

            def said(prompt: str) -> str:
                assert "Where?" in prompt
                return next(spoken)

            return FunctionChatModel(said)
        if request.param == "langchain":
            return LangChainChatModel(GenericFakeChatModel(messages=map(AIMessage, texts)))
        openai_server.enqueue(*texts)
        return OpenAIChatModel("toy", base_url=openai_server.url, retries=0)

    yield maker


def test_a_model_has_a_name(make: Make) -> None:
    assert make(["x"]).name


def test_the_text_comes_back(make: Make) -> None:
    model = make(["In Paris.", "In Rome."])
    assert model.complete(QUESTION).text == "In Paris."
    completion = model.complete(QUESTION)
    assert (completion.text, completion.data) == ("In Rome.", None)
    assert completion.logprobs == completion.tokens == ()


def test_with_a_schema_data_holds_the_object(make: Make) -> None:
    answer = {"city": "Zürich {}", "people": 2}
    completion = make([json.dumps(answer)]).complete(QUESTION, schema=SCHEMA)
    assert completion.data == answer


def test_prose_and_fences_around_the_object_do_no_harm(make: Make) -> None:
    text = 'Sure {as you wish}:\n```json\n{"city": "Rome", "people": 3}\n```'
    assert make([text]).complete(QUESTION, schema=SCHEMA).data == {"city": "Rome", "people": 3}


@pytest.mark.parametrize("bad", ["no object", '{"city": "Rome"}', '{"city": 1, "people": 2}', "[]"])
def test_an_answer_that_never_fits_fails(make: Make, bad: str) -> None:
    with pytest.raises(ModelFailed):
        make([bad] * 4).complete(QUESTION, schema=SCHEMA)


def test_nothing_more_to_say_fails(make: Make, openai_server: OpenAIServer) -> None:
    from openai_server import Failure

    openai_server.enqueue(Failure(500))
    model = make([])
    with pytest.raises(ModelFailed):
        model.complete(QUESTION)


def test_a_misfit_is_told_to_the_model_once() -> None:
    prompts: list[Any] = []

    def said(messages: list[dict[str, str]]) -> str:
        prompts.append(messages)
        return '{"city": "Rome"}' if len(prompts) == 1 else '{"city": "Rome", "people": 1}'

    completion = FunctionChatModel(said).complete(QUESTION, schema=SCHEMA)
    assert completion.data == {"city": "Rome", "people": 1}
    assert "lacks 'people'" in prompts[1][-1]["content"]
    assert prompts[0][0]["content"].startswith("Be brief.\n\nAnswer with one JSON object")
