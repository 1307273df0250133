"""Which recalled turns a reply names."""

import re

from knowhen.memory.records import Recall

_GROUP = re.compile(r"[(\[]([^()\[\]]+)[)\]]")
_SEPARATOR = re.compile(r"[,;\s]+")


def cited(text: str, recall: Recall) -> tuple[str, ...]:
    """Ids of recalled items that the text names in parentheses, alone or in a list."""
    named = {name for group in _GROUP.findall(text) for name in _SEPARATOR.split(group)}
    return tuple(item.id for item in recall.items if item.id in named)
