"""The ledger of a space's thoughts: operations applied, logged, undone, replayed and erased."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from knowhen.memory.clock import Clock
from knowhen.memory.errors import InvalidInput, NotFound, OperationRefused
from knowhen.memory.records import Source, Thought
from knowhen.memory.stores.base import LoggedOperation, Store
from knowhen.memory.thoughts.base import Proposal, Proposals
from knowhen.memory.thoughts.checks import supported
from knowhen.memory.thoughts.decay import Decay
from knowhen.memory.thoughts.identity import thought_id
from knowhen.memory.thoughts.merging import merged
from knowhen.memory.thoughts.neighbours import Neighbourhood
from knowhen.memory.thoughts.operations import (
    Erase,
    Expire,
    Insert,
    Merge,
    Operation,
    Pin,
    Reinforce,
    Retract,
    Supersede,
    Use,
    from_payload,
    kind_of,
    to_payload,
)
from knowhen.memory.thoughts.resolution import confidence
from knowhen.memory.thoughts.statements import read
from knowhen.memory.thoughts.workspace import Index, Workspace

log = logging.getLogger(__name__)

LEARNED = ("learn", "relearn")
"""Kinds under which proposals are logged; they are derived, and made anew by a reindex."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did to the thoughts."""

    vanished: tuple[str, ...] = ()
    revived: tuple[str, ...] = ()
    """Thoughts that an erased one had closed and that are active again."""
    texts: tuple[str, ...] = ()
    """Texts of the vanished thoughts, for a scan to look for."""


