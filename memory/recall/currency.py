"""What thoughts know of the turns: which later ones overtook, and which are disputed."""

import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from knowhen.memory.records import Thought
from knowhen.memory.stores.base import Store
from knowhen.memory.text.analyzer import terms


@dataclass(frozen=True, slots=True)
class Remark:
    """A turn says something that another turn changed, or says otherwise about."""

    outdated: bool
    """Overtaken by the other turn; if not, the two contradict each other undecided."""
    other: str
    """Id of the other turn."""


class Currency:
    """Remarks on the turns of one space, caught up from the store."""

    def __init__(self, store: Store, space: str) -> None:
        self._store, self._space = store, space
        self._lock = threading.Lock()
        self._seen = (-1, -1)
        self._thoughts: dict[str, Thought] = {}
        self._by_turn: dict[str, set[str]] = {}
        self._terms: dict[str, frozenset[str]] = {}

    def remarks(self, turn_id: str, asked: Collection[str]) -> Iterator[Remark]:
        """Remarks on what the turn says about any of the asked terms."""
        self._refresh()
        for thought_id in sorted(self._by_turn.get(turn_id, ())):
            thought = self._thoughts[thought_id]
            if not self._terms_of(thought).isdisjoint(asked):
                yield from self._remarks_on(thought, turn_id)

    def _remarks_on(self, thought: Thought, turn_id: str) -> Iterator[Remark]:
        if thought.status == "superseded":
            newest = self._newest(thought)
            if newest is not None:
                for source in newest.sources:
                    if source.turn_id != turn_id:
                        yield Remark(True, source.turn_id)
        elif thought.status == "active" and thought.contested:
            for rival in map(self._thoughts.get, thought.rivals):
                for source in rival.sources if rival else ():
                    if source.turn_id != turn_id:
                        yield Remark(False, source.turn_id)

    def _newest(self, thought: Thought) -> Thought | None:
        """The end of the chain of thoughts that took over from it."""
        passed = set()
        while thought.superseded_by is not None and thought.id not in passed:
            passed.add(thought.id)
            later = self._thoughts.get(thought.superseded_by)
            if later is None:
                return None
            thought = later
        return thought

    def _terms_of(self, thought: Thought) -> frozenset[str]:
        if thought.id not in self._terms:
            self._terms[thought.id] = frozenset(terms(thought.text))
        return self._terms[thought.id]

    def _refresh(self) -> None:
        with self._lock, self._store.snapshot():
            version, epoch = self._store.version(self._space), self._store.epoch(self._space)
            if (version, epoch) == self._seen:
                return
            if epoch != self._seen[1]:
                self._thoughts, self._by_turn, self._terms = {}, {}, {}
                self._seen = (-1, epoch)
            for thought in self._store.thoughts(self._space, changed_after=self._seen[0]):
                self._thoughts[thought.id] = thought
                for source in thought.sources:
                    named = self._by_turn.setdefault(source.turn_id, set())
                    if thought.status == "superseded" or thought.contested:
                        named.add(thought.id)
                    else:
                        named.discard(thought.id)
            self._seen = (version, epoch)
