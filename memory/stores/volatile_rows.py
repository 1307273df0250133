"""Rows of one space of the volatile store."""

from dataclasses import dataclass, field, replace

from knowhen.memory.records import Event, Thought
from knowhen.memory.stores.base import Entry, LoggedOperation, Mention, StoredTurn


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event with what the store keeps beside it."""

    event: Event
    first_seq: int
    changed: int
    consolidated: bool


@dataclass(slots=True)
class SpaceRows:
    """Rows of one space. Values are immutable, so that a shallow copy is a snapshot."""

    version: int = 0
    epoch: int = 0
    turns: dict[str, StoredTurn] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    events: dict[str, EventRow] = field(default_factory=dict)
    thoughts: dict[str, tuple[int, Thought]] = field(default_factory=dict)
    mentions: dict[int, Mention] = field(default_factory=dict)
    operations: dict[int, LoggedOperation] = field(default_factory=dict)
    quarantine: tuple[tuple[tuple[str, ...], str, str], ...] = ()
    buried: frozenset[str] = frozenset()

    def copy(self) -> "SpaceRows":
        """A snapshot that later writes leave alone."""
        return replace(
            self,
            turns=dict(self.turns),
            entries=dict(self.entries),
            events=dict(self.events),
            thoughts=dict(self.thoughts),
            mentions=dict(self.mentions),
            operations=dict(self.operations),
        )