class ThoughtLedger:
    """Applies operations to the thoughts of one space, each in one transaction of the store."""

    def __init__(
        self, store: Store, space: str, clock: Clock, index: Index, *, decay: Decay | None = None
    ) -> None:
        self._store, self._space, self._clock, self._index = store, space, clock, index
        self._decay = decay or Decay()
        self._near = Neighbourhood()
        self._seen = (-1, -1)

    # Learning ----------------------------------------------------------------------------
    def learn(self, proposals: Proposals) -> list[int]:
        """Take proposals in; give back the ids of the operations that changed something.

        Learning the same again changes nothing, and neither does the order matter.
        """
        with self._store.transaction(), self._working() as work:
            for failure in proposals.rejected:
                self._store.quarantine(self._space, failure.turn_ids, failure.reason, failure.text)
            if not proposals.items:
                return []
            recorded = self._recorded(s.turn_id for p in proposals.items for s in p.sources)
            logged: list[int] = []
            for proposal in proposals.items:
                payload = self._take_in(work, self._thought(proposal, recorded))
                if payload is not None:
                    kind = "learn" if payload.pop("new") else "relearn"
                    logged.append(
                        self._store.log(self._space, kind, payload, {}, self._clock.now())
                    )
            self._finish(work)
        return logged

    def _recorded(self, turn_ids: Iterable[str]) -> dict[str, datetime]:
        """When memory came to hold each turn; a reindex gives thoughts the same times again."""
        wanted = sorted(set(turn_ids))
        stored = self._store.turns(self._space, ids=wanted) if wanted else ()
        return {row.turn.id: row.recorded_at for row in stored}

    def _thought(self, proposal: Proposal, recorded: Mapping[str, datetime]) -> Thought:
        now = self._clock.now()
        times = [recorded[s.turn_id] for s in proposal.sources if s.turn_id in recorded]
        valid_from = proposal.valid_from or proposal.said_at or now
        return Thought(
            id=thought_id(
                self._space,
                proposal.subject,
                proposal.predicate,
                proposal.object,
                proposal.polarity,
                proposal.modality,
                valid_from,
            ),
            space=self._space,
            text=proposal.text,
            subject=proposal.subject,
            predicate=proposal.predicate,
            object=proposal.object,
            polarity=proposal.polarity,
            modality=proposal.modality,
            kind=proposal.kind,
            valid_from=valid_from,
            valid_to=proposal.valid_to,
            recorded_at=min(times, default=now),
            sources=proposal.sources,
            corrects=proposal.corrects,
            confidence=confidence(proposal.sources) if proposal.sources else 1.0,
        )

    def _take_in(self, work: Workspace, thought: Thought) -> dict[str, object] | None:
        """Add a thought, or its sources to the one that says the same; None if nothing new."""
        known = work.get(thought.id)
        if known is None:
            work.put(thought)
            return {"thought_id": thought.id, "sources": _plain(thought.sources), "new": True}
        extra = [source for source in thought.sources if source not in known.sources]
        if not extra:
            return None
        work.put(_reinforced(known, thought, extra))
        return {"thought_id": thought.id, "sources": _plain(extra), "new": False}

    # Operations --------------------------------------------------------------------------
    def apply(self, operation: Operation) -> int:
        """Apply an operation and log it; gives back its id in the log.

        Raises:
            NotFound: a thought that it names does not exist.
            OperationRefused: it would lose something, or changes nothing.
        """
        if isinstance(operation, Erase):
            self.erase(turn_ids=operation.turn_ids, thought_ids=operation.thought_ids)
            return self._log("erase", {}, {})
        with self._store.transaction(), self._working() as work:
            touched = self._perform(work, operation)
            self._finish(work)
            return self._log(kind_of(operation), to_payload(operation), touched)

    def _log(self, kind: str, payload: Mapping[str, object], before: Mapping[str, object]) -> int:
        return self._store.log(self._space, kind, payload, before, self._clock.now())

    def _perform(self, work: Workspace, operation: Operation) -> dict[str, object]:
        """Change the thoughts; gives back what undo needs, per thought and field."""
        match operation:
            case Insert():
                return self._insert(work, operation)
            case Merge():
                return self._merge(work, operation)
            case Reinforce():
                return self._reinforce(work, operation)
            case Supersede():
                return self._supersede(work, operation)
            case Retract():
                return self._set(work, operation.thought_id, status="retracted", retired=True)
            case Expire():
                return self._set(work, operation.thought_id, status="expired", retired=True)
            case Pin():
                return self._change(
                    work, replace(self._need(work, operation.thought_id), pinned=operation.pinned)
                )
            case Use():
                return self._use(work, operation)
        raise OperationRefused(f"{kind_of(operation)} cannot be applied")

    def _need(self, work: Workspace, thought_id: str) -> Thought:
        thought = work.get(thought_id)
        if thought is None:
            raise NotFound("thought", thought_id, self._space)
        return thought

    def _change(self, work: Workspace, thought: Thought) -> dict[str, object]:
        """Put a changed thought; gives back its changed fields before and after."""
        base = self._need(work, thought.id)
        fields = [f for f in _FIELDS if getattr(base, f) != getattr(thought, f)]
        if not fields:
            raise OperationRefused(f"thought {thought.id!r} is so already; nothing would change")
        work.put(thought)
        change = {f: [_json(getattr(base, f)), _json(getattr(thought, f))] for f in fields}
        return {thought.id: change}

    def _set(
        self, work: Workspace, thought_id: str, *, status: str, retired: bool
    ) -> dict[str, object]:
        thought = self._need(work, thought_id)
        return self._change(
            work,
            replace(
                thought,
                status=status,  # type: ignore[arg-type]
                superseded_by=None,
                retired_at=self._clock.now() if retired else None,
            ),
        )

    def _supersede(self, work: Workspace, operation: Supersede) -> dict[str, object]:
        old, new = self._need(work, operation.thought_id), self._need(work, operation.by)
        if old.id == new.id:
            raise OperationRefused("a thought cannot supersede itself")
        work.touch([new.id])
        return self._change(
            work,
            replace(
                old,
                status="superseded",
                superseded_by=new.id,
                valid_to=old.valid_to or new.valid_from,
                retired_at=self._clock.now(),
            ),
        )

    def _insert(self, work: Workspace, operation: Insert) -> dict[str, object]:
        thought = self._thought(_as_proposal(operation, self._clock.now()), {})
        if work.get(thought.id) is not None:
            raise OperationRefused(f"memory holds this already, as thought {thought.id!r}")
        work.put(thought)
        return {thought.id: "new"}

    def _reinforce(self, work: Workspace, operation: Reinforce) -> dict[str, object]:
        known = self._need(work, operation.thought_id)
        extra = [source for source in operation.sources if source not in known.sources]
        if not extra:
            raise OperationRefused("the thought has these sources already")
        work.put(_reinforced(known, known, extra))
        return {known.id: {"sources": _plain(extra)}}

    def _merge(self, work: Workspace, operation: Merge) -> dict[str, object]:
        parents = [self._need(work, i) for i in dict.fromkeys(operation.thought_ids)]
        child = merged(parents, text=operation.text, now=self._clock.now())
        if work.get(child.id) is not None:
            raise OperationRefused(f"the merged thought exists already, as {child.id!r}")
        work.put(child)
        touched: dict[str, object] = {child.id: "new"}
        for parent in parents:
            change = replace(
                parent, status="merged", merged_into=child.id, retired_at=self._clock.now()
            )
            touched.update(self._change(work, change))
        return touched

    def _use(self, work: Workspace, operation: Use) -> dict[str, object]:
        touched: dict[str, object] = {}
        for i in dict.fromkeys(operation.thought_ids):
            used = self._decay.used(self._need(work, i), self._clock.now())
            touched.update(self._change(work, used))
        return touched

    # Undoing and replaying -----------------------------------------------------------------
    def undo(self, operation_id: int) -> int:
        """Take an operation back; the thoughts are as if it had never been.

        Raises:
            NotFound: no such operation.
            OperationRefused: it is an erasure or an undo, was undone, or a later operation
                changed the same fields of the same thought.
        """
        with self._store.transaction(), self._working() as work:
            found = self._store.operations(self._space, ids=[operation_id])
            if not found:
                raise NotFound("operation", operation_id, self._space)
            operation = found[0]
            if operation.undone_by is not None:
                raise OperationRefused(f"operation {operation_id} has been undone already")
            if operation.kind in ("erase", "undo") or not operation.payload:
                raise OperationRefused(f"an {operation.kind} cannot be undone")
            self._take_back(work, operation)
            self._finish(work)
            undone = self._log("undo", {"operation_id": operation_id}, {})
            self._store.mark_undone(operation_id, undone)
        return undone

    def _take_back(self, work: Workspace, operation: LoggedOperation) -> None:
        if operation.kind in LEARNED:
            thought = self._need(work, str(operation.payload["thought_id"]))
            self._drop_sources(work, thought, _sources(operation.payload["sources"]))
            return
        for key, change in operation.before.items():
            if change == "new":
                work.remove(key)
        for key, change in operation.before.items():
            if isinstance(change, Mapping):
                self._restore(work, self._need(work, key), change)

    def _restore(self, work: Workspace, thought: Thought, change: Mapping[str, object]) -> None:
        if set(change) == {"sources"}:
            self._drop_sources(work, thought, _sources(change["sources"]))
            return
        values: dict[str, object] = {}
        for field, pair in change.items():
            assert isinstance(pair, Sequence)
            if field in _WATCHED and _json(getattr(thought, field)) != pair[1]:
                raise OperationRefused(
                    f"a later operation changed {field} of thought {thought.id!r}; undo that first"
                )
            values[field] = _unjson(field, pair[0])
        work.put(replace(thought, **values))  # type: ignore[arg-type]

    def _drop_sources(self, work: Workspace, thought: Thought, sources: Sequence[Source]) -> None:
        kept = tuple(source for source in thought.sources if source not in sources)
        if kept:
            work.put(replace(thought, sources=kept, confidence=confidence(kept)))
        else:
            work.remove(thought.id)

    def replay(self) -> int:
        """Apply the operations of the log again to thoughts that were derived anew.

        Gives back how many took effect; one whose thought no longer exists is left out.
        """
        count = 0
        for operation in self._store.operations(self._space):
            learned = operation.kind in LEARNED
            if learned != (operation.undone_by is not None) or not operation.payload:
                continue
            with self._store.transaction(), self._working() as work:
                try:
                    if learned:
                        self._take_back(work, operation)
                    else:
                        self._perform_again(work, operation)
                    self._finish(work)
                    count += 1
                except (NotFound, OperationRefused, InvalidInput) as error:
                    log.info("operation %d has no effect any more: %s", operation.id, error)
        return count

    def _perform_again(self, work: Workspace, operation: LoggedOperation) -> None:
        self._perform(work, from_payload(operation.kind, operation.payload))

    # Erasing -------------------------------------------------------------------------------
    def erase(self, *, turn_ids: Sequence[str] = (), thought_ids: Sequence[str] = ()) -> Erased:
        """Destroy thoughts, and drop turns as sources; what rests on nothing else vanishes.

        Thoughts merged from a vanished one vanish too and their other parents come back; what
        a vanished thought had closed is active again. The log is blanked where it names them.
        Turns themselves are the caller's to delete.
        """
        gone_turns = frozenset(turn_ids)
        with self._store.transaction(), self._working() as work:
            doomed = dict.fromkeys(i for i in thought_ids if work.get(i) is not None)
            for turn_id in turn_ids:
                for row in self._store.thoughts(self._space, turn_id=turn_id):
                    if not self._survives(work, row.id, gone_turns):
                        doomed[row.id] = None
            self._add_merged(work, doomed, gone_turns)
            rows = {i: row for i in doomed if (row := work.before(i)) is not None}
            for i in doomed:
                work.remove(i)
            changed = self._finish(work)
            self._store.scrub(self._space, [*turn_ids, *doomed])
        revived = [
            i
            for i, after in changed.items()
            if after is not None
            and after.status == "active"
            and (before := work.before(i)) is not None
            and before.status != "active"
        ]
        texts = tuple(row.text for row in rows.values())
        return Erased(tuple(doomed), tuple(sorted(revived)), texts)

    def _survives(self, work: Workspace, thought_id: str, gone: frozenset[str]) -> bool:
        """Drop the sources; whether the others still carry every word of the thought."""
        thought = work.get(thought_id)
        if thought is None:
            return False
        kept = tuple(source for source in thought.sources if source.turn_id not in gone)
        if kept == thought.sources:
            work.touch([thought_id])  # only a restatement of it lost a source
            return True
        turns = self._store.turns(self._space, ids=[source.turn_id for source in kept])
        texts = [f"{row.turn.speaker} {row.turn.text}" for row in turns]
        if not kept or not supported(thought, texts):
            return False
        work.put(replace(thought, sources=kept, confidence=confidence(kept)))
        return True

    def _add_merged(self, work: Workspace, doomed: dict[str, None], gone: frozenset[str]) -> None:
        """Thoughts that a user merged from doomed ones, and from theirs, are doomed as well."""
        queue = list(doomed)
        while queue:
            row = work.get(queue.pop())
            if row is None or row.merged_into is None or row.merged_into in doomed:
                continue
            doomed[row.merged_into] = None
            queue.append(row.merged_into)
        for child_id in list(doomed):
            child = work.before(child_id)
            if child is not None:
                work.touch(self._parents(child))

    def _parents(self, child: Thought) -> set[str]:
        return {
            row.id
            for source in child.sources
            for row in self._store.thoughts(self._space, turn_id=source.turn_id)
            if row.merged_into == child.id
        }

    # Keeping up --------------------------------------------------------------------------
    def _working(self) -> "_Working":
        return _Working(self)

    def caught_up(self) -> Workspace:
        """A workspace over the thoughts as they are now; call inside a transaction."""
        version, epoch = self._store.version(self._space), self._store.epoch(self._space)
        if epoch != self._seen[1]:
            self._near, self._seen = Neighbourhood(), (-1, epoch)
        if version != self._seen[0]:
            rows = self._store.thoughts(self._space, changed_after=self._seen[0])
            self._near.add(rows)
            self._seen = (version, epoch)
        return Workspace(self._store, self._space, self._near)

    def start_anew(self) -> None:
        """Drop what is kept in memory; the next operation reads it again."""
        self._seen = (-1, -1)

    def _finish(self, work: Workspace) -> dict[str, Thought | None]:
        return work.finish(self._index)


