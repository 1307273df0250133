"""`MemoryAgent`: a chat agent that remembers, and knows when to."""

import asyncio
import copy
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from knowhen.agents.chat import Chat, make_chat
from knowhen.agents.mind import Background, GateMode, Minds
from knowhen.memory.closing import Closing
from knowhen.memory.errors import InvalidInput
from knowhen.memory.manager import MemoryManager
from knowhen.memory.models.base import ChatModel, Message
from knowhen.memory.recall.answering import answer, cited
from knowhen.memory.records import Answer, Recall, Turn

if TYPE_CHECKING:
    from knowhen.agents.chat import ChatChoice

log = logging.getLogger(__name__)
USER = "user"
"""The user of an agent that is given no name."""
SESSION = "chat"
"""The session of an agent that is given none: it goes on after a restart."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one turn of the user leads to: the recall, and the messages for the model."""

    recall: Recall
    messages: tuple[Message, ...]
    read: bool = False
    """Whether the answer is read from memory, quote by quote, and not left to the chat."""


class MemoryAgent(Closing):
    """Decides, recalls, answers, remembers, and thinks about it in the background.

    The memory is read in the background too, as soon as there is an agent.

    What the user says is stored before the model is asked, so that neither a failing model nor a
    killed process loses it. Without a model it answers by quoting its memory. After a restart it
    continues where it was, because the session's last turns are read from the memory.

    Args:
        chat: `openai:MODEL`, a chat model of ours or LangChain's, or a function of messages
            (plain, generator, async); None takes the memory's own model.
        budget: tokens by which memory may lengthen a prompt.
        session: the sitting; another name begins with an empty window but the same memory.
        name: who the user is.
        instructions: what the model is told before anything else.
        window: how many of the session's last turns the model sees as they were said.
        gate: `on`, `off` (the model is shown what was found whatever the gate decides), or
            `shadow` (as off, and what the gate would have done is logged).
        checked: what memory answers is read as `MemoryManager.answer` reads it: each quote is
            looked up in its turn, what contradicts is weighed, and a question on which the
            decision is close is put in other words first. Small talk goes to the chat as ever.
        background: the thread to think in, when several agents share one; they leave it open.
    """

    def __init__(
        self,
        memory: MemoryManager,
        chat: "ChatChoice | None" = None,
        *,
        budget: int = 1024,
        session: str | None = None,
        name: str = USER,
        instructions: str = "",
        window: int = 12,
        gate: GateMode = "on",
        checked: bool = False,
        background: Background | None = None,
    ) -> None:
        choice = memory.model if chat is None else chat
        self._chat: Chat | None = None if choice is None else make_chat(choice)
        self._reader = _reader(self._chat, memory) if checked else None
        self._minds = Minds(memory, budget=budget, gate=gate, background=background)
        self._mind = self._minds.of(None)
        self._is_guest = False
        self.memory = memory
        self.session = session or SESSION
        self.name = name
        self._instructions = instructions
        self._window = window
        self._mind.background.warm(memory)
        self.last: Answer | None = None
        """The last answer, with its decision, recall and citations; also after streaming."""

    def at(
        self, space: str, *, session: str | None = None, name: str | None = None
    ) -> "MemoryAgent":
        """The same agent for somebody else: a space of its own in the same home.

        Closing it settles its space; closing the agent that it came from settles all of them.
        """
        other = copy.copy(self)
        other._mind = self._minds.of(space)
        other._is_guest = True
        other.memory = other._mind.memory
        other.session, other.name = session or SESSION, name or self.name
        other.last = None
        other._mind.background.warm(other.memory)
        return other

    # Replying ----------------------------------------------------------------------------
    def reply(self, text: str) -> Answer:
        """Answer what the user says. Never fails for what the model or the memory does."""
        exchange = self._listen(text)
        if self._chat is None:
            return self._quote(exchange)
        if exchange.read:
            return self._read(exchange)
        try:
            said = self._chat.reply(exchange.messages)
        except InvalidInput:  # an asynchronous chat asked synchronously: a mistake in the program
            raise
        except Exception as error:  # whatever a model raises, the user gets a reply
            return self._without_model(exchange, error)
        return self._speak(exchange, said)

    async def areply(self, text: str) -> Answer:
        """`reply` without blocking the event loop."""
        exchange = await asyncio.to_thread(self._listen, text)
        if self._chat is None:
            return self._quote(exchange)
        if exchange.read:
            return await asyncio.to_thread(self._read, exchange)
        try:
            said = await self._chat.areply(exchange.messages)
        except Exception as error:  # as in `reply`
            return self._without_model(exchange, error)
        return await asyncio.to_thread(self._speak, exchange, said)

    def stream(self, text: str) -> Iterator[str]:
        """The pieces of a reply as they come; `last` then holds the whole.

        What was said until then is kept if the model breaks off or nobody reads on.
        """
        exchange = self._listen(text)
        pieces: list[str] = []
        if self._chat is None or exchange.read:
            yield (self._quote(exchange) if self._chat is None else self._read(exchange)).text
            return
        try:
            for piece in self._chat.stream(exchange.messages):
                pieces.append(piece)
                yield piece
        except InvalidInput:  # as in `reply`
            raise
        except Exception as error:  # as in `reply`
            if not pieces:
                yield self._without_model(exchange, error).text
                return
            log.exception("the reply broke off")
        finally:
            if pieces:
                self._speak(exchange, "".join(pieces))

    async def astream(self, text: str) -> AsyncIterator[str]:
        """`stream` without blocking the event loop."""
        exchange = await asyncio.to_thread(self._listen, text)
        pieces: list[str] = []
        if self._chat is None:
            yield self._quote(exchange).text
            return
        if exchange.read:
            yield (await asyncio.to_thread(self._read, exchange)).text
            return
        try:
            async with aclosing(self._chat.astream(exchange.messages)) as said:
                async for piece in said:
                    pieces.append(piece)
                    yield piece
        except Exception as error:  # as in `reply`
            if not pieces:
                yield self._without_model(exchange, error).text
                return
            log.exception("the reply broke off")
        finally:
            if pieces:  # not in a thread: the generator may be closing
                self._speak(exchange, "".join(pieces))

    # Its parts ---------------------------------------------------------------------------
    def _listen(self, text: str) -> Exchange:
        """Recall before remembering, so that a question does not find itself."""
        if not isinstance(text, str):
            raise InvalidInput(f"what the user says must be text, not {text!r}")
        before = self._mind.history(self.session, newest=self._window)
        # Without a model nobody reads the window, so its turns may be quoted like all others.
        window = before if self._chat is not None else []
        front = self._mind.front(self._asker)
        recall = self._mind.recall(
            text,
            recent=window,
            asker=self._asker,
            advised=self._reader is not None,
            front=front,
        )
        self._mind.keep([self._mind.turn(text, speaker=self.name, session=self.session)])
        system = "\n\n".join(filter(None, (self._instructions, front)))
        messages = [Message("system", system)] if system else []
        messages += [_message(turn) for turn in before if turn.role in ("user", "assistant")]
        prompt = self._mind.shown(
            recall, recent=window, instructions=self._instructions, front=front
        )
        if prompt:  # behind all that stays as it was
            messages.append(Message("system", prompt))
        read = self._reader is not None and bool(prompt)
        return Exchange(recall, (*messages, Message("user", text)), read)

    @property
    def _asker(self) -> str | None:
        return None if self.name == USER else self.name

    def _speak(self, exchange: Exchange, said: str) -> Answer:
        turn = self._mind.turn(said, role="assistant", session=self.session)
        self._mind.keep([turn])
        self.last = Answer(said, exchange.recall, cited(said, exchange.recall))
        return self.last

    def _read(self, exchange: Exchange) -> Answer:
        """Answer with what the model reads in the memory, as far as its quotes are there."""
        self.last = answer(exchange.recall.query, exchange.recall, self._reader)
        if self.last.origin == "model":
            turn = self._mind.turn(self.last.text, role="assistant", session=self.session)
            self._mind.keep([turn])
        return self.last

    def _quote(self, exchange: Exchange) -> Answer:
        """Answer with quotes, which are no news and are not remembered."""
        self.last = answer(exchange.recall.query, exchange.recall, None)
        return self.last

    def _without_model(self, exchange: Exchange, error: Exception) -> Answer:
        log.error("the model failed; answering with quotes", exc_info=error)
        note = f"the model failed: {error!r}"
        recall = replace(exchange.recall, notes=(*exchange.recall.notes, note))
        quoted = self._quote(replace(exchange, recall=recall))
        self.last = replace(quoted, origin="fallback", notes=(*quoted.notes, note))
        return self.last

    # Ending ------------------------------------------------------------------------------
    def settle(self) -> None:
        """Finish thinking about what was said; a good thing to do when a sitting ends."""
        self._mind.settle()
        self._mind.background.warm(self.memory)  # events that moved make caches start anew

    def close(self) -> None:
        """Settle, and end the background thread if it is its own; the memory stays open."""
        if self._is_guest:
            self.settle()
        else:
            self._minds.close()


def _reader(chat: Chat | None, memory: MemoryManager) -> ChatModel:
    """The model that reads what was recalled: the chat's own, or else the memory's.

    Raises:
        InvalidInput: there is none.
    """
    model = (chat and chat.reader) or memory.model
    if model is None:
        raise InvalidInput("checked=True needs a chat model, or a function that is not awaited")
    return model


def _message(turn: Turn) -> Message:
    return Message("assistant" if turn.role == "assistant" else "user", turn.text)
