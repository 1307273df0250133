"""The ledger of a space's thoughts: operations applied, logged, undone, replayed and erased."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from knowhen.memory.clock import Clock
from knowhen.memory.errors import InvalidInput, NotFound, OperationRefused
from knowhen.memory.records import Thought, Turn
from knowhen.memory.stores.base import LoggedOperation, Store
from knowhen.memory.stores.codec import thought_from_dict, thought_to_dict
from knowhen.memory.thoughts.base import Proposal, Proposals
from knowhen.memory.thoughts.decay import Decay
from knowhen.memory.thoughts.operations import (
    Effects,
    Erase,
    Insert,
    Merge,
    Operation,
    as_proposal,
    as_thought,
    from_payload,
    kind_of,
    to_payload,
)
from knowhen.memory.thoughts.relations import supported
from knowhen.memory.thoughts.resolution import (
    NEW,
    changed,
    holds_still,
    pack_sources,
    reinforced,
    resting_on,
    restored,
    unpack_sources,
)
from knowhen.memory.thoughts.rules import RuleProposer
from knowhen.memory.thoughts.workspace import Index, Neighbourhood, Workspace

_UNJUDGED = "unjudged"


class Unjudged:
    """Ids kept in the store, so that a crash or a failed call skips none; erasing takes them out.

    Changes are made to what stands there, inside the caller's transaction, because another
    process may have added some.
    """

    def __init__(self, store: Store, space: str) -> None:
        self._store, self._space = store, space

    def ids(self) -> list[str]:
        """Ids of the waiting thoughts, the longest waiting first."""
        return list(json.loads(self._store.setting(_UNJUDGED, space=self._space) or "[]"))

    def add(self, thought_ids: Iterable[str]) -> None:
        self._change(self.ids(), [*self.ids(), *thought_ids])

    def discard(self, thought_ids: Iterable[str]) -> None:
        """Take ids out; those that are not there are ignored."""
        gone, waiting = set(thought_ids), self.ids()
        self._change(waiting, [key for key in waiting if key not in gone])

    def _change(self, before: list[str], after: list[str]) -> None:
        after = list(dict.fromkeys(after))
        if after != before:
            self._store.set_setting(_UNJUDGED, json.dumps(after), space=self._space)


log = logging.getLogger(__name__)

CHANGING = ("supersede", "retract", "expire", "pin", "use")
"""Kinds of operations that only change thoughts that are there."""
POINTING = ("superseded_by", "merged_into")
CHILD = "child"
"""Where the log keeps what a merge made, as it was then."""
LEARNED = ("learn", "relearn")
"""Kinds under which proposals are logged; they are derived, and made anew by a reindex."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did to the thoughts."""

    vanished: tuple[str, ...] = ()
    revived: tuple[str, ...] = ()
    """Thoughts that an erased one had closed and that are active again."""
    thoughts: tuple[Thought, ...] = ()
    """The vanished thoughts as they were, for a scan to look for their texts."""


