"""A session of the OpenAI Agents SDK that keeps the true history, and recalls beside it."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from knowhen.agents.mind import RECENT, GateMode, Mind
from knowhen.agents.prompt import content_text
from knowhen.agents.transcript import Item, Transcript, as_payload
from knowhen.memory.closing import Closing
from knowhen.memory.errors import extra
from knowhen.memory.manager import MemoryManager
from knowhen.memory.records import Role, Turn

with extra("openai-agents"):
    from agents import SessionSettings, TResponseInputItem

_ROLES: dict[str, Role] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "developer": "system",
}


class MemorySession(Closing):
    """The SDK's `Session` protocol over a memory.

    `get_items` gives back exactly what was added. What is recalled from other sessions comes
    through `recall_input`, and only the model sees it:

        session = MemorySession("monday", memory)
        config = RunConfig(session_input_callback=session.recall_input)
        await Runner.run(agent, "Hi", session=session, run_config=config)

    `clear_session` begins the history anew and keeps the memory of it, because the SDK's
    compaction clears too; with `erase_on_clear` it erases. `pop_item` takes the item out of both.

    Args:
        budget: tokens by which memory may lengthen the input.
        gate: `on` leaves it to the gate whether memory is used; `off` does not ask it, and `shadow`
            only logs what it decides.
    """

    session_settings: SessionSettings | None

    def __init__(
        self,
        session_id: str,
        memory: MemoryManager,
        *,
        budget: int = 1024,
        gate: GateMode = "on",
        erase_on_clear: bool = False,
        session_settings: SessionSettings | None = None,
    ) -> None:
        self.session_id = session_id
        self.session_settings = session_settings
        self._mind = Mind(memory, budget=budget, gate=gate)
        self._transcript = Transcript(self._mind, session_id)
        self._erase_on_clear = erase_on_clear

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """The items in order; only the last `limit` if that or a session setting says so."""
        if limit is None and self.session_settings is not None:
            limit = self.session_settings.limit
        items = await asyncio.to_thread(self._transcript.items, newest=limit)
        return [cast(TResponseInputItem, dict(item)) for item in items]

    async def add_items(self, items: list[TResponseInputItem]) -> None:
        """Append items, without those that `recall_input` put among them."""
        await asyncio.to_thread(self._transcript.add, [_item(item) for item in items])

    async def pop_item(self) -> TResponseInputItem | None:
        """Take the last item away; None if there is none."""
        item = await asyncio.to_thread(self._transcript.pop)
        return None if item is None else cast(TResponseInputItem, dict(item))

    async def clear_session(self) -> None:
        """Begin the history anew."""
        await asyncio.to_thread(self._transcript.clear, erase=self._erase_on_clear)

    async def recall_input(
        self, history: list[TResponseInputItem], new: list[TResponseInputItem]
    ) -> list[TResponseInputItem]:
        """The input of a run: who is spoken with, history, what was recalled, what is new."""
        asked = [_fields(item) for item in new if _fields(item).get("role") == "user"]
        query = "\n".join(content_text(fields.get("content")) for fields in asked)
        recent = [turn for item in history[-2 * RECENT :] if (turn := self._said(item)) is not None]
        front = await asyncio.to_thread(self._mind.front)
        prompt = await asyncio.to_thread(self._mind.prompt, query, recent=recent, front=front)
        return [*_system(front), *history, *_system(prompt), *new]

    def _said(self, item: TResponseInputItem) -> Turn | None:
        """What a person or the model said in an item."""
        role = _ROLES.get(str(_fields(item).get("role")))
        if role not in ("user", "assistant"):
            return None
        text = content_text(_fields(item).get("content"))
        return self._mind.turn(text, role=role, speaker=role, session=self.session_id)

    def close(self) -> None:
        """Settle and end the background thread; the memory stays open."""
        self._mind.close()


def _system(text: str) -> list[TResponseInputItem]:
    return [{"role": "system", "content": text}] if text else []


def _fields(item: TResponseInputItem) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], item)


def _item(item: TResponseInputItem) -> Item:
    """How an item reads as a turn: a message as what was said, anything else in short."""
    payload: Mapping[str, Any] = as_payload(_fields(item))
    role = payload.get("role")
    if role in _ROLES:
        text = content_text(payload.get("content"))
        return Item(payload, text, _ROLES[role], "[message]")
    kind = str(payload.get("type", "item"))
    text = ""
    if "arguments" in payload:
        text = f"{payload.get('name')}({payload['arguments']})"
    elif "output" in payload:
        text = content_text(payload["output"])
    elif "summary" in payload:
        text = content_text(payload["summary"])
    return Item(payload, text, "tool", f"[{kind}]")
