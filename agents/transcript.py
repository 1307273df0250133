"""The true history of a session, item by item, kept in the same turns that memory recalls.

Frameworks want back exactly what they put in: items with tool calls, reasoning and ids. Each is
the `meta` of a turn whose text is what was said in it, so that one erasure takes both.

A history gives back what a tool said, recalled memory included. The words of a turn are stored
once, in the turn: where they were recalled into an item, the item names the turn and the span.
So an item reads as it did, and forgetting a turn takes its words out of every history.
"""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from knowhen.agents.mind import Mind
from knowhen.agents.prompt import is_prompt
from knowhen.memory.errors import NotFound
from knowhen.memory.fence import fences, plain_line
from knowhen.memory.recall.shown import shown_lines
from knowhen.memory.records import ContextLine, Role, Turn

log = logging.getLogger(__name__)
DEPTH = 100
"""Levels of nesting that are kept; nothing that somebody said lies deeper."""
TextOf = Callable[[str, str], tuple[str, str] | None]
"""Gives speaker and text of a kind of record and its id, or None if there is none (any more)."""

_KEY = "knowhen:recalled"
_AS_IT_IS = "as it is"
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
    """A line of recalled memory: which characters of which record, and what stands around them."""

    kind: str
    id: str
    head: str
    """What stands between the speaker's name and the words."""
    first: int
    last: int
    plain: bool
    """Whether the words were shown on one plain line."""
    tail: str

    def line(self, speaker: str, text: str) -> str:
        """The line as it was recalled."""
        words = text[self.first : self.last]
        return f"{speaker}{self.head}{plain_line(words) if self.plain else words}{self.tail}"


def referred(value: object, text_of: TextOf, *, typed: bool = False) -> object:
    """A JSON value with references in place of recalled turns.

    Fenced text that is in no turn, because it comes from another memory or was forgotten
    meanwhile, is left out: it could not be erased here. Where a person may have `typed` the
    marks, what stands between them is theirs and stays.
    """
    if isinstance(value, str):
        spans = [s for s in fences(value) if not typed or shown_lines(_inside(value, s))]
        return {_KEY: _split(value, spans, text_of)} if spans else value
    found = _each(value, lambda inner: referred(inner, text_of, typed=typed))
    if isinstance(found, Mapping) and _KEY in found:  # whoever wrote that, it was not us
        return {_KEY: {_AS_IT_IS: found}}
    return found


def resolved(value: object, text_of: TextOf) -> object:
    """A JSON value with the words of turns in place of references, as far as they are there."""
    parts = value.get(_KEY) if isinstance(value, Mapping) else None
    if isinstance(parts, Mapping):
        value = parts[_AS_IT_IS]
    elif isinstance(parts, list):
        return "".join(part if isinstance(part, str) else _body(part, text_of) for part in parts)
    return _each(value, lambda inner: resolved(inner, text_of))


def _each(value: object, change: Callable[[object], object]) -> object:
    if isinstance(value, Mapping):
        return {key: change(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [change(inner) for inner in value]
    return value


def _split(text: str, spans: Sequence[tuple[int, int]], text_of: TextOf) -> list[object]:
    """The text around the fences, and the lines inside each, by turns."""
    parts: list[object] = []
    done = 0
    for start, end in spans:
        parts += [text[done:start], _excerpts(text[start:end], text_of)]
        done = end
    return [*parts, text[done:]]


def _inside(text: str, span: tuple[int, int]) -> str:
    """What stands between two marks, without the line breaks that they bring."""
    return text[slice(*span)].removeprefix("\n").removesuffix("\n")


def _excerpts(body: str, text_of: TextOf) -> list[object]:
    """What stands between two marks: headers as they are, lines as excerpts, all else left out."""
    context = _inside(body, (0, len(body)))
    parts: list[object] = ["\n"]
    done = 0
    for line in sorted(shown_lines(context) or (), key=lambda line: line.start):
        parts.append(context[done : line.start])
        found = _excerpt(context, line, text_of)
        parts += [asdict(found)] if found else []
        done = line.end
    return [*parts, context[done:] if done else "", "\n"]


def _excerpt(context: str, line: ContextLine, text_of: TextOf) -> Excerpt | None:
    """The line as an excerpt; None if the record no longer reads like that."""
    speaker, text = text_of(line.kind, line.id) or ("", "")
    shown = context[line.start : line.end]
    raw = text[line.first : line.last]
    for plain, words in ((False, raw), (True, plain_line(raw))):
        head = context[line.start : line.words].removeprefix(speaker)
        tail = context[line.words + len(words) : line.end]
        found = Excerpt(line.kind, line.id, head, line.first, line.last, plain, tail)
        if raw and found.line(speaker, text) == shown:
            return found
    return None


def _body(parts: object, text_of: TextOf) -> str:
    """The lines of which the record is still there; a line that is gone leaves no empty one."""
    pieces: list[str] = []
    gone = False
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, str):
            pieces.append(part.removeprefix("\n") if gone else part)
            gone = False
        else:
            excerpt = Excerpt(**part)
            found = text_of(excerpt.kind, excerpt.id)
            gone = found is None
            pieces += [excerpt.line(*found)] if found else []
    return "".join(pieces)


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
        return said and replace(said, meta={_ITEM: self._referred(item)})

    def _referred(self, item: Item) -> object:
        return referred(item.payload, self._recalled, typed=item.role == "user")

    def _recalled(self, kind: str, record_id: str) -> tuple[str, str] | None:
        memory = self._mind.memory
        try:
            if kind == "thought":
                return "", memory.thought(record_id).text
            turn = memory.turn(record_id)
        except NotFound:
            return None
        except Exception:  # the conversation goes on, with less of its past
            log.exception("%s %r, which was recalled, could not be read", kind, record_id)
            return None
        return turn.speaker, turn.text

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
