"""Turning closed events into thoughts: the work that `remember` leaves for later."""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.identity import checked_vectors
from knowhen.memory.episodes.recorder import EventRecorder
from knowhen.memory.errors import EmbedderFailed, NotFound, OperationRefused
from knowhen.memory.records import Thought
from knowhen.memory.stores.base import Entry, Store
from knowhen.memory.text.analyzer import terms
from knowhen.memory.thoughts.base import Proposer
from knowhen.memory.thoughts.judge import Judged, ModelJudge, open_pairs
from knowhen.memory.thoughts.ledger import ThoughtLedger
from knowhen.memory.thoughts.operations import Operation

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settled:
    """What a settle did."""

    events: int = 0
    """Events that were thought about."""
    operations: int = 0
    failures: tuple[str, ...] = ()
    """What went wrong, in words; those events stay in the queue."""
    calls: int = 0
    """Calls of the chat model, those that failed among them."""
    tokens: int = 0
    rejected: int = 0
    """Proposals that their turns do not support; they are quarantined."""


class Consolidation:
    """Thinks about closed events, one at a time, each in a transaction of its own.

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
        judge: ModelJudge | None = None,
    ) -> None:
        self._store, self._space, self._judge = store, space, judge
        self._events, self._ledger, self._proposer = events, ledger, proposer

    def run(self, *, anew: bool = False) -> Settled:
        """Work through the queue; `anew` when a reindex does, whose operations are logged."""
        done = operations = calls = tokens = rejected = 0
        failures: list[str] = []
        for event in self._store.unconsolidated(self._space):
            turns = self._events.turns_of(event)
            proposals = self._proposer.propose(turns)
            calls, tokens = calls + proposals.calls, tokens + proposals.tokens
            failures.extend(failure.reason for failure in proposals.failures)
            rejected += len(proposals.rejected)
            with self._store.transaction():
                logged = self._ledger.learn(proposals, anew=anew)
                operations += len(logged)
                self._await_judgement(logged)
                if proposals.complete:
                    self._store.set_consolidated(self._space, [event.id], True)
                    done += 1
        judged = Judged() if anew else self._judged()
        return Settled(
            events=done,
            operations=operations + self._apply(judged.operations),
            failures=(*failures, *judged.failures),
            calls=calls + judged.calls,
            tokens=tokens + judged.tokens,
            rejected=rejected,
        )

    def _await_judgement(self, logged: Sequence[int]) -> None:
        """Keep which thoughts are new, so that a crash or a failed call skips no pair."""
        if self._judge is None or not logged:
            return
        learned = self._store.operations(self._space, ids=logged)
        new = [str(operation.payload["thought_id"]) for operation in learned]
        self._set_waiting(dict.fromkeys((*self._waiting(), *new)))

    def _judged(self) -> Judged:
        """Ask, in one call, how new thoughts relate to others where no rule says."""
        waiting = frozenset(self._waiting()) if self._judge is not None else frozenset()
        if self._judge is None or not waiting:
            return Judged()
        pairs = [
            pair
            for pair in open_pairs(self._store.thoughts(self._space))
            if not waiting.isdisjoint(thought.id for thought in pair)
        ]
        asked, later = pairs[: self._judge.pairs_per_call], pairs[self._judge.pairs_per_call :]
        judged = self._judge.judge(asked)
        if not judged.failures:
            left = {thought.id for pair in later for thought in pair}
            with self._store.transaction():
                self._set_waiting(sorted(waiting & left))
        return judged

    def _apply(self, operations: Sequence[Operation]) -> int:
        """Apply what the model decided; what the ledger refuses is left as it is."""
        applied = 0
        for operation in operations:
            try:
                with self._store.transaction():
                    self._ledger.apply(operation)
                applied += 1
            except (NotFound, OperationRefused) as error:
                log.info("a judgement of the model is not applied: %s", error)
        return applied

    def _waiting(self) -> list[str]:
        return list(json.loads(self._store.setting(self._key) or "[]"))

    def _set_waiting(self, thought_ids: Iterable[str]) -> None:
        self._store.set_setting(self._key, json.dumps(list(thought_ids)))

    @property
    def _key(self) -> str:
        return f"unjudged:{self._space}"


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
