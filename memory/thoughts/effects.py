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
from knowhen.memory.thoughts.relations import relation
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
        """Change the thoughts that an `addressed` operation names.

        Raises:
            NotFound: one of them does not exist.
            OperationRefused: something would be lost, or nothing would change.
        """
        performer: Callable[[Operation], Touched] = getattr(
            self, f"_{type(operation).__name__.lower()}"
        )
        return performer(operation)

    def addressed(self, operation: Operation) -> Operation:
        """The operation with every restatement it names put as the thought that it restates."""
        match operation:
            case Supersede():
                return Supersede(self._head(operation.thought_id), self._head(operation.by))
            case Merge() | Use():
                heads = tuple(dict.fromkeys(map(self._head, operation.thought_ids)))
                return replace(operation, thought_ids=heads)
            case Reinforce() | Retract() | Expire() | Pin():
                return replace(operation, thought_id=self._head(operation.thought_id))
        return operation

    def _head(self, key: str) -> str:
        return self.run(key)[0].id

    def need(self, key: str) -> Thought:
        """The thought with that id.

        Raises:
            NotFound: there is none.
        """
        thought = self.work.get(key)
        if thought is None:
            raise NotFound("thought", key, self.space)
        return thought

    def run(self, key: str) -> list[Thought]:
        """The thought as stored, or the one it restates, with its restatements after it.

        Raises:
            NotFound: there is none.
        """
        found = self.work.run(key)
        if not found:
            raise NotFound("thought", key, self.space)
        return found

    def _change(self, key: str, **values: object) -> Touched:
        before = self.need(key)
        after = replace(before, **values)  # type: ignore[arg-type]
        change = difference(before, after)
        if not change:
            raise OperationRefused(f"thought {key!r} is so already; nothing would change")
        self.work.put(after)
        return {key: change}

    def _retire(self, run: list[Thought], **values: object) -> Touched:
        """Give a thought and its restatements, which would stand in for it, one status."""
        touched: Touched = {}
        for thought in run:
            touched.update(self._change(thought.id, retired_at=self.now, **values))
        return touched

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
        self.work.put(reinforced(known, replace(known, sources=tuple(extra))))
        return {known.id: {"sources": pack_sources(extra)}}

    def _supersede(self, operation: Supersede) -> Touched:
        run, new = self.run(operation.thought_id), self.run(operation.by)[0]
        old = run[0]
        if old.id == new.id:
            raise OperationRefused("a thought cannot supersede itself")
        if relation(old, new) is not None:
            raise OperationRefused(
                f"how {old.id!r} and {new.id!r} follow each other is known from when they were "
                "said; retract the one that is wrong"
            )
        self._active(old)
        end = old.valid_to or new.valid_from
        if end is not None and old.valid_from is not None:
            end = max(end, old.valid_from)
        self.work.touch([new.id])
        return self._retire(run, status="superseded", superseded_by=new.id, valid_to=end)

    def _retract(self, operation: Retract) -> Touched:
        run = self.run(operation.thought_id)
        if run[0].status == "retracted":
            raise OperationRefused(f"thought {run[0].id!r} is retracted already")
        return self._retire(run, status="retracted")

    def _expire(self, operation: Expire) -> Touched:
        run = self.run(operation.thought_id)
        self._active(run[0])
        return self._retire(run, status="expired")

    def _active(self, thought: Thought) -> None:
        if thought.status != "active":
            raise OperationRefused(f"thought {thought.id!r} is {thought.status}, not active")

    def _pin(self, operation: Pin) -> Touched:
        return self._change(operation.thought_id, pinned=operation.pinned)

    def _use(self, operation: Use) -> Touched:
        touched: Touched = {}
        for key in operation.thought_ids:
            used = self.decay.used(self.need(key), self.now)
            values = {name: getattr(used, name) for name in ("stability", "last_used", "uses")}
            touched.update(self._change(key, **values))
        return touched

    def _merge(self, operation: Merge) -> Touched:
        runs = [self.run(key) for key in operation.thought_ids]
        child = merged([run[0] for run in runs], text=operation.text, now=self.now)
        touched = self._add(child)
        for run in runs:
            touched.update(self._retire(run, status="merged", merged_into=child.id))
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
        statement = read(operation.text, "User")
        given = replace(
            operation,
            text=statement.text if statement else operation.text,
            subject=statement.subject if statement else "User",
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
