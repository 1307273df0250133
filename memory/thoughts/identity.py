"""Ids that follow from content: the same statement is the same thought, whenever it arrives."""

import hashlib
import re
from datetime import UTC, datetime
from functools import lru_cache

from knowhen.memory.records import Modality, Polarity, Thought

_SPACES = re.compile(r"\s+")


@lru_cache(maxsize=65_536)
def canonical(text: str) -> str:
    """Folded, with single spaces and without outer punctuation."""
    return _SPACES.sub(" ", text.casefold()).strip(" .,;:!?\"'")


def thought_id(
    space: str,
    subject: str,
    predicate: str,
    object: str,
    polarity: Polarity,
    modality: Modality,
    valid_from: datetime | None,
) -> str:
    """Digest of what is stated and from when on; the same in any order of arrival."""
    since = valid_from.astimezone(UTC).isoformat() if valid_from else ""
    fields = (space, canonical(subject), predicate, canonical(object), polarity, modality, since)
    return "t" + hashlib.blake2b("\0".join(fields).encode(), digest_size=10).hexdigest()


Content = tuple[str, str, str, str, str]


def content(thought: Thought) -> Content:
    """What is stated, whenever it is true: thoughts alike in it say the same."""
    return (
        canonical(thought.subject),
        thought.predicate,
        canonical(thought.object),
        thought.polarity,
        thought.modality,
    )
