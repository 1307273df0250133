"""What each operation does to the thoughts: one function, and what undo needs to reverse it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from knowhen.memory.errors import InvalidInput, NotFound, OperationRefused
from knowhen.memory.records import Thought
from knowhen.memory.thoughts.base import Proposal
from knowhen.memory.thoughts.changes import NEW, difference, pack_sources, reinforced
from knowhen.memory.thoughts.decay import Decay
from knowhen.memory.thoughts.identity import thought_id
from knowhen.memory.thoughts.merging import merged
from knowhen.memory.thoughts.operations import (
    Expire,
    Insert,
    Merge,
    Operation,
    Pin,
    Reinforce,
    Retract,
    Supersede,
    Use,
)
from knowhen.memory.thoughts.resolution import confidence
from knowhen.memory.thoughts.statements import read
from knowhen.memory.thoughts.workspace import Workspace

Touched = dict[str, object]
"""Per thought: `NEW`, or its changed fields with their old and new values."""


@dataclass(frozen=True, slots=True)
class Effects:
    """Performs operations on a workspace of one space at one time."""

    work: Workspace
    space: str
    now: datetime
    decay: Decay

    def perform(self, operation: Operation) -> Touched:
        """Change the thoughts that the operation names.

        Raises:
            NotFound: one of them does not exist.
            OperationRefused: something would be lost, or nothing would change.
        """
        performer: Callable[[Operation], Touched] = getattr(
            self, f"_{type(operation).__name__.lower()}"
        )
        return performer(operation)

    def need(self, key: str) -> Thought:
        """The thought with that id.

        Raises:
            NotFound: there is none.
        """
        thought = self.work.get(key)
        if thought is None:
            raise NotFound("thought", key, self.space)
        return thought

    def _change(self, before: Thought, after: Thought) -> Touched:
        change = difference(before, after)
        if not change:
            raise OperationRefused(f"thought {before.id!r} is so already; nothing would change")
        self.work.put(after)
        return {before.id: change}

    def _add(self, thought: Thought) -> Touched:
        if self.work.get(thought.id) is not None:
            raise OperationRefused(f"memory holds this already, as thought {thought.id!r}")
        self.work.put(thought)
        return {thought.id: NEW}

    def _insert(self, operation: Insert) -> Touched:
        proposal = as_proposal(operation, self.now)
        return self._add(as_thought(proposal, space=self.space, recorded_at=self.now))

    def _reinforce(self, operation: Reinforce) -> Touched:
        known = self.need(operation.thought_id)
        extra = [source for source in operation.sources if source not in known.sources]
        if not extra:
            raise OperationRefused(f"thought {known.id!r} has these sources already")
        self.work.put(reinforced(known, known, extra))
        return {known.id: {"sources": pack_sources(extra)}}

    def _supersede(self, operation: Supersede) -> Touched:
        old, new = self.need(operation.thought_id), self.need(operation.by)
        if old.id == new.id:
            raise OperationRefused("a thought cannot supersede itself")
        self.work.touch([new.id])
        end = old.valid_to or new.valid_from
        if end is not None and old.valid_from is not None:
            end = max(end, old.valid_from)
        closed = replace(
            old, status="superseded", superseded_by=new.id, valid_to=end, retired_at=self.now
        )
        return self._change(old, closed)

    def _retract(self, operation: Retract) -> Touched:
        thought = self.need(operation.thought_id)
        if thought.status == "retracted":
            raise OperationRefused(f"thought {thought.id!r} is retracted already")
        retired = replace(thought, status="retracted", superseded_by=None, retired_at=self.now)
        return self._change(thought, retired)

    def _expire(self, operation: Expire) -> Touched:
        thought = self.need(operation.thought_id)
        if thought.status == "expired":
            raise OperationRefused(f"thought {thought.id!r} is archived already")
        archived = replace(thought, status="expired", superseded_by=None, retired_at=self.now)
        return self._change(thought, archived)

    def _pin(self, operation: Pin) -> Touched:
        thought = self.need(operation.thought_id)
        return self._change(thought, replace(thought, pinned=operation.pinned))

    def _use(self, operation: Use) -> Touched:
        touched: Touched = {}
        for key in dict.fromkeys(operation.thought_ids):
            thought = self.need(key)
            touched.update(self._change(thought, self.decay.used(thought, self.now)))
        return touched

    def _merge(self, operation: Merge) -> Touched:
        parents = [self.need(key) for key in dict.fromkeys(operation.thought_ids)]
        child = merged(parents, text=operation.text, now=self.now)
        touched = self._add(child)
        for parent in parents:
            after = replace(parent, status="merged", merged_into=child.id, retired_at=self.now)
            touched.update(self._change(parent, after))
        return touched


def as_thought(proposal: Proposal, *, space: str, recorded_at: datetime) -> Thought:
    """The proposal as a thought that was recorded then, not yet resolved."""
    valid_from = proposal.valid_from or proposal.said_at or recorded_at
    return Thought(
        id=thought_id(
            space,
            proposal.subject,
            proposal.predicate,
            proposal.object,
            proposal.polarity,
            proposal.modality,
            valid_from,
        ),
        space=space,
        text=proposal.text,
        subject=proposal.subject,
        predicate=proposal.predicate,
        object=proposal.object,
        polarity=proposal.polarity,
        modality=proposal.modality,
        kind=proposal.kind,
        valid_from=valid_from,
        valid_to=proposal.valid_to,
        recorded_at=recorded_at,
        sources=proposal.sources,
        corrects=proposal.corrects,
        confidence=confidence(proposal.sources) if proposal.sources else 1.0,
    )


def as_proposal(operation: Insert, now: datetime) -> Proposal:
    """What a user inserts; without a subject the text is read by rules.

    Raises:
        InvalidInput: there is no text.
    """
    if not operation.text.strip():
        raise InvalidInput("a thought needs a text")
    given = operation
    if not operation.subject:
        statement = read(operation.text, "user")
        given = replace(
            operation,
            subject=statement.subject if statement else "user",
            predicate=statement.predicate if statement else "states",
            object=statement.object if statement else operation.text,
            polarity=statement.polarity if statement else operation.polarity,
            modality=statement.modality if statement else operation.modality,
            kind=statement.kind if statement else operation.kind,
        )
    return Proposal(
        text=given.text.strip(),
        subject=given.subject,
        predicate=given.predicate,
        object=given.object,
        polarity=given.polarity,
        modality=given.modality,
        kind=given.kind,
        sources=given.sources,
        said_at=now,
        valid_from=given.valid_from,
        valid_to=given.valid_to,
        corrects=given.corrects,
    )
