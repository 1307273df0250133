"""Plain chat messages, as chat APIs take them: `[{"role": "user", "content": "..."}, ...]`."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from knowhen.memory.errors import InvalidFile
from knowhen.memory.formats.base import Shape, SpacedTurn, TextFile, Time, placed_turn, stable_id
from knowhen.memory.records import Role

_ROLES: dict[str, Role] = {
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "system": "system",
    "developer": "system",
    "tool": "tool",
    "function": "tool",
}


class Part(Shape):
    """A part of a message; only the parts that are text are read."""

    type: str = "text"
    text: str | None = None


class ChatMessage(Shape):
    """A message of an OpenAI-like chat."""

    role: str
    content: str | list[Part] | None = None
    name: str | None = None
    id: str | None = None
    timestamp: Time | None = None
    time: Time | None = None
    created_at: Time | None = None
    tool_calls: object = None
    function_call: object = None

    @property
    def said(self) -> str:
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        return "\n".join(part.text for part in self.content if part.text)

    @property
    def when(self) -> datetime | None:
        """The message's time; one without a zone is taken as UTC, as servers write it."""
        time = self.timestamp or self.time or self.created_at
        return time.replace(tzinfo=UTC) if time and time.tzinfo is None else time


class ChatReader:
    """Reads a list of messages, `{"messages": [...]}`, or one message a line.

    A message without a time was sent when the one before it was.
    """

    name = "chat"

    def fits(self, sample: object) -> bool:
        messages = sample.get("messages") if isinstance(sample, Mapping) else sample
        first = messages[0] if isinstance(messages, list) and messages else sample
        return isinstance(first, Mapping) and {"role", "content"} <= first.keys()

    def read(self, file: TextFile) -> Iterator[SpacedTurn]:
        time: datetime | None = None
        for number, (place, value) in enumerate(_messages(file)):
            message = ChatMessage.of(value, place)
            if not message.said.strip() and (message.tool_calls or message.function_call):
                continue  # a call of a tool has no words of its own
            role = _ROLES.get(message.role)
            if role is None:
                known = ", ".join(_ROLES)
                raise InvalidFile(f"{place}: unknown role {message.role!r}; use one of {known}")
            time = message.when or time
            id = message.id or stable_id(file.stem, number, message.role, message.said)
            yield (
                None,
                placed_turn(
                    place,
                    text=message.said,
                    speaker=message.name or "",
                    role=role,
                    time=time,
                    session=file.stem,
                    id=id,
                ),
            )


def _messages(file: TextFile) -> Iterator[tuple[str, object]]:
    first = file.first_value
    if isinstance(first, Mapping) and "messages" not in first:
        for number, text in file.lines():
            yield f"{file.name}, line {number}", file.parse(text, number)
        return
    document = file.document
    messages = document.get("messages") if isinstance(document, Mapping) else document
    if not isinstance(messages, list):
        raise InvalidFile(f"{file.name}: a chat is a list of messages with role and content")
    for number, message in enumerate(messages, 1):
        yield f"{file.name}, message {number}", message
