"""A chat model that says what it was told to say: the shipped fake for tests."""

import json
from collections import deque
from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from knowhen.memory.errors import ModelFailed
from knowhen.memory.models.base import Completion, Message
from knowhen.memory.models.structured import check_answer, parse_object

Reply = str | Mapping[str, object] | Completion | Exception


class ScriptedChatModel:
    """Gives the queued replies in order and keeps every call in `history`."""

    def __init__(self, *replies: Reply, name: str = "scripted") -> None:
        self.name = name
        self.history: list[tuple[Message, ...]] = []
        self.schemas: list[type[BaseModel] | None] = []
        """The schema of each call in `history`."""
        self._replies: deque[Reply] = deque(replies)

    def enqueue(self, *replies: Reply) -> None:
        """Add replies: a text, an object (sent as JSON), a whole completion, or an error."""
        self._replies.extend(replies)

    @property
    def pending(self) -> int:
        """Number of replies that nobody has asked for yet."""
        return len(self._replies)

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: type[BaseModel] | None = None,
        logprobs: bool = False,
        max_tokens: int | None = None,
    ) -> Completion:
        """The next queued reply.

        Raises:
            ModelFailed: nothing is queued, or the reply does not fit the schema.
        """
        self.history.append(tuple(messages))
        self.schemas.append(schema)
        if not self._replies:
            raise ModelFailed("the scripted model has no reply queued; `enqueue` one")
        reply = self._replies.popleft()
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, Completion):
            return reply
        text = reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False)
        data = None
        if schema is not None:
            data = parse_object(text)
            check_answer(data, schema)
        return Completion(
            text=text,
            data=data,
            prompt_tokens=sum(len(message.content.split()) for message in messages),
            completion_tokens=len(text.split()),
        )
