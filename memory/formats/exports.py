"""The data exports of ChatGPT and Claude: `conversations.json`."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal

from knowhen.memory.errors import InvalidFile
from knowhen.memory.formats.base import Shape, SpacedTurn, TextFile, Time, placed_turn
from knowhen.memory.records import Turn

_SPOKEN = {"text", "multimodal_text"}
_START = datetime.fromtimestamp(0, UTC)


class ChatgptAuthor(Shape):
    role: str


class ChatgptContent(Shape):
    content_type: str = "text"
    parts: list[object] = []

    @property
    def text(self) -> str:
        """What was said: strings, and transcripts of speech; images and files are left out."""
        texts = [part.get("text") if isinstance(part, Mapping) else part for part in self.parts]
        return "\n".join(text for text in texts if isinstance(text, str) and text)


class ChatgptMessage(Shape):
    id: str
    author: ChatgptAuthor
    content: ChatgptContent
    create_time: Time | None = None
    recipient: str | None = None
    metadata: dict[str, object] | None = None

    @property
    def spoken(self) -> bool:
        """Whether a person saw it: no system text, tool call or hidden context."""
        return (
            self.author.role in ("user", "assistant")
            and self.recipient in (None, "all")
            and self.content.content_type in _SPOKEN
            and not (self.metadata or {}).get("is_visually_hidden_from_conversation")
            and bool(self.content.text.strip())
        )


class ChatgptNode(Shape):
    message: ChatgptMessage | None = None
    parent: str | None = None
    children: list[str] = []


class ChatgptConversation(Shape):
    mapping: dict[str, ChatgptNode]
    title: str | None = None
    create_time: Time | None = None
    current_node: str | None = None
    conversation_id: str | None = None
    id: str | None = None


class ChatgptReader:
    """Reads every conversation along the branch that was last shown, oldest first."""

    name = "chatgpt"

    def fits(self, sample: object) -> bool:
        first = sample[0] if isinstance(sample, list) and sample else sample
        return isinstance(first, Mapping) and isinstance(first.get("mapping"), Mapping)

    def read(self, file: TextFile) -> Iterator[SpacedTurn]:
        document = file.document
        values = document if isinstance(document, list) else [document]
        chats = [
            (f"{file.name}, conversation {number}", value) for number, value in enumerate(values, 1)
        ]
        shapes = [(place, ChatgptConversation.of(value, place)) for place, value in chats]
        for place, chat in sorted(shapes, key=lambda pair: pair[1].create_time or _START):
            yield from _chatgpt_turns(chat, place)


def _chatgpt_turns(chat: ChatgptConversation, place: str) -> Iterator[SpacedTurn]:
    time = chat.create_time
    for message in _branch(chat, place):
        time = message.create_time or time
        if message.spoken:
            yield (
                None,
                placed_turn(
                    f"{place}, message {message.id}",
                    text=message.content.text,
                    role="assistant" if message.author.role == "assistant" else "user",
                    time=time,
                    session=chat.conversation_id or chat.id or place,
                    id=message.id,
                    meta={"title": chat.title} if chat.title else {},
                ),
            )


def _branch(chat: ChatgptConversation, place: str) -> list[ChatgptMessage]:
    """Messages from the root to the node last shown; other branches are discarded drafts."""
    node_id = chat.current_node or _newest_leaf(chat)
    path: list[ChatgptMessage] = []
    seen: set[str] = set()
    while node_id is not None:
        node = chat.mapping.get(node_id)
        if node is None or node_id in seen:
            raise InvalidFile(f"{place}: the tree of messages is broken at node {node_id!r}")
        seen.add(node_id)
        if node.message is not None:
            path.append(node.message)
        node_id = node.parent
    return path[::-1]


def _newest_leaf(chat: ChatgptConversation) -> str | None:
    leaves = [key for key, node in chat.mapping.items() if not node.children]

    def made(key: str) -> datetime:
        message = chat.mapping[key].message
        return (message.create_time if message else None) or _START

    return max(leaves, key=made, default=None)


class ClaudeBlock(Shape):
    type: str = "text"
    text: str | None = None


class ClaudeMessage(Shape):
    uuid: str
    sender: Literal["human", "assistant"]
    text: str = ""
    content: list[ClaudeBlock] = []
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
        for chat in sorted(chats, key=lambda chat: chat.created_at or _START):
            for message in chat.chat_messages:
                if message.said.strip():
                    yield None, _claude_turn(file, chat, message)


def _claude_turn(file: TextFile, chat: ClaudeConversation, message: ClaudeMessage) -> Turn:
    return placed_turn(
        f"{file.name}, message {message.uuid}",
        text=message.said,
        role="assistant" if message.sender == "assistant" else "user",
        time=message.created_at or chat.created_at,
        session=chat.uuid,
        id=message.uuid,
        meta={"title": chat.name} if chat.name else {},
    )
