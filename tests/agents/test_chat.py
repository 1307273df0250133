"""What an agent may talk with, and how it streams."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from knowhen import MemoryAgent, MemoryManager
from knowhen.memory.errors import InvalidInput
from knowhen.memory.models.base import Completion

QUESTION = "What does my sister Anna play?"


def said(memory: MemoryManager) -> list[tuple[str, str]]:
    return [(turn.role, turn.text) for turn in memory.turns()]


class Slow:
    """A model that takes its time for each piece, and notes how far it came."""

    name = "slow"

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.go_on = threading.Event()

    def complete(self, messages: Any, **options: Any) -> Completion:
        return Completion("".join(self.stream(messages)))

    def stream(self, messages: Any) -> Iterator[str]:
        try:
            for piece in ("The ", "cello"):
                self.notes.append(piece)
                yield piece
                self.notes.append("waiting")
                assert self.go_on.wait(10)
        finally:
            self.notes.append("closed")


class SlowToBegin(Slow):
    def stream(self, messages: Any) -> Iterator[str]:
        self.notes.append("waiting")
        assert self.go_on.wait(10)
        yield from super().stream(messages)


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not reached():
            await asyncio.sleep(0.002)


@pytest.mark.parametrize(("model", "kept"), [(SlowToBegin(), []), (Slow(), ["The "])])
async def test_a_cancelled_stream_is_cancelled_at_once_and_keeps_what_was_said(
    memory: MemoryManager, model: Slow, kept: list[str]
) -> None:
    agent, heard = MemoryAgent(memory, model), []

    async def listen() -> None:
        async for piece in agent.astream(QUESTION):
            heard.append(piece)

    task = asyncio.create_task(listen())
    await until(lambda: "waiting" in model.notes)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert heard == kept
    assert (agent.last.text if agent.last else "") == "".join(kept)
    assert said(memory) == [("user", QUESTION), *(("assistant", piece) for piece in kept)]
    model.go_on.set()
    if kept:
        await until(lambda: model.notes[-1] == "closed")
        assert model.notes == ["The ", "waiting", "cello", "closed"]
    agent.close()


@pytest.mark.parametrize("begin", [Slow, SlowToBegin])
async def test_a_timeout_ends_a_stream_while_its_model_is_busy(
    memory: MemoryManager, begin: type[Slow]
) -> None:
    model = begin()
    agent = MemoryAgent(memory, model)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            async for _ in agent.astream(QUESTION):
                pass
    model.go_on.set()
    assert [piece async for piece in agent.astream(QUESTION)] == ["The ", "cello"]
    agent.close()


async def test_a_stream_that_is_left_closes_its_model(memory: MemoryManager) -> None:
    model = Slow()
    agent = MemoryAgent(memory, model)
    stream = agent.astream(QUESTION)
    assert await anext(stream) == "The "
    await stream.aclose()
    await until(lambda: model.notes[-1] == "closed")
    assert said(memory)[-1] == ("assistant", "The ")
    agent.close()


class AsyncCall:
    async def __call__(self, messages: list[dict[str, str]]) -> str:
        return "The cello."


class AsyncPieces:
    async def __call__(self, messages: list[dict[str, str]]) -> AsyncIterator[str]:
        yield "The "
        yield "cello."


class Pieces:
    def __call__(self, messages: list[dict[str, str]]) -> Iterator[str]:
        yield "The "
        yield "cello."


async def later(messages: list[dict[str, str]]) -> str:
    return "The cello."


async def later_in_pieces(messages: list[dict[str, str]]) -> AsyncIterator[str]:
    return AsyncPieces()(messages)  # type: ignore[return-value]


ASYNC = [AsyncCall(), AsyncPieces(), later, lambda messages: later(messages), later_in_pieces]
PLAIN = [
    Pieces(),
    lambda messages: iter(["The ", "cello."]),
    lambda messages: ["The ", "cello."],
    lambda messages: "The cello.",
]


@pytest.mark.parametrize("chat", [*ASYNC, *PLAIN])
async def test_a_chat_may_be_anything_that_is_called(memory: MemoryManager, chat: Any) -> None:
    agent = MemoryAgent(memory, chat)
    assert (await agent.areply("Hi")).text == "The cello."
    assert "".join([piece async for piece in agent.astream("Hi")]) == "The cello."
    if chat in PLAIN:
        assert (await asyncio.to_thread(agent.reply, "Hi")).text == "The cello."
        assert "".join(agent.stream("Hi")) == "The cello."
    agent.close()


@pytest.mark.parametrize("chat", ASYNC)
def test_an_async_chat_asked_synchronously_is_refused(memory: MemoryManager, chat: Any) -> None:
    with pytest.raises(InvalidInput, match="areply"):
        MemoryAgent(memory, chat).reply("Hi")
    with pytest.raises(InvalidInput, match="astream"):
        list(MemoryAgent(memory, chat).stream("Hi"))


@pytest.mark.parametrize("given", [7, b"bytes", {"text": "x"}, [7], None])
def test_a_chat_that_gives_no_text_is_answered_with_quotes(
    memory: MemoryManager, given: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with MemoryAgent(memory, lambda messages: given) as agent:
        assert agent.reply("Hi").origin == "fallback"
    assert "not text" in caplog.text


async def test_what_is_no_text_is_refused_in_a_sentence(memory: MemoryManager) -> None:
    agent = MemoryAgent(memory, lambda messages: "ok")
    for nothing in (None, 7, ["Hi"]):
        with pytest.raises(InvalidInput, match="must be text"):
            agent.reply(nothing)  # type: ignore[arg-type]
        with pytest.raises(InvalidInput, match="must be text"):
            await agent.areply(nothing)  # type: ignore[arg-type]
    assert memory.turns() == []
    agent.close()
