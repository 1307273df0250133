"""The proposer seam: turns in, proposed thoughts out, each citing what it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from knowhen.memory.records import Modality, Polarity, Role, Source, ThoughtKind, Turn

WEIGHTS: dict[Role, float] = {
    "user": 0.9,
    "document": 0.8,
    "tool": 0.5,
    "assistant": 0.3,
    "system": 0.3,
}
"""How much a statement counts by who made it: an agent must not come to believe itself."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A statement that a turn makes, not yet checked against memory."""

    text: str
    subject: str
    predicate: str
    object: str
    sources: tuple[Source, ...]
    said_at: datetime | None
    """When the turn was said; what was true from then on unless `valid_from` says otherwise."""
    polarity: Polarity = "positive"
    modality: Modality = "asserted"
    kind: ThoughtKind = "fact"
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    corrects: bool = False
    """Said to put an earlier statement right."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that went wrong, in words, with the turns and the text it is about."""

    reason: str
    turn_ids: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Proposals:
    """What a proposer found, and what it cost."""

    items: tuple[Proposal, ...] = ()
    rejected: tuple[Failure, ...] = ()
    """Proposals that failed their check; they are quarantined, and asking again will not help."""
    failures: tuple[Failure, ...] = ()
    """Calls that failed; what they would have found is still to be had."""
    calls: int = 0
    tokens: int = 0

    @property
    def complete(self) -> bool:
        """Whether every turn was read; if not, the event stays in the queue."""
        return not self.failures


class Proposer(Protocol):
    """Finds the thoughts in the turns of one event."""

    def propose(self, turns: Sequence[Turn]) -> Proposals:
        """Proposals from `turns`, which follow each other. Never raises for what a model did."""
        ...
