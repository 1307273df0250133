"""A chat model from what a user has at hand, a plain function among it."""

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel

from knowhen.memory.errors import InvalidInput, ModelFailed, ModelUnsupported
from knowhen.memory.models.base import ChatModel, Completion, Message
from knowhen.memory.models.structured import complete_structured, with_schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_core.language_models import BaseChatModel

    ModelChoice = str | ChatModel | BaseChatModel | Callable[..., str] | None

Takes = Literal["messages", "prompt"]

_OPENAI = "openai:"


class FunctionChatModel:
    """A chat model made of a function that returns text.

    Args:
        function: gets a list of `{"role", "content"}` dictionaries, or one string.
        takes: which of the two; None goes by the annotation of the first parameter: `str` means
            a prompt, anything else messages.
    """

    def __init__(
        self,
        function: Callable[..., str],
        *,
        name: str | None = None,
        takes: Takes | None = None,
    ) -> None:
        self.name: str = name or str(getattr(function, "__name__", type(function).__name__))
        self.function = function
        self._takes = takes or _annotated(function)

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: type[BaseModel] | None = None,
        logprobs: bool = False,
        max_tokens: int | None = None,
    ) -> Completion:
        if logprobs:
            raise ModelUnsupported(f"{self.name!r} is a function and gives no log-probabilities")
        if schema is None:
            return self._ask(list(messages))
        return complete_structured(self._ask, with_schema(messages, schema), schema)

    def call(self, messages: Sequence[Message]) -> object:
        """What the function gives back, text or not."""
        if self._takes == "prompt":
            return self.function(_prompt(messages))
        return self.function([{"role": m.role, "content": m.content} for m in messages])

    def _ask(self, messages: list[Message]) -> Completion:
        try:
            text = self.call(messages)
        except Exception as error:  # whatever a user's function raises
            raise ModelFailed(f"model {self.name!r} failed: {error!r}") from error
        if not isinstance(text, str):
            raise ModelFailed(f"model {self.name!r} returned {type(text).__name__}, not text")
        return Completion(text=text)


def _prompt(messages: Sequence[Message]) -> str:
    """A single message as it is; several with their roles."""
    if len(messages) == 1:
        return messages[0].content
    return "\n\n".join(f"{message.role}: {message.content}" for message in messages)


def _annotated(function: Callable[..., str]) -> Takes:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # some builtins have no signature
        return "messages"
    return "prompt" if parameters and parameters[0].annotation in (str, "str") else "messages"


def make_model(choice: "ModelChoice") -> ChatModel | None:
    """None, `openai:MODEL`, a chat model of ours or LangChain's, or a function that writes text.

    Raises:
        InvalidInput: none of these.
        MissingExtra: the package that the model needs is not installed.
    """
    if choice is None:
        return None
    if isinstance(choice, str):
        if not choice.startswith(_OPENAI) or len(choice) == len(_OPENAI):
            raise InvalidInput(f"no model is called {choice!r}; use 'openai:MODEL'")
        from knowhen.memory.models.openai import OpenAIChatModel

        return OpenAIChatModel(choice.removeprefix(_OPENAI))
    if callable(getattr(choice, "complete", None)):
        return choice  # type: ignore[return-value]
    if callable(getattr(choice, "with_structured_output", None)):
        from knowhen.memory.models.langchain import LangChainChatModel

        return LangChainChatModel(choice)  # type: ignore[arg-type]
    if callable(choice):
        return FunctionChatModel(choice)
    raise InvalidInput(
        f"not a chat model: {choice!r}; use 'openai:MODEL', a LangChain chat model, "
        "or a function of messages that returns text"
    )
