"""How a turn reads as a record of mem0, and whose it is."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from knowhen.agents.mem0.filters import named
from knowhen.memory.errors import InvalidInput
from knowhen.memory.records import Turn

Record = dict[str, Any]
OWNERS = ("user_id", "agent_id", "run_id")
SESSION = "mem0"
UPDATES = "mem0 updates"
ROOT = "updates"
"""In the meta of a version: the id under which the memory is known."""
REPLACES = "replaces"
"""In the meta of a version: the turn whose place it takes."""


def owner_of(*, filters: Mapping[str, Any] | None = None, **ids: str | None) -> dict[str, str]:
    """Who the memories belong to, from the arguments or the filters."""
    given = {name: ids.get(name) or named(filters, name) for name in OWNERS}
    owner = {name: str(value) for name, value in given.items() if value}
    if not owner:
        raise InvalidInput("say whose memory it is: user_id, agent_id or run_id")
    return owner


def space_name(owner: Mapping[str, str]) -> str:
    if "user_id" in owner:
        return owner["user_id"]
    name = "agent_id" if "agent_id" in owner else "run_id"
    return f"{name.removesuffix('_id')}:{owner[name]}"


def is_ours(turn: Turn) -> bool:
    """Whether a turn was added through this facade or taken over from mem0."""
    return turn.session in (SESSION, UPDATES) or any(name in turn.meta for name in OWNERS)


def record_of(turn: Turn, space: str) -> Record:
    ids = {name: turn.meta[name] for name in OWNERS if name in turn.meta}
    if not ids and not space.startswith(("agent:", "run:")):
        ids = {"user_id": space}  # said through another adapter, in the same space
    hidden = {*OWNERS, ROOT, REPLACES}
    return {
        "id": str(turn.meta.get(ROOT) or turn.id),
        "memory": turn.text,
        "hash": hashlib.md5(turn.text.encode(), usedforsecurity=False).hexdigest(),
        "metadata": {key: value for key, value in turn.meta.items() if key not in hidden} or None,
        "created_at": iso(turn.time),
        "updated_at": iso(turn.time) if ROOT in turn.meta else None,
        "role": turn.role,
        **ids,
    }


def iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
