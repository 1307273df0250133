"""`wrap_openai`: an OpenAI client with a memory, and the same calls as before."""

import asyncio
import json
import logging
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

from knowhen.agents.mind import Mind, digest
from knowhen.agents.prompt import content_text
from knowhen.memory.errors import extra
from knowhen.memory.manager import MemoryManager
from knowhen.memory.records import Turn

with extra("openai"):
    from openai import AsyncOpenAI, AsyncStream, OpenAI, Stream

Body = Mapping[str, Any]

log = logging.getLogger(__name__)
Client = TypeVar("Client", OpenAI, AsyncOpenAI)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user said last in a request."""

    text: str
    digest: str
    """Follows from everything up to there: the same request sent again has the same."""


class Shape(Protocol):
    """One of the two APIs."""

    def asked(self, body: Body) -> Asked | None:
        """What the user said last; None if nothing."""
        ...

    def with_memory(self, body: Body, prompt: str) -> dict[str, Any]:
        """The request with recalled text at the end of what the system says."""
        ...

    def reply(self, answer: Any) -> str:
        """What the model said in an answer."""
        ...

    def piece(self, event: Any) -> str:
        """What the model said in one event of a stream."""
        ...


class ChatCompletions:
    """`/chat/completions`: the whole conversation in `messages`."""

    def asked(self, body: Body) -> Asked | None:
        return _asked(body.get("messages"), before="")

    def with_memory(self, body: Body, prompt: str) -> dict[str, Any]:
        messages = list(body.get("messages") or [])
        first = messages[0] if messages else None
        if not isinstance(first, Mapping) or first.get("role") not in ("system", "developer"):
            return {**body, "messages": [{"role": "system", "content": prompt}, *messages]}
        content = first.get("content") or ""
        if isinstance(content, str):
            content = f"{content}\n\n{prompt}" if content else prompt
        else:
            content = [*content, {"type": "text", "text": prompt}]
        return {**body, "messages": [{**first, "content": content}, *messages[1:]]}

    def reply(self, answer: Any) -> str:
        choices = getattr(answer, "choices", None)
        return str(choices[0].message.content or "") if choices else ""

    def piece(self, event: Any) -> str:
        choices = getattr(event, "choices", None)
        if not choices or choices[0].index != 0 or choices[0].delta is None:
            return ""
        return str(choices[0].delta.content or "")


class Responses:
    """`/responses`: what is new in `input`; `instructions` are never carried over."""

    def asked(self, body: Body) -> Asked | None:
        said = body.get("input")
        before = f"{body.get('previous_response_id')}{body.get('conversation')}"
        items = [{"role": "user", "content": said}] if isinstance(said, str) else said
        return _asked(items, before=before)

    def with_memory(self, body: Body, prompt: str) -> dict[str, Any]:
        own = body.get("instructions")
        return {**body, "instructions": f"{own}\n\n{prompt}" if own else prompt}

    def reply(self, answer: Any) -> str:
        return str(getattr(answer, "output_text", "") or "")

    def piece(self, event: Any) -> str:
        if getattr(event, "type", "") != "response.output_text.delta":
            return ""
        return str(event.delta)


SHAPES: Mapping[str, Shape] = {"/chat/completions": ChatCompletions(), "/responses": Responses()}


def _asked(items: object, *, before: str) -> Asked | None:
    if not isinstance(items, Sequence):
        return None
    roles = [item.get("role") if isinstance(item, Mapping) else None for item in items]
    if "user" not in roles:
        return None
    last = len(roles) - 1 - roles[::-1].index("user")
    first = last
    while first > 0 and roles[first - 1] == "user":
        first -= 1
    text = "\n".join(content_text(item.get("content")) for item in items[first : last + 1])
    past = json.dumps([before, list(items[: last + 1])], sort_keys=True, default=str)
    return Asked(text, digest(past))


def wrap_openai(
    client: Client,
    *,
    memory: MemoryManager,
    session: str = "chat",
    budget: int = 1024,
    gate: bool = True,
) -> Client:
    """A client that recalls before it asks the model, and remembers what both sides said.

    It is a client of the same class, so everything that takes one takes it. Chat completions and
    responses go through memory, with `create`, `parse`, `stream` and raw responses alike; every
    other call and every argument passes through untouched. `with_options` keeps the memory. A
    request that is sent again is remembered once. Give each user a space of its own:
    `wrap_openai(client, memory=memory.at("alice"))`.

    Recalled text joins the system message (or `instructions`), fenced. The client that was given
    stays as it is; `client.memory_mind.close()` settles and ends the thread that thinks behind.

    Args:
        budget: tokens by which memory may lengthen a prompt.
        gate: leave it to the gate whether memory is used.
    """
    return _wrapped(client, Mind(memory, budget=budget, gate=gate), session)


def _wrapped(client: Client, mind: Mind, session: str) -> Client:
    wrapped = client.copy()
    ear = _Ear(mind, session)
    # Every resource sends its requests through the client's public `post`, whatever the method
    # that the user called; resources take it from the client when they are first used.
    post = partial(_apost if isinstance(client, AsyncOpenAI) else _post, ear, wrapped.post)

    def copy(**changes: Any) -> Client:
        return _wrapped(client.copy(**changes), mind, session)

    for name, value in (
        ("post", post),
        ("copy", copy),
        ("with_options", copy),
        ("memory_mind", mind),
    ):
        setattr(wrapped, name, value)
    return wrapped


@dataclass(frozen=True, slots=True)
class _Heard:
    """A request that is under way."""

    shape: Shape
    body: Body
    turn_id: str
    """Of what the user said."""


class _Ear:
    """Hears what goes to a model and what comes back."""

    def __init__(self, mind: Mind, session: str) -> None:
        self._mind, self._session = mind, session

    def hear(self, path: str, body: object) -> _Heard | None:
        """Recall for a request, then store what the user said; None if it is no conversation."""
        shape = SHAPES.get(path)
        if shape is None or not isinstance(body, dict):
            return None
        asked = shape.asked(body)
        if asked is None:
            return None
        prompt = self._mind.prompt(asked.text)
        turn_id = self._mind.request_id(self._session, asked.digest)
        turn = self._mind.turn(asked.text, session=self._session, id=turn_id)
        self._mind.keep([turn], said_anew=True)
        return _Heard(shape, shape.with_memory(body, prompt) if prompt else body, turn_id)

    def keep(self, heard: _Heard, said: str) -> None:
        """Store what the model said."""
        self._mind.keep([self._reply(heard, said)])

    def put_off(self, heard: _Heard, said: str) -> None:
        """Store what the model said with the next turn."""
        self._mind.put_off(self._reply(heard, said))

    def flush(self) -> None:
        """Store what was put off."""
        self._mind.keep(())

    def _reply(self, heard: _Heard, said: str) -> Turn | None:
        turn_id = digest(heard.turn_id, said)
        return self._mind.turn(said, role="assistant", session=self._session, id=turn_id)

    def said(self, heard: _Heard, answer: Any) -> str:
        """The text of an answer; nothing if it is of a kind that is read later."""
        try:
            return heard.shape.reply(_parsed(answer))
        except Exception:  # an answer we cannot read is still the caller's answer
            return self._unread()

    async def asaid(self, heard: _Heard, answer: Any) -> str:
        """`said`, where the answer may have to be waited for."""
        try:
            parsed = _parsed(answer)
            return heard.shape.reply(await parsed if isinstance(parsed, Awaitable) else parsed)
        except Exception:  # as in `said`
            return self._unread()

    def _unread(self) -> str:
        log.exception("what the model said could not be read, and is not remembered")
        return ""


def _post(ear: _Ear, send: Callable[..., Any], path: str, **options: Any) -> Any:
    heard = ear.hear(path, options.get("body"))
    if heard is None:
        return send(path, **options)
    answer = send(path, **{**options, "body": heard.body})
    if isinstance(answer, Stream):
        listening = _listening(ear, heard, answer._iterator)
        answer._iterator = listening
        setattr(answer, "close", partial(_close, ear, listening, answer.close))  # noqa: B010
    elif not options.get("stream"):
        ear.keep(heard, ear.said(heard, answer))
    return answer


async def _apost(ear: _Ear, send: Callable[..., Any], path: str, **options: Any) -> Any:
    heard = await asyncio.to_thread(ear.hear, path, options.get("body"))
    if heard is None:
        return await send(path, **options)
    answer = await send(path, **{**options, "body": heard.body})
    if isinstance(answer, AsyncStream):
        listening = _alistening(ear, heard, answer._iterator)
        answer._iterator = listening
        setattr(answer, "close", partial(_aclose, ear, listening, answer.close))  # noqa: B010
    elif not options.get("stream"):
        await asyncio.to_thread(ear.keep, heard, await ear.asaid(heard, answer))
    return answer


def _parsed(answer: Any) -> Any:
    """A raw response as what it holds; a raw streaming one gives it only when awaited."""
    parse = getattr(answer, "parse", None)
    return parse() if callable(parse) else answer


def _listening(ear: _Ear, heard: _Heard, events: Iterator[Any]) -> Generator[Any, None, None]:
    pieces: list[str] = []
    try:
        for event in events:
            pieces.append(heard.shape.piece(event))
            yield event
    except BaseException:  # broken off, or nobody reads on: maybe the garbage collector's doing
        ear.put_off(heard, "".join(pieces))
        raise
    ear.keep(heard, "".join(pieces))


async def _alistening(
    ear: _Ear, heard: _Heard, events: AsyncIterator[Any]
) -> AsyncGenerator[Any, None]:
    pieces: list[str] = []
    try:
        async for event in events:
            pieces.append(heard.shape.piece(event))
            yield event
    except BaseException:  # broken off, cancelled, or nobody reads on
        ear.put_off(heard, "".join(pieces))
        raise
    await asyncio.to_thread(ear.keep, heard, "".join(pieces))


def _close(ear: _Ear, listening: Generator[Any, None, None], close: Callable[[], None]) -> None:
    listening.close()
    close()
    ear.flush()


async def _aclose(
    ear: _Ear, listening: AsyncGenerator[Any, None], close: Callable[[], Awaitable[None]]
) -> None:
    await listening.aclose()
    await close()
    await asyncio.to_thread(ear.flush)