class ThoughtLedger:
    """Applies operations to the thoughts of one space, each in one transaction of the store."""

    def __init__(
        self, store: Store, space: str, clock: Clock, index: Index, *, decay: Decay | None = None
    ) -> None:
        self._store, self._space, self._clock, self._index = store, space, clock, index
        self._decay = decay or Decay()
        self._near = Neighbourhood()
        self._seen = (-1, -1)
        self.unjudged = Unjudged(store, space)

    # Learning ----------------------------------------------------------------------------
    def learn(self, proposals: Proposals, *, anew: bool = False) -> list[int]:
        """Take proposals in; give back the ids of the operations that changed something.

        Learning the same again changes nothing, and neither does the order matter. What rests
        on a turn that was erased since it was proposed is left out. `anew` is for a reindex:
        the log has these operations already, so none is written.
        """
        with self._store.transaction(self._space), self._working() as work:
            for failure in proposals.rejected:
                self._store.quarantine(self._space, failure.turn_ids, failure.reason, failure.text)
            if not proposals.items:
                return []
            logged: list[int] = []
            for thought in self._thoughts(proposals.items):
                payload = self._take_in(work, thought)
                if payload is not None and not anew:
                    kind = "learn" if payload.pop("new") else "relearn"
                    logged.append(
                        self._store.log(self._space, kind, payload, {}, self._clock.now())
                    )
            self._finish(work)
        return logged

    def _thoughts(self, proposals: Sequence[Proposal]) -> list[Thought]:
        """The thoughts that are proposed, each once, with all its sources."""
        recorded = self._recorded(s.turn_id for p in proposals for s in p.sources)
        said: dict[str, list[Thought]] = {}
        for proposal in proposals:
            if all(source.turn_id in recorded for source in proposal.sources):
                times = [recorded[source.turn_id] for source in proposal.sources]
                since = min(times, default=self._clock.now())
                thought = as_thought(proposal, space=self._space, recorded_at=since)
                said.setdefault(thought.id, []).append(thought)
        return [reinforced(first, *again) for first, *again in said.values()]

    def _recorded(self, turn_ids: Iterable[str]) -> dict[str, datetime]:
        """When memory came to hold each turn; a reindex gives thoughts the same times again."""
        wanted = sorted(set(turn_ids))
        stored = self._store.turns(self._space, ids=wanted) if wanted else ()
        return {row.turn.id: row.recorded_at for row in stored}

    def _take_in(self, work: Workspace, thought: Thought) -> dict[str, object] | None:
        """Add a thought, or its sources to the one that says the same; None if nothing new."""
        known = work.get(thought.id)
        if known is None:
            work.put(thought)
            return {"thought_id": thought.id, "sources": pack_sources(thought.sources), "new": True}
        held = set(known.sources)
        extra = [source for source in thought.sources if source not in held]
        if not extra:
            return None
        work.put(reinforced(known, thought))
        return {"thought_id": thought.id, "sources": pack_sources(extra), "new": False}

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
        with self._store.transaction(self._space), self._working() as work:
            effects = self._effects(work)
            operation = effects.addressed(operation)
            touched = effects.perform(operation)
            payload = to_payload(operation)
            if isinstance(operation, Merge):
                made = effects.need(next(key for key, each in touched.items() if each == NEW))
                payload[CHILD] = thought_to_dict(made)
            self._finish(work)
            # At the time that went into what it made, so that a replay makes the same.
            return self._log(kind_of(operation), payload, touched, time=effects.now)

    def _log(
        self,
        kind: str,
        payload: Mapping[str, object],
        before: Mapping[str, object],
        *,
        time: datetime | None = None,
    ) -> int:
        return self._store.log(self._space, kind, payload, before, time or self._clock.now())

    def _effects(self, work: Workspace) -> Effects:
        return Effects(work, self._space, self._clock.now(), self._decay)

    # Undoing and replaying -----------------------------------------------------------------
    def undo(self, operation_id: int) -> int:
        """Take an operation back; the thoughts are as if it had never been.

        Raises:
            NotFound: no such operation.
            OperationRefused: it is an erasure or an undo, was undone, or a later operation
                changed the same fields of the same thought.
        """
        with self._store.transaction(self._space), self._working() as work:
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
            self._store.mark_undone(self._space, operation_id, undone)
        return undone

    def _take_back(self, work: Workspace, operation: LoggedOperation) -> None:
        need = self._effects(work).need
        if operation.kind in LEARNED:
            thought = need(str(operation.payload["thought_id"]))
            self._drop(work, thought, operation.payload["sources"])
            return
        for key, change in operation.before.items():
            if isinstance(change, Mapping) and "sources" in change:
                self._drop(work, need(key), change["sources"])
            elif isinstance(change, Mapping):
                work.put(restored(need(key), change))
        for key, change in operation.before.items():
            if change == NEW:
                need(key)
                work.remove(key)

    def _drop(self, work: Workspace, thought: Thought, sources: object) -> None:
        dropped = set(unpack_sources(sources))
        kept = [source for source in thought.sources if source not in dropped]
        if kept:
            work.put(resting_on(thought, kept, self._recorded(s.turn_id for s in kept)))
        else:
            work.remove(thought.id)

    def replay(self) -> int:
        """Do again, on thoughts that were derived anew, what the log says was done to them.

        Each operation is done with the values that it had then, whatever was learned since.
        Gives back how many took effect; what was erased is not there to be changed.
        """
        count = 0
        again = self._learned_again()
        for operation in self._store.operations(self._space):
            learned = operation.kind in LEARNED
            if learned != (operation.undone_by is not None) or not operation.payload:
                continue
            if learned and operation.id < again.get(str(operation.payload["thought_id"]), 0):
                continue
            if operation.kind in ("erase", "undo"):
                continue
            with self._store.transaction(self._space), self._working() as work:
                try:
                    if learned:
                        self._take_back(work, operation)
                    else:
                        self._do_again(work, operation)
                    self._finish(work)
                    count += 1
                except (NotFound, OperationRefused, InvalidInput) as error:
                    log.info("operation %d has no effect any more: %s", operation.id, error)
        return count

    def _learned_again(self) -> dict[str, int]:
        """For each thought, the last operation that learned it and was not undone."""
        return {
            str(operation.payload["thought_id"]): operation.id
            for operation in self._store.operations(self._space)
            if operation.kind in LEARNED and operation.payload and operation.undone_by is None
        }

    def _do_again(self, work: Workspace, operation: LoggedOperation) -> None:
        for key, change in operation.before.items():
            if change == NEW:
                work.put(self._made_then(operation))
                continue
            known = work.get(key)
            if known is None or not isinstance(change, Mapping):
                continue
            named = [str(change[field][1]) for field in POINTING if field in change]
            named = [i for i in named if i != "None"]
            if any(work.get(i) is None for i in named):
                continue  # what took its place is gone, so it stands again
            work.touch(named)
            if "sources" in change:
                extra = tuple(unpack_sources(change["sources"]))
                work.put(reinforced(known, replace(known, sources=extra)))
            else:
                work.put(changed(known, change))
                work.touch(i for i in (known.superseded_by, known.merged_into) if i)

    def _made_then(self, operation: LoggedOperation) -> Thought:
        """The thought that an insertion or a merge added."""
        given = from_payload(operation.kind, operation.payload)
        if isinstance(given, Insert):
            proposal = as_proposal(given, operation.time)
            return as_thought(proposal, space=self._space, recorded_at=operation.time)
        child = operation.payload.get(CHILD)
        if not isinstance(child, Mapping):
            raise InvalidInput(f"operation {operation.id} does not say what it made")
        return thought_from_dict(child)

    # Erasing -------------------------------------------------------------------------------
    def erase(self, *, turn_ids: Sequence[str] = (), thought_ids: Sequence[str] = ()) -> Erased:
        """Destroy thoughts, and drop turns as sources; what rests on nothing else vanishes.

        Thoughts merged from a vanished one vanish too and their other parents come back; what
        a vanished thought had closed is active again. The log is blanked where it names them.
        Turns themselves are the caller's to delete.
        """
        gone_turns = frozenset(turn_ids)
        with self._store.transaction(self._space), self._working() as work:
            doomed = dict.fromkeys(i for i in thought_ids if work.get(i) is not None)
            for turn_id in turn_ids:
                for row in self._store.thoughts(self._space, turn_id=turn_id):
                    if not self._survives(work, row.id, gone_turns):
                        doomed[row.id] = None
            self._add_merged(work, doomed, gone_turns)
            # Unresolved, so that each has its own sources and none of its restatements'.
            gone = tuple(each for i in doomed if (each := work.get(i)) is not None)
            for i in doomed:
                work.remove(i)
            changed = self._finish(work)
            self._log_what_stays({*turn_ids, *thought_ids, *doomed})
            self._store.scrub(self._space, [*turn_ids, *thought_ids, *doomed])
            self.unjudged.discard(doomed)
        revived = [
            i
            for i, after in changed.items()
            if after is not None
            and after.status == "active"
            and (before := work.before(i)) is not None
            and before.status != "active"
        ]
        return Erased(tuple(doomed), tuple(sorted(revived)), gone)

    def _log_what_stays(self, gone: set[str]) -> None:
        """Log anew what operations that name something gone did to thoughts that stay.

        The log blanks such an operation as a whole, and a reindex must still know the rest.
        """
        for operation in self._store.operations(self._space):
            ended = operation.undone_by is not None or not operation.payload
            if ended or operation.kind not in CHANGING or not names_any(operation, gone):
                continue
            stays = {
                key: {
                    field: [None if pair[0] in gone else pair[0], pair[1]]
                    for field, pair in change.items()
                    if pair[1] not in gone
                }
                for key, change in operation.before.items()
                if key not in gone and isinstance(change, Mapping) and "sources" not in change
            }
            rows = {t.id: t for t in self._store.thoughts(self._space, ids=sorted(stays))}
            stays = {
                key: change
                for key, change in stays.items()
                if key in rows and change and holds_still(rows[key], change)
            }
            if stays:
                named: dict[str, object] = {"thought_ids": sorted(stays)}
                if operation.kind != "use":
                    named = {**operation.payload, "thought_id": min(stays)}
                if not gone.intersection(map(str, named.values())):
                    self._store.log(self._space, operation.kind, named, stays, operation.time)

    def _survives(self, work: Workspace, thought_id: str, gone: frozenset[str]) -> bool:
        """Drop the sources; whether the others still carry every word of the thought."""
        thought = work.get(thought_id)
        if thought is None:
            return False
        kept = [source for source in thought.sources if source.turn_id not in gone]
        if len(kept) == len(thought.sources):
            work.touch([thought_id])  # only a restatement of it lost a source
            return True
        rows = {
            row.turn.id: row
            for row in self._store.turns(self._space, ids=[source.turn_id for source in kept])
        }
        if any(source.weight == 0 and source.turn_id in gone for source in thought.sources):
            # What it was about is gone: only turns that say it without that one carry it.
            kept = [s for s in kept if self._says(rows[s.turn_id].turn, thought)]
        texts = [f"{row.turn.speaker} {row.turn.text}" for row in rows.values()]
        told = any(self._says(rows[s.turn_id].turn, thought) for s in kept)
        if all(source.weight == 0 for source in kept) or not (told or supported(thought, texts)):
            return False
        recorded = {row.turn.id: row.recorded_at for row in rows.values()}
        work.put(resting_on(thought, kept, recorded))
        return True

    def _says(self, turn: Turn, thought: Thought) -> bool:
        """Whether the rules read the thought off the turn alone."""
        when = thought.recorded_at or self._clock.now()
        return any(
            as_thought(proposal, space=self._space, recorded_at=when).id == thought.id
            for proposal in RuleProposer().propose([turn]).items
        )

    def _add_merged(self, work: Workspace, doomed: dict[str, None], gone: frozenset[str]) -> None:
        """Thoughts that a user merged from doomed ones, and from theirs, are doomed as well."""
        queue = list(doomed)
        while queue:
            parent = work.get(queue.pop())
            child_id = parent.merged_into if parent else None
            if child_id is not None and child_id not in doomed:
                doomed[child_id] = None
                queue.append(child_id)
        for key in list(doomed):
            child = work.before(key)
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
        if version < self._seen[0]:  # one was rolled back
            self._near, self._seen = Neighbourhood(), (-1, epoch)
        elif epoch != self._seen[1]:  # some are gone
            self._near.keep(self._store.thought_ids(self._space))
        if version != self._seen[0]:
            rows = self._store.thoughts(self._space, changed_after=self._seen[0])
            self._near.catch_up(rows)
            self._seen = (version, epoch)
        return Workspace(self._store, self._space, self._near)

    def warm(self) -> None:
        """Read the thoughts now, so that the next operation need not."""
        with self._store.snapshot(self._space):
            self.caught_up()

    def with_alike(self, thought_ids: Iterable[str]) -> list[Thought]:
        """These thoughts, as far as there are any, and those that speak of the same."""
        wanted = set(thought_ids)
        with self._store.snapshot(self._space):
            self.caught_up()
            found = wanted.union(*map(self._near.alike, wanted))
            return self._store.thoughts(self._space, ids=sorted(found))

    def start_anew(self) -> None:
        """Drop what is kept in memory; the next operation reads it again."""
        self._seen = (-1, -1)

    def _finish(self, work: Workspace) -> dict[str, Thought | None]:
        return work.finish(self._index)


def names_any(operation: LoggedOperation, ids: set[str]) -> bool:
    """Whether a changing operation names one of the ids."""
    named = {*operation.before, *map(str, operation.payload.values())}
    several = operation.payload.get("thought_ids")
    return not ids.isdisjoint({*named, *(several if isinstance(several, Sequence) else ())})


class _Working:
    """A workspace for one operation; when it fails, what it left in memory is dropped."""

    def __init__(self, ledger: ThoughtLedger) -> None:
        self._ledger = ledger

    def __enter__(self) -> Workspace:
        return self._ledger.caught_up()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is not None:
            self._ledger.start_anew()
