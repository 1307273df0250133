"""Turning closed events into thoughts: the work that `remember` leaves for later."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.identity import checked_vectors
from knowhen.memory.episodes.recorder import EventRecorder
from knowhen.memory.errors import EmbedderFailed
from knowhen.memory.records import Thought
from knowhen.memory.stores.base import Entry, Store
from knowhen.memory.text.analyzer import terms
from knowhen.memory.thoughts.base import Proposer
from knowhen.memory.thoughts.ledger import ThoughtLedger

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
    tokens: int = 0


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
    ) -> None:
        self._store, self._space = store, space
        self._events, self._ledger, self._proposer = events, ledger, proposer

    def run(self, *, anew: bool = False) -> Settled:
        """Work through the queue; `anew` when a reindex does, whose operations are logged."""
        done = operations = calls = tokens = 0
        failures: list[str] = []
        for event in self._store.unconsolidated(self._space):
            turns = self._events.turns_of(event)
            proposals = self._proposer.propose(turns)
            calls, tokens = calls + proposals.calls, tokens + proposals.tokens
            failures.extend(failure.reason for failure in proposals.failures)
            with self._store.transaction():
                operations += len(self._ledger.learn(proposals, anew=anew))
                if proposals.complete:
                    self._store.set_consolidated(self._space, [event.id], True)
                    done += 1
        return Settled(done, operations, tuple(failures), calls, tokens)


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
