"""Claude's data export: `conversations.json` with a list of messages in each conversation."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal

from knowhen.memory.formats.base import Shape, SpacedTurn, Time, placed_turn
from knowhen.memory.formats.file import TextFile
from knowhen.memory.records import Turn


class Block(Shape):
    type: str = "text"
    text: str | None = None


class ClaudeMessage(Shape):
    uuid: str
    sender: Literal["human", "assistant"]
    text: str = ""
    content: list[Block] = []
    created_at: Time | None = None

    @property
    def said(self) -> str:
        """The text blocks; `text` also holds placeholders for blocks of other kinds."""
        blocks = [b.text for b in self.content if b.type == "text" and b.text and b.text.strip()]
        return "\n\n".join(blocks) if self.content else self.text


class ClaudeConversation(Shape):
    uuid: str
    chat_messages: list[ClaudeMessage]
    name: str | None = None
    created_at: Time | None = None


class ClaudeReader:
    """Reads every conversation, oldest first; messages without words are left out."""

    name = "claude"

    def fits(self, sample: object) -> bool:
        first = sample[0] if isinstance(sample, list) and sample else sample
        return isinstance(first, Mapping) and isinstance(first.get("chat_messages"), list)

    def read(self, file: TextFile) -> Iterator[SpacedTurn]:
        document = file.document
        values = document if isinstance(document, list) else [document]
        chats = [
            ClaudeConversation.of(value, f"{file.name}, conversation {number}")
            for number, value in enumerate(values, 1)
        ]
        start = datetime.fromtimestamp(0, UTC)
        for chat in sorted(chats, key=lambda chat: chat.created_at or start):
            for message in chat.chat_messages:
                if message.said.strip():
                    yield None, _turn(file, chat, message)


def _turn(file: TextFile, chat: ClaudeConversation, message: ClaudeMessage) -> Turn:
    return placed_turn(
        f"{file.name}, message {message.uuid}",
        text=message.said,
        role="assistant" if message.sender == "assistant" else "user",
        time=message.created_at or chat.created_at,
        session=chat.uuid,
        id=message.uuid,
        meta={"title": chat.name} if chat.name else {},
    )