class _Working:
    """A workspace for one operation; when it fails, what it left in memory is dropped."""

    def __init__(self, ledger: ThoughtLedger) -> None:
        self._ledger = ledger

    def __enter__(self) -> Workspace:
        return self._ledger.caught_up()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is not None:
            self._ledger.start_anew()


_FIELDS = (
    *("status", "superseded_by", "merged_into", "valid_to", "retired_at", "pinned"),
    *("stability", "last_used", "uses"),
)
_WATCHED = frozenset(("status", "superseded_by", "merged_into", "pinned", "stability", "uses"))
_TIMES = frozenset(("valid_to", "retired_at", "last_used"))


def _json(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _unjson(field: str, value: object) -> object:
    return datetime.fromisoformat(str(value)) if field in _TIMES and value else value


def _plain(sources: Iterable[Source]) -> list[object]:
    return [[s.turn_id, s.start, s.end, s.weight] for s in sources]


def _sources(rows: object) -> list[Source]:
    assert isinstance(rows, Sequence)
    return [Source(str(r[0]), int(r[1]), int(r[2]), float(r[3])) for r in rows]


def _reinforced(known: Thought, thought: Thought, extra: Sequence[Source]) -> Thought:
    """The known thought with more sources; what is left open follows from content alone."""
    sources = tuple(
        sorted({*known.sources, *extra}, key=lambda s: (s.turn_id, s.start, s.end, s.weight))
    )
    times = [t for t in (known.recorded_at, thought.recorded_at) if t is not None]
    return replace(
        known,
        text=min(known.text, thought.text),
        object=min(known.object, thought.object),
        subject=min(known.subject, thought.subject),
        kind=min(known.kind, thought.kind),
        valid_from=min(t for t in (known.valid_from, thought.valid_from) if t is not None)
        if known.valid_from or thought.valid_from
        else None,
        recorded_at=min(times, default=None),
        sources=sources,
        confidence=confidence(sources),
    )


def _as_proposal(operation: Insert, now: datetime) -> Proposal:
    values = {
        name: getattr(operation, name)
        for name in ("text", "subject", "predicate", "object", "polarity", "modality", "kind")
    }
    if not operation.text.strip():
        raise InvalidInput("a thought needs a text")
    if not operation.subject:
        statement = read(operation.text, "user")
        if statement is not None:
            for name in ("subject", "predicate", "object", "polarity", "modality", "kind"):
                values[name] = getattr(statement, name)
        else:
            values.update(subject="user", predicate="states", object=operation.text)
    return Proposal(
        **values,
        sources=operation.sources,
        said_at=now,
        valid_from=operation.valid_from,
        valid_to=operation.valid_to,
        corrects=operation.corrects,
    )
