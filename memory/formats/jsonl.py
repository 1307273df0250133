"""knowhen's own format: one turn a line, as JSON. What `export` writes, `import` reads."""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import ConfigDict, Field

from knowhen.memory.formats.base import Shape, SpacedTurn, TextFile, Time, placed_turn, stable_id
from knowhen.memory.records import Role, Turn


class Line(Shape):
    """The fields of a line; only `text` is required."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    text: str
    speaker: str = ""
    role: Role = "user"
    time: Time | None = None
    session: str = ""
    id: str = ""
    meta: Annotated[dict[str, object], Field(default_factory=dict)]
    space: str | None = None


class JsonlReader:
    """Reads knowhen JSONL, line by line."""

    name = "jsonl"

    def fits(self, sample: object) -> bool:
        return isinstance(sample, Mapping) and isinstance(sample.get("text"), str)

    def read(self, file: TextFile) -> Iterator[SpacedTurn]:
        seen: dict[str, int] = {}
        for number, text in file.lines():
            place = f"{file.name}, line {number}"
            line = Line.of(file.parse(text, number), place)
            yield (
                line.space,
                placed_turn(
                    place,
                    text=line.text,
                    speaker=line.speaker,
                    role=line.role,
                    time=line.time,
                    session=line.session,
                    id=line.id or _line_id(line, seen),
                    meta=line.meta,
                ),
            )


def write_line(turn: Turn, *, space: str | None = None) -> str:
    """The turn as a line of JSONL, without the newline; defaults are left out."""
    fields: dict[str, object] = {
        "id": turn.id,
        "space": space,
        "session": turn.session,
        "time": turn.time.isoformat() if turn.time else None,
        "role": turn.role if turn.role != "user" else None,
        "speaker": turn.speaker,
        "text": turn.text,
        "meta": dict(turn.meta),
    }
    # U+2028 and its like are escaped: some readers take them for the end of a line.
    return json.dumps({key: value for key, value in fields.items() if value})


def _line_id(line: Line, seen: dict[str, int]) -> str:
    """An id for a line without one: from its content, and how often that came before."""
    parts = [line.space, line.session, line.speaker, line.role, line.time, line.text]
    if line.meta:
        parts.append(json.dumps(line.meta, sort_keys=True))
    key = stable_id(*parts)
    seen[key] = seen.get(key, 0) + 1
    return key if seen[key] == 1 else f"{key}-{seen[key]}"
