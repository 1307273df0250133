"""A chat model from what a user has at hand."""

from typing import TYPE_CHECKING

from knowhen.memory.errors import InvalidInput
from knowhen.memory.models.base import ChatModel
from knowhen.memory.models.function import FunctionChatModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_core.language_models import BaseChatModel

    ModelChoice = str | ChatModel | BaseChatModel | Callable[..., str] | None

_OPENAI = "openai:"


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
