"""Where in a request and an answer of OpenAI's two chat APIs the words are."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Body = Mapping[str, Any]


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


def content_text(content: object) -> str:
    """The text of a message's content: a string, or parts of which some are text."""
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        return ""
    texts = [part.get("text") for part in content if isinstance(part, Mapping)]
    return "\n".join(text for text in texts if isinstance(text, str))


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
    return Asked(text, hashlib.blake2b(past.encode("utf-8", "replace"), digest_size=6).hexdigest())
