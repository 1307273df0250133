"""The true history of a session, item by item, kept in the same turns that memory recalls.

Frameworks want back exactly what they put in: items with tool calls, reasoning and ids. Each is
the `meta` of a turn whose text is what was said in it, so that one erasure takes both.

A history gives back what a tool said, recalled memory included. The words of a turn are stored
once, in the turn: where they were recalled into an item, the item names the turn and the span.
So an item reads as it did, and forgetting a turn takes its words out of every history.
"""

import logging
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from knowhen.agents.mind import Mind
from knowhen.agents.prompt import is_prompt
from knowhen.memory.errors import NotFound
from knowhen.memory.fence import fences
from knowhen.memory.records import Role, Turn

log = logging.getLogger(__name__)
DEPTH = 100
"""Levels of nesting that are kept; nothing that somebody said lies deeper."""
TurnOf = Callable[[str], Turn | None]
"""Gives the turn of an id, or None if there is none (any more)."""

_KEY = "knowhen:recalled"
_AS_IT_IS = "as it is"
_GAP = "[…] "
_CUT = " […]"
_DAY = re.compile(r"\[\d{4}-\d\d-\d\d [^\n]*\]|\s*")
_HEAD = re.compile(r"[^\n]*?\((?P<turn>[^\s();]+)(?P<mark>(?:; [^()\n]*)?)\): ")
_PROBE = 32
"""Characters by which the place of an excerpt in a long turn is looked for."""
_ITEM = "item"
_CLEARED = "cleared"


def as_payload(value: Mapping[str, object]) -> dict[str, object]:
    """The value as JSON holds it; what JSON cannot hold is kept as text, and named in the log."""
    changed: list[str] = []
    found = {
        _key(key): _plain(each, (_key(key),), (value,), changed) for key, each in value.items()
    }
    if changed:
        log.warning("JSON cannot hold what an item has at %s; kept as text", ", ".join(changed))
    return found


def _plain(
    value: object, path: tuple[str, ...], around: tuple[object, ...], changed: list[str]
) -> object:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _sound(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    deeper = (*around, value)
    if len(around) < DEPTH and not any(value is each for each in around):
        if callable(dump := getattr(value, "model_dump", None)):  # the SDKs' pydantic models
            return _plain(dump(exclude_unset=True), path, deeper, changed)
        if isinstance(value, Mapping):
            return {
                _key(key): _plain(each, (*path, _key(key)), deeper, changed)
                for key, each in value.items()
            }
        if isinstance(value, list | tuple):
            return [
                _plain(each, (*path, str(place)), deeper, changed)
                for place, each in enumerate(value)
            ]
    changed.append(".".join(path[:8]))
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, Mapping | list | tuple):
        return f"[{type(value).__name__}]"  # too deep, or inside itself
    try:
        return _sound(str(value))
    except Exception:  # whatever an object raises when it is asked for its words
        return f"[{type(value).__name__}]"


def _key(value: object) -> str:
    return _sound(str(value))


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # a model may write half a surrogate


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line of recalled memory: from `start` to `end` of a turn's text."""

    turn: str
    mark: str
    start: int
    end: int
    gap: bool
    """Shown with a sign that something stands before it, or after."""
    cut: bool

    def text(self, turn: Turn) -> str:
        """The line as it was recalled."""
        before, after = _GAP if self.gap else "", _CUT if self.cut else ""
        said = turn.text[self.start : self.end]
        return f"{turn.speaker} ({turn.id}{self.mark}): {before}{said}{after}"


def referred(value: object, turn_of: TurnOf) -> object:
    """A JSON value with references in place of recalled turns.

    Fenced text that is in no turn, because it comes from another memory or was forgotten
    meanwhile, is left out: it could not be erased here.
    """
    if isinstance(value, str):
        spans = fences(value)
        return {_KEY: _split(value, spans, turn_of)} if spans else value
    found = _each(value, lambda inner: referred(inner, turn_of))
    if isinstance(found, Mapping) and _KEY in found:  # whoever wrote that, it was not us
        return {_KEY: {_AS_IT_IS: found}}
    return found


def resolved(value: object, turn_of: TurnOf) -> object:
    """A JSON value with the words of turns in place of references, as far as they are there."""
    parts = value.get(_KEY) if isinstance(value, Mapping) else None
    if isinstance(parts, Mapping):
        value = parts[_AS_IT_IS]
    elif isinstance(parts, list):
        return "".join(
            part if isinstance(part, str) else "\n".join(_lines(part, turn_of)) for part in parts
        )
    return _each(value, lambda inner: resolved(inner, turn_of))


def _each(value: object, change: Callable[[object], object]) -> object:
    if isinstance(value, Mapping):
        return {key: change(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [change(inner) for inner in value]
    return value


def _split(text: str, spans: Sequence[tuple[int, int]], turn_of: TurnOf) -> list[object]:
    """The text around the fences, and the lines inside each, by turns."""
    parts: list[object] = []
    done = 0
    for start, end in spans:
        parts += [text[done:start], _excerpts(text[start:end], turn_of)]
        done = end
    return [*parts, text[done:]]


def _excerpts(body: str, turn_of: TurnOf) -> list[object]:
    lines: list[object] = []
    place = 0
    while place <= len(body):
        head = _HEAD.match(body, place)
        turn = turn_of(head["turn"]) if head else None
        found = turn and head and _excerpt(body, head, turn)
        if found and turn:
            lines.append(asdict(found))
            place += len(found.text(turn)) + 1
            continue
        end = body.find("\n", place)
        end = len(body) if end < 0 else end
        if _DAY.fullmatch(body, place, end):
            lines.append(body[place:end])
        place = end + 1
    return lines


def _excerpt(body: str, head: re.Match[str], turn: Turn) -> Excerpt | None:
    """What the line with this head shows of a turn; None if it is not in the turn."""
    gap = body.startswith(_GAP, head.end())
    rest = body[head.end() + len(_GAP) * gap :]
    probe = rest.partition("\n")[0].removesuffix(_CUT)[:_PROBE]
    start = turn.text.find(probe) if probe else -1
    best: Excerpt | None = None
    while start >= 0:
        for length in range(
            len(os.path.commonprefix([rest, turn.text[start : start + len(rest)]])), 0, -1
        ):
            cut = rest.startswith(_CUT, length)
            after = length + len(_CUT) * cut
            if after == len(rest) or rest[after] == "\n":
                found = Excerpt(turn.id, head["mark"], start, start + length, gap, cut)
                if best is None or length > best.end - best.start:
                    best = found
                break
        start = turn.text.find(probe, start + 1)
    if best is None or not body.startswith(best.text(turn), head.start()):
        return None
    return best


def _lines(parts: object, turn_of: TurnOf) -> list[str]:
    lines: list[str] = []
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, str):
            lines.append(part)
        elif turn := turn_of(part["turn"]):
            lines.append(Excerpt(**part).text(turn))
    return lines


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
