"""What is done to thoughts: operations as plain values, and what each of them changes.

Operations are applied by the ledger, logged, undone and replayed. TiM fuses thoughts of one head
entity by having a model rewrite their bucket, which can lose or invent facts; here a merge that
would lose an object is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any

from knowhen.memory.errors import InvalidInput, NotFound, OperationRefused
from knowhen.memory.records import Modality, Polarity, Source, Thought, ThoughtKind
from knowhen.memory.thoughts.base import Proposal
from knowhen.memory.thoughts.decay import Decay
from knowhen.memory.thoughts.relations import canonical, relation, stems, thought_id
from knowhen.memory.thoughts.resolution import NEW, confidence, difference, pack_sources, reinforced
from knowhen.memory.thoughts.rules import read_statement
from knowhen.memory.thoughts.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Insert:
    """Add a thought by hand. Without a subject the statement is read by rules."""

    text: str
    subject: str = ""
    predicate: str = ""
    object: str = ""
    polarity: Polarity = "positive"
    modality: Modality = "asserted"
    kind: ThoughtKind = "fact"
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    sources: tuple[Source, ...] = ()
    corrects: bool = False


@dataclass(frozen=True, slots=True)
class Reinforce:
    """Add sources to a thought."""

    thought_id: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Supersede:
    """Close a thought: it was true until the newer one took over."""

    thought_id: str
    by: str


@dataclass(frozen=True, slots=True)
class Retract:
    """Mark a thought as never true."""

    thought_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Merge:
    """Put several thoughts into a derived one; without a text theirs are joined."""

    thought_ids: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Expire:
    """Archive a thought: kept, and no longer recalled."""

    thought_id: str


@dataclass(frozen=True, slots=True)
class Pin:
    """Keep a thought from fading, or stop keeping it."""

    thought_id: str
    pinned: bool = True


@dataclass(frozen=True, slots=True)
class Use:
    """Thoughts that helped an answer: they fade more slowly from now on."""

    thought_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Erase:
    """Destroy thoughts, and turns as the sources of thoughts. Cannot be undone."""

    turn_ids: tuple[str, ...] = ()
    thought_ids: tuple[str, ...] = ()


Operation = Insert | Reinforce | Supersede | Retract | Merge | Expire | Pin | Use | Erase

KINDS: dict[str, type[Any]] = {
    kind.__name__.lower(): kind
    for kind in (Insert, Reinforce, Supersede, Retract, Merge, Expire, Pin, Use, Erase)
}


def kind_of(operation: Operation) -> str:
    """The name under which an operation is logged."""
    return type(operation).__name__.lower()


def to_payload(operation: Operation) -> dict[str, object]:
    """The operation as values that JSON can hold."""
    return {name: _plain(value) for name, value in asdict(operation).items()}


def from_payload(kind: str, payload: Mapping[str, Any]) -> Operation:
    """The operation that was logged.

    Raises:
        InvalidInput: no such kind, or the payload was blanked by an erasure.
    """
    if kind not in KINDS or not payload:
        raise InvalidInput(f"no operation can be read from a {kind!r} entry of the log")
    values: dict[str, object] = {}
    for field in fields(KINDS[kind]):
        if field.name in payload:
            values[field.name] = _restored(field.name, payload[field.name])
    operation: Operation = KINDS[kind](**values)
    return operation


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return value


def _restored(name: str, value: Any) -> object:
    if name == "sources":
        return tuple(Source(**source) for source in value)
    if name in ("valid_from", "valid_to") and value is not None:
        return datetime.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value


def merged(parents: Sequence[Thought], *, text: str, now: datetime) -> Thought:
    """The thought derived from `parents`; without a text theirs are joined.

    Raises:
        OperationRefused: fewer than two parents, one that is not active, parents that differ in
            space, polarity, modality or validity, or a text that leaves out a word of an object.
    """
    _check(parents)
    first = parents[0]
    text = text.strip() or " ".join(parent.text for parent in parents)
    lost = {form for parent in parents for form in stems(parent.object)} - stems(text)
    if lost:
        raise OperationRefused(f"the merged text would lose {', '.join(sorted(lost))}")
    subjects = {canonical(parent.subject) for parent in parents}
    subject = first.subject if len(subjects) == 1 else " and ".join(_once(parents, "subject"))
    predicate = " / ".join(_once(parents, "predicate"))
    object = "; ".join(_once(parents, "object"))
    valid_from = max((p.valid_from for p in parents if p.valid_from), default=None)
    sources = tuple(dict.fromkeys(source for parent in parents for source in parent.sources))
    return Thought(
        id=thought_id(
            first.space, subject, predicate, object, first.polarity, first.modality, valid_from
        ),
        space=first.space,
        text=text,
        subject=subject,
        predicate=predicate,
        object=object,
        polarity=first.polarity,
        modality=first.modality,
        kind=first.kind if len({p.kind for p in parents}) == 1 else "fact",
        valid_from=valid_from,
        valid_to=first.valid_to,
        recorded_at=now,
        sources=sources,
        confidence=confidence(sources) if sources else first.confidence,
        stability=max(parent.stability for parent in parents),
        pinned=any(parent.pinned for parent in parents),
    )


def _once(parents: Sequence[Thought], field: str) -> list[str]:
    return list(dict.fromkeys(str(getattr(parent, field)) for parent in parents))


def _check(parents: Sequence[Thought]) -> None:
    if len(parents) < 2:
        raise OperationRefused("a merge needs at least two thoughts")
    for parent in parents:
        if parent.status != "active":
            raise OperationRefused(f"thought {parent.id!r} is {parent.status}, not active")
    for field in ("space", "polarity", "modality", "valid_to"):
        if len({getattr(parent, field) for parent in parents}) > 1:
            raise OperationRefused(f"thoughts that differ in {field} are never merged")
    days = {parent.valid_from.date() for parent in parents if parent.valid_from}
    if any(parent.kind == "event" for parent in parents) and len(days) > 1:
        raise OperationRefused("events of different days are never merged")


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
        match operation:
            case Insert():
                return self._insert(operation)
            case Reinforce():
                return self._reinforce(operation)
            case Supersede():
                return self._supersede(operation)
            case Retract():
                return self._retract(operation)
            case Merge():
                return self._merge(operation)
            case Expire():
                return self._expire(operation)
            case Pin():
                return self._pin(operation)
            case Use():
                return self._use(operation)
            case Erase():
                raise OperationRefused("the ledger erases, because turns are its business too")

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
        return self._retire(run, status="retracted", superseded_by=None, merged_into=None)

    def _expire(self, operation: Expire) -> Touched:
        run = self.run(operation.thought_id)
        self._active(run[0])
        return self._retire(run, status="expired", superseded_by=None, merged_into=None)

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
        read = read_statement(operation.text, now)
        given = replace(
            operation,
            text=_own_words(operation.text, read),
            subject=read.subject if read else "User",
            predicate=read.predicate if read else "states",
            object=read.object if read else operation.text,
            polarity=read.polarity if read else operation.polarity,
            modality=read.modality if read else operation.modality,
            kind=read.kind if read else operation.kind,
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


def _own_words(text: str, read: Proposal | None) -> str:
    """The user's own words, unless they say "I": then the statement as it reads alone."""
    alone = read is None or read.subject.casefold() in text.casefold()
    return text if read is None or alone else read.text
