"""Recalled text inside a history, kept as references to the turns that it came from.

A history gives back what a tool said, recalled memory included. The words of a turn are stored
once, in the turn: where they were recalled into an item, the item names the turn and the span.
So an item reads as it did, and forgetting a turn takes its words out of every history.
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from knowhen.memory.fence import fences
from knowhen.memory.records import Turn

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
