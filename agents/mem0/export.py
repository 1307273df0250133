"""Taking over what mem0 holds."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from knowhen.agents.mem0.records import OWNERS, SESSION, space_name
from knowhen.memory.errors import InvalidFile
from knowhen.memory.manager import MemoryManager
from knowhen.memory.records import Turn


def import_mem0(memory: MemoryManager, source: str | os.PathLike[str] | object) -> int:
    """Take over what mem0's `get_all` gave, as a JSON file or its value; how many were new.

    Each memory keeps its id, text, time and metadata, in the space of its user. Importing the
    same export again adds nothing.

    Raises:
        InvalidFile: the file or the value is no such export.
    """
    data = source
    if isinstance(source, str | os.PathLike):
        try:
            data = json.loads(Path(source).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InvalidFile(f"{os.fspath(source)!r} is no mem0 export: {error}") from error
    if isinstance(data, Mapping):
        data = data.get("results") or data.get("memories")
    if not isinstance(data, list):
        raise InvalidFile("a mem0 export has a list of memories under `results`")
    return sum(len(_import_one(memory, entry)) for entry in data)


def _import_one(memory: MemoryManager, entry: object) -> list[str]:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("memory"), str):
        raise InvalidFile(f"a mem0 memory has its text under `memory`; this one has not: {entry!r}")
    owner = {name: str(entry[name]) for name in OWNERS if entry.get(name)}
    turn = Turn(
        entry["memory"],
        speaker=owner.get("user_id", ""),
        session=owner.get("run_id", SESSION),
        time=_time(entry.get("created_at")),
        id=str(entry.get("id") or ""),
        meta={**(entry.get("metadata") or {}), **owner},
    )
    return memory.at(space_name(owner) if owner else memory.space).remember(turn)


def _time(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
