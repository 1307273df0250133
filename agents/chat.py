"""What an agent talks with: any chat model or function, asked for a whole reply or for pieces."""

import asyncio
import inspect
import logging
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from contextvars import copy_context
from typing import TYPE_CHECKING, Protocol

from knowhen.memory.errors import InvalidInput, ModelFailed
from knowhen.memory.models.base import ChatModel, Message
from knowhen.memory.models.factory import FunctionChatModel, make_model

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    Pieces = Iterator[str] | AsyncIterator[str]
    Said = str | Pieces | Awaitable[str | Pieces]
    ChatChoice = str | ChatModel | BaseChatModel | Callable[..., Said]

log = logging.getLogger(__name__)
_ASYNCHRONOUS = "this agent's chat is asynchronous; use `areply` or `astream`"


class Chat(Protocol):
    """Replies to messages in the four ways an agent is asked."""

    @property
    def reader(self) -> ChatModel | None:
        """The model behind it that fills in forms; None if it can only be awaited."""
        ...

    def reply(self, messages: Sequence[Message]) -> str: ...
    def stream(self, messages: Sequence[Message]) -> Iterator[str]: ...
    async def areply(self, messages: Sequence[Message]) -> str: ...
    def astream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]: ...


def make_chat(choice: "ChatChoice") -> Chat:
    """A chat from `openai:MODEL`, a chat model, or a function of messages.

    A function, or an object that is called like one, gets a list of `{"role", "content"}`
    dictionaries. It gives text or an iterator of pieces, at once or to be awaited.

    Raises:
        InvalidInput: none of these.
        MissingExtra: the package that the model needs is not installed.
    """
    model = make_model(choice)  # type: ignore[arg-type]
    if model is None:
        raise InvalidInput("an agent needs a chat model or a function that replies")
    return FunctionChat(model) if isinstance(model, FunctionChatModel) else ModelChat(model)


class ModelChat:
    """A chat model behind the seam; it streams where the model does, and runs in a thread."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model

    @property
    def reader(self) -> ChatModel:
        return self._model

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

    def astream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        return in_thread(self.stream(messages))


class FunctionChat:
    """A function, whatever it gives: text, pieces, or something that is awaited for either.

    What is asynchronous runs in the caller's loop, everything else in a thread.
    """

    def __init__(self, model: FunctionChatModel) -> None:
        self._model, self._call = model, model.call
        self._asynchronous = _asynchronous(model.function)

    @property
    def reader(self) -> ChatModel | None:
        return None if self._asynchronous else self._model

    def reply(self, messages: Sequence[Message]) -> str:
        return "".join(self.stream(messages))

    def stream(self, messages: Sequence[Message]) -> Iterator[str]:
        if self._asynchronous:
            raise InvalidInput(_ASYNCHRONOUS)
        said = self._call(messages)
        if isinstance(said, Coroutine):
            said.close()
        if isinstance(said, Awaitable | AsyncIterable):
            raise InvalidInput(_ASYNCHRONOUS)
        yield from _pieces(said)

    async def areply(self, messages: Sequence[Message]) -> str:
        return "".join([piece async for piece in self.astream(messages)])

    async def astream(self, messages: Sequence[Message]) -> AsyncGenerator[str, None]:
        if self._asynchronous:
            said = self._call(messages)
        else:
            said = await asyncio.to_thread(self._call, messages)
        if isinstance(said, Awaitable):
            said = await said
        pieces = _awaited(said) if isinstance(said, AsyncIterable) else in_thread(_pieces(said))
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece


def _asynchronous(function: Callable[..., object]) -> bool:
    """Whether calling it runs nothing yet, so that it may be called in the loop."""
    return any(
        kind(each)
        for kind in (inspect.iscoroutinefunction, inspect.isasyncgenfunction)
        for each in (function, type(function).__call__)
    )


def _pieces(said: object) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, Iterable) and not isinstance(said, bytes | Mapping):
        for piece in said:
            yield _text(piece)
    else:
        _text(said)


async def _awaited(said: AsyncIterable[object]) -> AsyncGenerator[str, None]:
    try:
        async for piece in said:
            yield _text(piece)
    finally:
        if isinstance(said, AsyncGenerator):
            await said.aclose()


def _text(said: object) -> str:
    if not isinstance(said, str):
        raise ModelFailed(f"the chat function gave {type(said).__name__}, not text")
    return said


async def in_thread(pieces: Iterator[str]) -> AsyncGenerator[str, None]:
    """The pieces of a blocking iterator, each waited for in a thread of its own.

    A thread cannot be stopped. Whoever cancels goes on at once; the iterator is closed in its
    thread as soon as it comes back, because one that is running cannot be closed.
    """
    loop, context = asyncio.get_running_loop(), copy_context()

    def step() -> str | None:
        return context.run(next, pieces, None)

    thread = ThreadPoolExecutor(1, thread_name_prefix="knowhen-chat")
    try:
        while (piece := await loop.run_in_executor(thread, step)) is not None:
            yield piece
    finally:
        if isinstance(pieces, Generator):
            thread.submit(_closed, pieces)
        thread.shutdown(wait=False)


def _closed(pieces: Generator[str, None, None]) -> None:
    try:
        pieces.close()
    except Exception:  # nobody waits for it any more
        log.exception("a model that was no longer listened to failed while it was closed")
