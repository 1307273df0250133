"""The chat model seam: messages in, text out, and structured data or log-probabilities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from pydantic import BaseModel

MessageRole = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    role: MessageRole
    content: str


def folded(messages: Sequence[Message]) -> list[Message]:
    """The messages with each later system message at the head of the user message after it.

    Many endpoints take a system message only in the first place.
    """
    kept: list[Message] = []
    waiting: list[str] = []
    for message in messages:
        if message.role == "system" and kept:
            waiting.append(message.content)
        elif message.role == "user" and waiting:
            kept.append(Message("user", "\n\n".join((*waiting, message.content))))
            waiting = []
        else:
            kept.append(message)
    return kept + [Message("system", text) for text in waiting]


@dataclass(frozen=True, slots=True)
class Completion:
    """What a chat model answered, and what it cost."""

    text: str
    data: Mapping[str, object] | None = None
    """The object that was asked for by a schema, checked against it."""
    logprobs: tuple[float, ...] = ()
    """Log-probability of each generated token, when asked for and given."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    tokens: tuple[str, ...] = field(default=())
    """The generated tokens that `logprobs` belongs to."""


class ChatModel(Protocol):
    @property
    def name(self) -> str: ...

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: "type[BaseModel] | None" = None,
        logprobs: bool = False,
        max_tokens: int | None = None,
    ) -> Completion:
        """Answer the messages; with `schema`, `data` holds an object that fits it.

        Raises:
            ModelFailed: no answer after retries, or one that does not fit the schema.
            ModelUnsupported: log-probabilities were asked for and cannot be had.
        """
        ...
