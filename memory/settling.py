"""Settling: closed events are turned into thoughts, the work that `remember` leaves for later.

With a model, documents are read as well, some in each call; without one they stay as they are,
and a model that comes later reads them then.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.identity import checked_vectors
from knowhen.memory.episodes.recorder import EventRecorder
from knowhen.memory.errors import EmbedderFailed, NotFound, OperationRefused
from knowhen.memory.language.terms import terms
from knowhen.memory.models.base import ChatModel
from knowhen.memory.records import Event, Source, Thought
from knowhen.memory.remembering import PREMISE, thought_tombstone
from knowhen.memory.stores.base import Entry, Store, StoredTurn
from knowhen.memory.thoughts.base import Proposal, Proposals, Proposer
from knowhen.memory.thoughts.ledger import ThoughtLedger
from knowhen.memory.thoughts.model import READ, Judged, ModelJudge, ModelProposer, open_pairs
from knowhen.memory.thoughts.operations import Operation
from knowhen.memory.thoughts.rules import LOOKING_BACK, RuleProposer

log = logging.getLogger(__name__)


Progress = Callable[[int, int], None]
"""Is told how many events and documents are done, and how many there are."""


def make_proposer(model: ChatModel | None) -> Proposer:
    """Who proposes thoughts: rules without a model; with one, a structured call for each event."""
    return RuleProposer() if model is None else ModelProposer(model)


def make_reader(model: ChatModel | None) -> Proposer | None:
    """Who reads facts out of documents: nobody without a model."""
    return None if model is None else ModelProposer(model, instructions=READ)


@dataclass(frozen=True, slots=True)
class Settled:
    """What a settle did."""

    events: int = 0
    """Events that were thought about."""
    documents: int = 0
    """Documents that a model read facts from."""
    operations: int = 0
    failures: tuple[str, ...] = ()
    """What went wrong, in words; those events and documents stay in the queue."""
    calls: int = 0
    """Calls of the chat model, those that failed among them."""
    tokens: int = 0
    rejected: int = 0
    """Proposals that their turns do not support; they are quarantined."""


AT_ONCE = 200
"""Proposals learned in one transaction, so that other processes need not wait for long."""
IN_A_ROW = 2
"""Events in a row that fail before the others wait for the next time: one may be at fault
itself, but more than one speak of a model that cannot be reached."""
DOCUMENTS_READ = "documents_read"
"""The setting that says how far a model has read the documents of a space."""
DOCUMENTS, CHARACTERS = 10, 12_000
"""Most documents in one call of a model, and most characters of them unless one alone has more."""
JUDGED = 50
"""Waiting thoughts that are compared with others at a time."""


class Settling:
    """Thinks about closed events, one at a time, in transactions of their own.

    The queue is in the store: what a crash or a failing model leaves undone is done next time.
    """

    def __init__(
        self,
        store: Store,
        space: str,
        *,
        events: EventRecorder,
        ledger: ThoughtLedger,
        proposer: Proposer,
        reader: Proposer | None = None,
        judge: ModelJudge | None = None,
    ) -> None:
        self._store, self._space, self._judge = store, space, judge
        self._events, self._ledger, self._proposer = events, ledger, proposer
        self._reader = reader

    def run(self, *, anew: bool = False, progress: Progress | None = None) -> Settled:
        """Work through the queue; `anew` when a reindex does, whose operations are logged."""
        if anew:
            with self._store.transaction(self._space):
                self._store.set_setting(DOCUMENTS_READ, "0", space=self._space)
        waiting = self._store.unconsolidated(self._space)
        documents = list(self._unread())
        told = _Told(progress, len(waiting) + sum(len(batch) for batch in documents))
        done = Settled()
        failed = 0
        for event in waiting:
            proposals = self._propose(event)
            logged = self._learn(event, proposals, anew=anew)
            finished = logged is not None and proposals.complete
            done = _sum(done, proposals, events=int(finished), operations=len(logged or ()))
            failed = 0 if proposals.complete else failed + 1
            told.done(1)
            if failed == IN_A_ROW:
                break
        for batch in documents if failed < IN_A_ROW else ():
            done, complete = self._read(done, batch, anew=anew)
            told.done(len(batch))
            if not complete:  # those after it wait, so that the mark stays in order
                failed += 1
                break
        judged = Judged() if anew or failed else self._judged()
        return replace(
            done,
            operations=done.operations + self._apply(judged.operations),
            failures=(*done.failures, *judged.failures),
            calls=done.calls + judged.calls,
            tokens=done.tokens + judged.tokens,
        )

    def _propose(self, event: Event) -> Proposals:
        """What the turns of an event propose; rules look back for what a correction is about."""
        turns = self._events.turns_of(event)
        if not isinstance(self._proposer, RuleProposer) or not turns:
            return self._proposer.propose(turns)
        first = self._store.turn(self._space, turns[0].id)
        if first is None:
            return self._proposer.propose(turns)
        rows = self._store.turns(self._space, after=max(0, first.seq - 1 - LOOKING_BACK))
        before = [row.turn for row in takewhile(lambda row: row.seq < first.seq, rows)]
        return self._proposer.propose_after(before, turns)

    def _unread(self) -> Iterator[list[StoredTurn]]:
        """Documents that no model has read yet, as many at a time as go into one call."""
        if self._reader is None:
            return
        batch: list[StoredTurn] = []
        held = 0
        for stored in self._store.turns(self._space, after=self._read_until()):
            if stored.turn.role != "document":
                continue
            size = len(stored.turn.text)
            if batch and (len(batch) == DOCUMENTS or held + size > CHARACTERS):
                yield batch
                batch, held = [], 0
            batch.append(stored)
            held += size
        if batch:
            yield batch

    def _read_until(self) -> int:
        """The place of the last document that a model has read."""
        return int(self._store.setting(DOCUMENTS_READ, space=self._space) or 0)

    def _read(
        self, done: Settled, batch: Sequence[StoredTurn], *, anew: bool
    ) -> tuple[Settled, bool]:
        """Read facts from some documents in one call and learn them; and whether that worked.

        The mark moves in the transaction that learns, so that a crash reads nothing twice.
        """
        assert self._reader is not None
        proposals = self._reader.propose([stored.turn for stored in batch])
        if not proposals.complete:
            return _sum(done, proposals), False
        with self._store.transaction(self._space):
            if self._read_until() >= batch[0].seq:
                return _sum(done, proposals), True  # another process has read them meanwhile
            there = self._still_there(batch)
            cited = (
                item
                for item in proposals.items
                if all(source.turn_id in there for source in item.sources)
            )
            kept = replace(proposals, items=self._never_erased(list(cited)))
            logged = self._ledger.learn(kept, anew=anew)
            self._store.set_setting(DOCUMENTS_READ, str(batch[-1].seq), space=self._space)
        return _sum(done, proposals, documents=len(batch), operations=len(logged)), True

    def _still_there(self, batch: Sequence[StoredTurn]) -> set[str]:
        ids = [stored.turn.id for stored in batch]
        return {stored.turn.id for stored in self._store.turns(self._space, ids=ids)}

    def _learn(self, event: Event, proposals: Proposals, *, anew: bool) -> list[int] | None:
        """Learn what was proposed for an event; None if it is no longer waiting as it was.

        Then another process has thought about it, or some of it was erased meanwhile.
        """
        logged: list[int] = []
        for start in range(0, max(1, len(proposals.items)), AT_ONCE):
            last = start + AT_ONCE >= len(proposals.items)
            part = replace(
                proposals,
                items=proposals.items[start : start + AT_ONCE],
                rejected=proposals.rejected if last else (),
            )
            with self._store.transaction(self._space):
                if event not in self._store.unconsolidated(self._space, ids=[event.id]):
                    return None
                part = replace(part, items=self._never_erased(part.items))
                new = self._ledger.learn(part, anew=anew)
                logged += new
                if self._judge is not None and new:
                    learned = self._store.operations(self._space, ids=new)
                    self._ledger.unjudged.add(str(each.payload["thought_id"]) for each in learned)
                if last and proposals.complete:
                    self._store.set_consolidated(self._space, [event.id], True)
        return logged

    def _never_erased(self, items: Sequence[Proposal]) -> tuple[Proposal, ...]:
        """Proposals without those that somebody has erased from the very turns they come from."""
        marks = {
            (source.turn_id, text): thought_tombstone(self._store, source.turn_id, text)
            for each in items
            for source in each.sources
            for text in (each.text, PREMISE)
        }
        buried = self._store.buried(self._space, list(marks.values()))
        if not buried:
            return tuple(items)

        def erased(each: Proposal, source: Source) -> bool:
            rests = PREMISE if any(s.weight == 0 for s in each.sources) else each.text
            return any(marks[source.turn_id, text] in buried for text in (each.text, rests))

        return tuple(
            each
            for each in items
            if not all(erased(each, source) for source in each.sources if source.weight > 0)
        )

    def _judged(self) -> Judged:
        """Ask, in one call, how new thoughts relate to others where no rule says."""
        waiting = self._ledger.unjudged.ids()[:JUDGED] if self._judge is not None else []
        if self._judge is None or not waiting:
            return Judged()
        pairs = [
            pair
            for pair in open_pairs(self._ledger.with_alike(waiting))
            if not {thought.id for thought in pair}.isdisjoint(waiting)
        ]
        asked, later = pairs[: self._judge.pairs_per_call], pairs[self._judge.pairs_per_call :]
        judged = self._judge.judge(asked)
        if not judged.failures:
            left = {thought.id for pair in later for thought in pair}
            with self._store.transaction(self._space):
                self._ledger.unjudged.discard(key for key in waiting if key not in left)
        return judged

    def _apply(self, operations: Sequence[Operation]) -> int:
        """Apply what the model decided; what the ledger refuses is left as it is."""
        applied = 0
        for operation in operations:
            try:
                with self._store.transaction(self._space):
                    self._ledger.apply(operation)
                applied += 1
            except (NotFound, OperationRefused) as error:
                log.info("a judgement of the model is not applied: %s", error)
        return applied


@dataclass(slots=True)
class _Told:
    """Tells a caller how far the work has come."""

    progress: Progress | None
    total: int
    finished: int = 0

    def done(self, count: int) -> None:
        self.finished += count
        if self.progress is not None:
            self.progress(self.finished, self.total)


def _sum(
    done: Settled,
    proposals: Proposals,
    *,
    events: int = 0,
    documents: int = 0,
    operations: int = 0,
) -> Settled:
    """What was done before, and what these proposals add to it."""
    return Settled(
        events=done.events + events,
        documents=done.documents + documents,
        operations=done.operations + operations,
        failures=(*done.failures, *(failure.reason for failure in proposals.failures)),
        calls=done.calls + proposals.calls,
        tokens=done.tokens + proposals.tokens,
        rejected=done.rejected + len(proposals.rejected),
    )


def thought_entries(thoughts: Sequence[Thought], embedder: Embedder) -> list[Entry]:
    """Search entries of thoughts; without vectors while the embedder fails."""
    texts = [thought.text for thought in thoughts]
    try:
        vectors = list(checked_vectors(embedder, texts)) if texts else []
    except EmbedderFailed as error:
        log.warning("%s; the thoughts are kept and embedded later", error)
        vectors = [None] * len(texts)
    return [
        Entry("thought", thought.id, 0, len(thought.text), terms(thought.text), vector)
        for thought, vector in zip(thoughts, vectors, strict=True)
    ]
