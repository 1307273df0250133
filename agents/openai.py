"""`wrap_openai`: an OpenAI client with a memory, and the same calls as before."""

import asyncio
import json
import logging
from collections import OrderedDict
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

from knowhen.agents.mind import RECENT, GateMode, Mind, digest, sound
from knowhen.agents.prompt import content_text, own_words
from knowhen.memory.errors import extra
from knowhen.memory.manager import MemoryManager
from knowhen.memory.records import Role, Turn

with extra("openai"):
    from openai import AsyncOpenAI, AsyncStream, OpenAI, Stream

Body = Mapping[str, Any]
_SPOKEN: Mapping[str, Role] = {"user": "user", "assistant": "assistant"}
KEPT = 64
"""Requests for which what was recalled is kept, because tools and retries repeat them."""

log = logging.getLogger(__name__)
Client = TypeVar("Client", OpenAI, AsyncOpenAI)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user said last in a request."""

    text: str
    digest: str
    """Follows from everything up to there: the same request sent again has the same."""
    recent: tuple[Turn, ...]
    """What was said before it, as far as the request holds it."""
    name: str | None
    """Who asked, where the request says so."""
    instructions: str
    """What the model is told by the program."""


@dataclass(frozen=True, slots=True)
class Added:
    """What memory adds to a request: to its stable front, and beside what was asked."""

    front: str
    prompt: str


class Shape(Protocol):
    """One of the two APIs."""

    def asked(self, body: Body) -> Asked | None:
        """What the user said last; None if nothing."""
        ...

    def with_memory(self, body: Body, added: Added) -> dict[str, Any]:
        """The request with what memory adds, where it leaves most of the prompt as it was."""
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
        return _asked(body.get("messages"))

    def with_memory(self, body: Body, added: Added) -> dict[str, Any]:
        messages = _beside(body.get("messages") or [], added.prompt, kind="text")
        if not added.front:
            return {**body, "messages": messages}
        first = messages[0]
        if not isinstance(first, Mapping) or first.get("role") not in ("system", "developer"):
            return {**body, "messages": [{"role": "system", "content": added.front}, *messages]}
        content = first.get("content") or ""
        if isinstance(content, str):
            content = f"{content}\n\n{added.front}" if content else added.front
        else:
            content = [*content, {"type": "text", "text": added.front}]
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
        return _asked(items, before=before, told=str(body.get("instructions") or ""))

    def with_memory(self, body: Body, added: Added) -> dict[str, Any]:
        """What was recalled goes beside the question where the caller sends the whole history.

        Elsewhere the endpoint keeps what is sent, and later requests build on it: there it goes
        into the instructions, so that what is forgotten is in no history of the endpoint's.
        """
        said, own = body.get("input"), body.get("instructions")
        parts = [str(own)] if own else []
        changed = dict(body)
        if not isinstance(said, str) and any(_role(item) == "assistant" for item in said or ()):
            changed["input"] = _beside(said or [], added.prompt, kind="input_text")
            parts += [added.front]
        else:
            parts += [added.front, added.prompt]
        if any(parts):
            changed["instructions"] = "\n\n".join(filter(None, parts))
        return changed

    def reply(self, answer: Any) -> str:
        return str(getattr(answer, "output_text", "") or "")

    def piece(self, event: Any) -> str:
        if getattr(event, "type", "") != "response.output_text.delta":
            return ""
        return str(event.delta)


SHAPES: Mapping[str, Shape] = {"/chat/completions": ChatCompletions(), "/responses": Responses()}


def _role(item: object) -> object:
    return item.get("role") if isinstance(item, Mapping) else None


def _last_said(items: Sequence[Any]) -> tuple[int, int] | None:
    """From where to where the last messages of the user stand, one after the other."""
    roles = [_role(item) for item in items]
    if "user" not in roles:
        return None
    last = len(roles) - 1 - roles[::-1].index("user")
    first = last
    while first > 0 and roles[first - 1] == "user":
        first -= 1
    return first, last + 1


def _asked(items: object, *, before: str = "", told: str = "") -> Asked | None:
    if not isinstance(items, Sequence) or (span := _last_said(items)) is None:
        return None
    first, end = span
    text = "\n".join(content_text(item.get("content")) for item in items[first:end])
    past = json.dumps([before, list(items[:end])], sort_keys=True, default=str)
    name = items[end - 1].get("name")
    system = [item for item in items if _role(item) in ("system", "developer")]
    told = "\n".join([told, *(content_text(item.get("content")) for item in system)])
    return Asked(text, digest(past), _window(items[:first]), name and str(name), told)


def _window(items: Sequence[Any]) -> tuple[Turn, ...]:
    """The messages of both sides as turns."""
    turns: list[Turn] = []
    for item in items[-2 * RECENT :]:
        role = _SPOKEN.get(str(_role(item)))
        text = own_words(content_text(item.get("content")), role=role) if role else ""
        if role and text.strip():
            turns.append(Turn(sound(text), role=role, speaker=str(item.get("name") or role)))
    return tuple(turns[-RECENT:])


def _beside(items: Sequence[Any], prompt: str, *, kind: str) -> list[Any]:
    """The messages, with what was recalled at the head of what the user said last."""
    listed = list(items)
    span = _last_said(listed)
    if prompt and span is not None:
        item = listed[span[0]]
        content = item.get("content")
        if isinstance(content, str):
            content = f"{prompt}\n\n{content}"
        else:
            content = [{"type": kind, "text": prompt}, *(content or ())]
        listed[span[0]] = {**item, "content": content}
    return listed


def wrap_openai(
    client: Client,
    *,
    memory: MemoryManager,
    session: str = "chat",
    budget: int = 1024,
    gate: GateMode = "on",
) -> Client:
    """A client that recalls before it asks the model, and remembers what both sides said.

    It is a client of the same class, so everything that takes one takes it. Chat completions and
    responses go through memory, with `create`, `parse`, `stream` and raw responses alike; every
    other call and every argument passes through untouched. `with_options` keeps the memory. A
    request that is sent again is remembered once. Give each user a space of its own:
    `wrap_openai(client, memory=memory.at("alice"))`.

    Who is spoken with joins the system message (or `instructions`), and stays the same until it
    changes; what was recalled goes beside what the user said last, fenced. The client that was
    given stays as it is. `client.memory_mind.close()` settles and ends the thread behind.

    Args:
        budget: tokens by which memory may lengthen a prompt.
        gate: `on` leaves it to the gate whether memory is used; `off` does not ask it, and `shadow`
            only logs what it decides.
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
        self._added: OrderedDict[str, Added] = OrderedDict()

    def hear(self, path: str, body: object) -> _Heard | None:
        """Recall for a request, then store what the user said; None if it is no conversation."""
        shape = SHAPES.get(path)
        if shape is None or not isinstance(body, dict):
            return None
        asked = shape.asked(body)
        if asked is None:
            return None
        turn_id = self._mind.request_id(self._session, asked.digest)
        added = self._added.pop(turn_id, None) or self._recalled(asked)
        self._added[turn_id] = added
        while len(self._added) > KEPT:
            self._added.popitem(last=False)
        turn = self._mind.turn(
            asked.text, speaker=asked.name or "", session=self._session, id=turn_id
        )
        self._mind.keep([turn], said_anew=True)
        changed = shape.with_memory(body, added) if added.front or added.prompt else body
        return _Heard(shape, changed, turn_id)

    def _recalled(self, asked: Asked) -> Added:
        """What memory adds: the same for every request of one question, as tools make several."""
        front = self._mind.front(asked.name)
        prompt = self._mind.prompt(
            asked.text,
            recent=asked.recent,
            asker=asked.name,
            instructions=asked.instructions,
            front=front,
        )
        return Added(front, prompt)

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
