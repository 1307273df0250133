"""Our chat models keep what every chat model promises."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from openai_server import Failure, OpenAIServer

from knowhen.memory.models.base import ChatModel
from knowhen.memory.models.factory import FunctionChatModel
from knowhen.memory.models.langchain import LangChainChatModel
from knowhen.memory.models.openai import OpenAIChatModel
from knowhen.memory.testing.chat_model import ScriptedChatModel
from knowhen.memory.testing.chat_model_suite import QUESTION, ChatModelSuite, Make, Place


class TestOurs(ChatModelSuite):
    @pytest.fixture(params=["scripted", "function", "prompt", "langchain", "openai"])
    def make(self, request: pytest.FixtureRequest, openai_server: OpenAIServer) -> Iterator[Make]:
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
            openai_server.enqueue(*texts or [Failure(500)])
            return OpenAIChatModel("toy", base_url=openai_server.url, retries=0)

        yield maker


def test_a_misfit_is_told_to_the_model_once() -> None:
    prompts: list[Any] = []

    def said(messages: list[dict[str, str]]) -> str:
        prompts.append(messages)
        return '{"city": "Rome"}' if len(prompts) == 1 else '{"city": "Rome", "people": 1}'

    completion = FunctionChatModel(said).complete(QUESTION, schema=Place)
    assert completion.data == {"city": "Rome", "people": 1}
    assert "people: Field required" in prompts[1][-1]["content"]
    assert prompts[0][0]["content"].startswith("Be brief.\n\nAnswer with one JSON object")
