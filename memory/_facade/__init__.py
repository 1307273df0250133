"""knowhen: long-term memory for chat agents that knows when to use itself.

Names are loaded when they are first used, so that `import knowhen` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knowhen.agents.agent import MemoryAgent
    from knowhen.memory.errors import KnowhenError
    from knowhen.memory.manager import MemoryManager
    from knowhen.memory.records import (
        Answer,
        Decision,
        Document,
        Event,
        Profile,
        Recall,
        Receipt,
        Recollection,
        Thought,
        Turn,
    )

__version__ = "0.1.0"

_HOMES = {
    "Answer": "knowhen.memory.records",
    "Decision": "knowhen.memory.records",
    "Document": "knowhen.memory.records",
    "Event": "knowhen.memory.records",
    "KnowhenError": "knowhen.memory.errors",
    "MemoryAgent": "knowhen.agents.agent",
    "MemoryManager": "knowhen.memory.manager",
    "Profile": "knowhen.memory.records",
    "Recall": "knowhen.memory.records",
    "Receipt": "knowhen.memory.records",
    "Recollection": "knowhen.memory.records",
    "Thought": "knowhen.memory.records",
    "Turn": "knowhen.memory.records",
}

__all__ = [
    "Answer",
    "Decision",
    "Document",
    "Event",
    "KnowhenError",
    "MemoryAgent",
    "MemoryManager",
    "Profile",
    "Recall",
    "Receipt",
    "Recollection",
    "Thought",
    "Turn",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'knowhen' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
