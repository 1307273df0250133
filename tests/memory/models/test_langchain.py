from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable, RunnableLambda
from pydantic import BaseModel

from knowhen.memory.errors import ModelFailed, ModelUnsupported
from knowhen.memory.models.base import Message
from knowhen.memory.models.langchain import LangChainChatModel

USAGE: UsageMetadata = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}
QUESTION = [Message("system", "Brief."), Message("user", "Where?"), Message("assistant", "Hm.")]


class City(BaseModel):
    city: str


class Parrot(BaseChatModel):
    """Says what it was sent, with usage and, when bound, log-probabilities."""

    model_name: str = "parrot-1"
    structured: Any = None

    @property
    def _llm_type(self) -> str:
        return "parrot"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: Any = None,
        run_manager: Any = None,
        **settings: Any,
    ) -> ChatResult:
        if settings.get("max_tokens") == 0:
            raise ConnectionError("the parrot flew away")
        metadata = {}
        if settings.get("logprobs") and self.model_name == "parrot-1":
            metadata = {"logprobs": {"content": [{"token": "a", "logprob": -0.5}]}}
        answer = AIMessage(
            content="; ".join(f"{m.type}={m.content}" for m in messages),
            response_metadata=metadata,
            usage_metadata=USAGE,
        )
        return ChatResult(generations=[ChatGeneration(message=answer)])

    def with_structured_output(self, schema: Any, **settings: Any) -> Runnable[Any, Any]:
        assert schema["title"] and settings["include_raw"]
        if self.structured is None:
            raise NotImplementedError
        raw = AIMessage(content="{}", usage_metadata=USAGE)
        return RunnableLambda(
            lambda _: {"raw": raw, "parsed": self.structured, "parsing_error": None}
        )


def test_roles_and_usage_are_carried_over() -> None:
    model = LangChainChatModel(Parrot())
    completion = model.complete(QUESTION)
    assert model.name == "parrot-1"
    assert completion.text == "system=Brief.; human=Where?; ai=Hm."
    assert (completion.prompt_tokens, completion.completion_tokens) == (5, 2)


def test_the_models_own_structured_output_is_used() -> None:
    model = LangChainChatModel(Parrot(structured={"city": "Rome"}))
    assert model.complete(QUESTION, schema=City).data == {"city": "Rome"}


@pytest.mark.parametrize("wrong", [{"town": "Rome"}, "Rome", []])
def test_structured_output_is_checked(wrong: object) -> None:
    with pytest.raises(ModelFailed):
        LangChainChatModel(Parrot(structured=wrong)).complete(QUESTION, schema=City)


def test_logprobs_come_from_the_response_metadata() -> None:
    completion = LangChainChatModel(Parrot()).complete(QUESTION, logprobs=True)
    assert (completion.tokens, completion.logprobs) == (("a",), (-0.5,))
    with pytest.raises(ModelUnsupported, match="log-probabilities"):
        LangChainChatModel(Parrot(model_name="mute")).complete(QUESTION, logprobs=True)


def test_a_providers_error_is_a_failed_model() -> None:
    with pytest.raises(ModelFailed, match="the parrot flew away"):
        LangChainChatModel(Parrot()).complete(QUESTION, max_tokens=0)
