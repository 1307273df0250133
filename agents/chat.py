"""What an agent talks with: any chat model or function, asked for a whole reply or for pieces."""

import asyncio
import inspect
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterator,
    Mapping,
    Sequence,
)
from typing import TYPE_CHECKING, Protocol

from knowhen.memory.errors import InvalidInput, ModelFailed
from knowhen.memory.models.base import ChatModel, Message
from knowhen.memory.models.factory import make_model

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    Messages = list[Mapping[str, str]]
    Said = str | Awaitable[str] | Iterator[str] | AsyncIterator[str]
    ChatChoice = str | ChatModel | BaseChatModel | Callable[..., Said]


class Chat(Protocol):
    """Replies to messages in the four ways an agent is asked."""

    def reply(self, messages: Sequence[Message]) -> str: ...
    def stream(self, messages: Sequence[Message]) -> Iterator[str]: ...
    async def areply(self, messages: Sequence[Message]) -> str: ...
    def astream(self, messages: Sequence[Message]) -> AsyncIterator[str]: ...


def make_chat(choice: "ChatChoice") -> Chat:
    """A chat from `openai:MODEL`, a chat model, or a function of messages.

    A function gets a list of `{"role", "content"}` dictionaries. It returns text; it may also be
    a coroutine function, a generator function of pieces, or both.

    Raises:
        InvalidInput: none of these.
        MissingExtra: the package that the model needs is not installed.
    """
    if inspect.iscoroutinefunction(choice) or inspect.isasyncgenfunction(choice):
        return AsyncFunctionChat(choice)
    if inspect.isgeneratorfunction(choice):
        return PiecesChat(choice)
    model = make_model(choice)  # type: ignore[arg-type]
    if model is None:
        raise InvalidInput("an agent needs a chat model or a function that replies")
    return ModelChat(model)


class ModelChat:
    """A chat model behind the seam; it streams where the model does, and runs in a thread."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model

    def reply(self, messages: Sequence[Message]) -> str:
        return self._model.complete(messages).text

    def stream(self, messages: Sequence[Message]) -> Iterator[str]:
        stream = getattr(self._model, "stream", None)
        if callable(stream):
            yield from stream(messages)
        else:
            yield self.reply(messages)

    async def areply(self, messages: Sequence[Message]) -> str:
        return await asyncio.to_thread(self.reply, messages)

    def astream(self, messages: Sequence[Message]) -> AsyncIterator[str]:
        return _in_thread(self.stream(messages))


class PiecesChat:
    """A generator function that yields the pieces of a reply."""

    def __init__(self, function: Callable[..., Iterator[str]]) -> None:
        self._function = function

    def reply(self, messages: Sequence[Message]) -> str:
        return "".join(self.stream(messages))

    def stream(self, messages: Sequence[Message]) -> Iterator[str]:
        yield from self._function(_plain(messages))

    async def areply(self, messages: Sequence[Message]) -> str:
        return await asyncio.to_thread(self.reply, messages)

    def astream(self, messages: Sequence[Message]) -> AsyncIterator[str]:
        return _in_thread(self.stream(messages))


class AsyncFunctionChat:
    """A coroutine function, or an async generator of pieces; it runs in the caller's loop."""

    def __init__(self, function: Callable[..., "Awaitable[str] | AsyncIterator[str]"]) -> None:
        self._function = function

    def reply(self, messages: Sequence[Message]) -> str:
        raise InvalidInput("this agent's chat is asynchronous; use `areply` or `astream`")

    def stream(self, messages: Sequence[Message]) -> Iterator[str]:
        raise InvalidInput("this agent's chat is asynchronous; use `areply` or `astream`")

    async def areply(self, messages: Sequence[Message]) -> str:
        return "".join([piece async for piece in self.astream(messages)])

    async def astream(self, messages: Sequence[Message]) -> AsyncIterator[str]:
        said = self._function(_plain(messages))
        if isinstance(said, AsyncIterator):
            async for piece in said:
                yield piece
            return
        text = await said
        if not isinstance(text, str):
            raise ModelFailed(f"the chat function returned {type(text).__name__}, not text")
        yield text


def _plain(messages: Sequence[Message]) -> "Messages":
    return [{"role": message.role, "content": message.content} for message in messages]


async def _in_thread(pieces: Iterator[str]) -> AsyncIterator[str]:
    """The pieces of a blocking iterator, each waited for in a thread."""
    try:
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            yield piece
    finally:
        if isinstance(pieces, Generator):
            pieces.close()
