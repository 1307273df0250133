"""The true history of a session, item by item, kept in the same turns that memory recalls.

Frameworks want back exactly what they put in: items with tool calls, reasoning and ids. Each is
the `meta` of a turn whose text is what was said in it, so that one erasure takes both. Recalled
text in an item is kept as references, and is no part of what was said.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from knowhen.agents.mind import Mind
from knowhen.agents.prompt import is_prompt
from knowhen.agents.references import referred, resolved
from knowhen.memory.errors import NotFound
from knowhen.memory.records import Role, Turn

log = logging.getLogger(__name__)

_ITEM = "item"
_CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Item:
    """Something to keep in a history, and how it reads as a turn."""

    payload: Mapping[str, object]
    """Given back as it is; JSON, such as `as_payload` gives."""
    text: str
    role: Role
    label: str
    """How it reads where nothing was said in it."""


class Transcript:
    """The history of one session in one space."""

    def __init__(self, mind: Mind, session: str) -> None:
        self._mind, self._session = mind, session

    def add(self, items: Sequence[Item]) -> None:
        """Append items, without the prompts that were put among them from memory."""
        kept = [item for item in items if not (item.role == "system" and is_prompt(item.text))]
        self._mind.keep([self._turn(item) for item in kept])

    def _turn(self, item: Item) -> Turn | None:
        texts = (item.text, item.label)
        turns = (self._mind.turn(text, role=item.role, session=self._session) for text in texts)
        said = next(filter(None, turns), None)
        return said and replace(said, meta={_ITEM: referred(item.payload, self._recalled)})

    def _recalled(self, turn_id: str) -> Turn | None:
        try:
            return self._mind.memory.turn(turn_id)
        except NotFound:
            return None
        except Exception:  # the conversation goes on, with less of its past
            log.exception("turn %r, which was recalled, could not be read", turn_id)
            return None

    def _payload(self, turn: Turn) -> Mapping[str, object]:
        found = resolved(turn.meta[_ITEM], self._recalled)
        return found if isinstance(found, Mapping) else {}

    def items(self, *, newest: int | None = None) -> list[Mapping[str, object]]:
        """Payloads in order, those not yet stored among them; only the last `newest` if given."""
        held = self._held()
        kept = held if newest is None else held[max(0, len(held) - newest) :]
        return [self._payload(turn) for turn in kept]

    def pop(self) -> Mapping[str, object] | None:
        """Take the last item away, out of the memory as well."""
        held = self._held()
        if not held:
            return None
        payload = self._payload(held[-1])
        self._mind.erase([held[-1].id])
        return payload

    def clear(self, *, erase: bool = False) -> None:
        """Begin the history anew; what was said stays remembered unless it is erased too."""
        turns = self._turns()
        if erase:
            self._mind.erase([turn.id for turn in turns])
        elif turns:
            mark = self._mind.turn("The history was cleared.", role="system", session=self._session)
            self._mind.keep([mark and replace(mark, meta={_CLEARED: True})])

    def _held(self) -> list[Turn]:
        return [turn for turn in self._turns() if _ITEM in turn.meta]

    def _turns(self) -> list[Turn]:
        turns = self._mind.session(self._session)
        cleared = [place for place, turn in enumerate(turns) if _CLEARED in turn.meta]
        return turns[cleared[-1] + 1 if cleared else 0 :]
