"""LangChain's older chat message history, for code that is built on it."""

from collections.abc import Sequence

from knowhen.agents.extras import extra
from knowhen.agents.mind import Mind
from knowhen.agents.payloads import as_payload
from knowhen.agents.transcript import Item, Transcript
from knowhen.memory.closing import Closing
from knowhen.memory.manager import MemoryManager
from knowhen.memory.records import Role

with extra("langchain"):
    from langchain_core.chat_history import BaseChatMessageHistory
    from langchain_core.messages import BaseMessage, message_to_dict, messages_from_dict

_ROLES: dict[str, Role] = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool"}


class KnowhenChatMessageHistory(BaseChatMessageHistory, Closing):
    """A session's messages, exactly as they were added, and recalled like everything else.

    LangChain deprecates the base class; new code takes `MemoryMiddleware`.
    """

    def __init__(self, memory: MemoryManager, session: str) -> None:
        self._mind = Mind(memory)
        self._transcript = Transcript(self._mind, session)

    @property
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]
        return messages_from_dict([dict(item) for item in self._transcript.items()])

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Append messages."""
        self._transcript.add([_item(message) for message in messages])

    def clear(self) -> None:
        """Erase the session's messages, from memory too."""
        self._transcript.clear(erase=True)

    def close(self) -> None:
        """Settle and end the background thread; the memory stays open."""
        self._mind.close()


def _item(message: BaseMessage) -> Item:
    calls = getattr(message, "tool_calls", None) or []
    text = str(message.text) or "; ".join(f"{call['name']}({call['args']})" for call in calls)
    payload = as_payload(message_to_dict(message))
    role = _ROLES.get(message.type, "tool")
    return Item(payload, text, role, f"[{message.type} message]")
