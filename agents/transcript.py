"""The true history of a session, item by item, kept in the same turns that memory recalls.

Frameworks want back exactly what they put in: items with tool calls, reasoning and ids. Each is
the `meta` of a turn whose text is what was said in it, so that one erasure takes both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from knowhen.agents.mind import Mind
from knowhen.memory.records import Role, Turn

_ITEM = "item"
_CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Item:
    """Something to keep in a history, and how it reads as a turn."""

    payload: Mapping[str, object]
    """Given back as it is; JSON."""
    text: str
    role: Role


class Transcript:
    """The history of one session in one space."""

    def __init__(self, mind: Mind, session: str) -> None:
        self._mind, self._session = mind, session

    def add(self, items: Sequence[Item]) -> None:
        """Append items; those that hold nothing but recalled text are left out."""
        self._mind.keep([self._turn(item) for item in items])

    def _turn(self, item: Item) -> Turn | None:
        turn = self._mind.turn(item.text, role=item.role, session=self._session)
        return turn and replace(turn, meta={_ITEM: dict(item.payload)})

    def items(self, *, newest: int | None = None) -> list[Mapping[str, object]]:
        """Payloads in order, those not yet stored among them; only the last `newest` if given."""
        payloads = [turn.meta[_ITEM] for turn in self._turns() if _ITEM in turn.meta]
        found = [payload for payload in payloads if isinstance(payload, Mapping)]
        return found if newest is None else found[max(0, len(found) - newest) :]

    def pop(self) -> Mapping[str, object] | None:
        """Take the last item away, out of the memory as well."""
        held = [turn for turn in self._turns() if _ITEM in turn.meta]
        if not held:
            return None
        self._mind.erase([held[-1].id])
        payload = held[-1].meta[_ITEM]
        return payload if isinstance(payload, Mapping) else None

    def clear(self, *, erase: bool = False) -> None:
        """Begin the history anew; what was said stays remembered unless it is erased too."""
        turns = self._turns()
        if erase:
            self._mind.erase([turn.id for turn in turns])
        elif turns:
            mark = self._mind.turn("The history was cleared.", role="system", session=self._session)
            self._mind.keep([mark and replace(mark, meta={_CLEARED: True})])

    def _turns(self) -> list[Turn]:
        turns = self._mind.session(self._session)
        cleared = [place for place, turn in enumerate(turns) if _CLEARED in turn.meta]
        return turns[cleared[-1] + 1 if cleared else 0 :]
