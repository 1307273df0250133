"""`View`: what one question may read of a space, as of one moment.

A question looks at the columns of turns, the graph, the thoughts and the vectors. Read one after
the other from the store they could come from different moments, since other processes write
meanwhile. So all of them are caught up in one snapshot, and a question keeps the view it began
with, whatever is remembered or erased until it is answered.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from knowhen.graphs.knowledge import KnowledgeGraph
from knowhen.memory.errors import DamagedRecord
from knowhen.memory.indexes.base import VectorIndex
from knowhen.memory.indexes.exact import ExactIndex, top
from knowhen.memory.stores.base import EntryKind, Store
from knowhen.memory.view.corpus import Corpus
from knowhen.memory.view.memory_graph import MemoryGraph
from knowhen.memory.view.thought_table import ThoughtTable

Ints = NDArray[np.int64]
Vectors = NDArray[np.float32]
Postings = dict[str, tuple[Ints, Ints]]
KINDS: tuple[EntryKind, ...] = ("turn", "thought")
"""Kinds of entries that a question looks for."""


@dataclass(frozen=True, slots=True)
class View:
    """One moment of a space. Nothing in it changes, so it may be handed down and kept."""

    space: str
    version: int
    epoch: int
    corpus: Corpus
    thoughts: ThoughtTable
    graph: KnowledgeGraph
    """Stays as it is for as long as the view is read; see `Views`."""
    rows: Mapping[EntryKind, tuple[Ints, Vectors]]
    """Ids and vectors by kind, where the index keeps them in this process."""
    _store: Store
    _index: VectorIndex

    def postings(self, kind: EntryKind, terms: Iterable[str]) -> Postings:
        """For each term that occurs, ids of the entries that hold it and how often; ids ascend.

        Postings stay in the store, where a query reads only those of its own terms. Entries that
        came later are cut off by their ids. If entries vanished since, the texts of the view are
        counted anew: that is slow, and happens only while somebody erases.
        """
        wanted = list(terms)
        with self._store.snapshot(self.space):
            if self._store.epoch(self.space) == self.epoch:
                return self._until_now(kind, self._store.postings(self.space, kind, wanted))
        return self._counted(kind, wanted)

    def nearest(self, kind: EntryKind, vector: Vectors, limit: int) -> tuple[Ints, Vectors]:
        """Ids and cosines of the nearest entries, best first."""
        if kind not in self.rows:
            return self._index.search(self.space, kind, vector, limit)
        ids, vectors = self.rows[kind]
        if not len(ids):
            return ids, np.empty(0, np.float32)
        cosines = vectors @ np.asarray(vector, np.float32)
        best = top(cosines, limit)
        return ids[best], cosines[best]

    def _until_now(self, kind: EntryKind, postings: Postings) -> Postings:
        last = self.corpus.last_part if kind == "turn" else self.thoughts.last_entry
        kept: Postings = {}
        for term, (ids, counts) in postings.items():
            size = int(np.searchsorted(ids, last, side="right"))
            if size:
                kept[term] = ids[:size], counts[:size]
        return kept

    def _counted(self, kind: EntryKind, wanted: Iterable[str]) -> Postings:
        entries = self.corpus.indexed() if kind == "turn" else self.thoughts.indexed()
        found: dict[str, tuple[list[int], list[int]]] = {term: ([], []) for term in wanted}
        for entry, held in entries:
            for term in held & found.keys():
                found[term][0].append(entry)
                found[term][1].append(held[term])
        return {
            term: (np.array(ids, np.int64), np.array(counts, np.int64))
            for term, (ids, counts) in found.items()
            if ids
        }


@dataclass(slots=True)
class _Moment:
    """The newest view of a space, and who is reading it."""

    corpus: Corpus = field(default_factory=Corpus)
    thoughts: ThoughtTable = field(default_factory=ThoughtTable)
    graph: MemoryGraph = field(default_factory=MemoryGraph)
    view: View | None = None
    readers: int = 0
    kept: bool = False
    """Somebody was given the view for good."""


class Views:
    """Catches up with the store, for one space and process; the only place that looks at versions.

    The graph is caught up where it is, which spares a copy from turn to turn; it is copied first
    if somebody is reading the view that it belongs to.
    """

    def __init__(self, store: Store, space: str, index: VectorIndex) -> None:
        self._store, self._space, self._index = store, space, index
        self._lock = threading.Lock()
        self._newest = _Moment()

    @contextmanager
    def reading(self) -> Iterator[View]:
        """A view of all that any process has committed, for as long as the block lasts."""
        with self._lock:
            view, moment = self._caught_up(), self._newest
            moment.readers += 1
        try:
            yield view
        finally:
            with self._lock:
                moment.readers -= 1

    def latest(self) -> View:
        """The same, to keep."""
        with self._lock:
            view = self._caught_up()
            self._newest.kept = True
            return view

    def _caught_up(self) -> View:
        try:
            return self._catch_up()
        except (LookupError, TypeError, ValueError):
            # Rows that do not fit each other; anything else is a defect of ours.
            for finding in self._store.check(self._space):
                raise DamagedRecord(f"in space {self._space!r}:", finding) from None
            raise

    def _catch_up(self) -> View:
        with self._store.snapshot(self._space):
            version, known = self._store.version(self._space), self._newest
            if known.view is not None and known.view.version == version:
                return known.view
            epoch = self._store.epoch(self._space)
            # Until the next one is whole, whoever comes begins anew.
            self._newest = _Moment()
            moment = self._next(known, version, epoch)
            since = -1 if moment.view is None else moment.view.version
            moment.corpus.catch_up(self._store, self._space, since)
            moment.thoughts.catch_up(self._store, self._space, since)
            moment.graph.catch_up(self._store, self._space, since)
            moment.view = View(
                space=self._space,
                version=version,
                epoch=epoch,
                corpus=moment.corpus.frozen(),
                thoughts=moment.thoughts,
                graph=moment.graph.graph,
                rows=self._rows(),
                _store=self._store,
                _index=self._index,
            )
            self._newest = moment
            return moment.view

    def _next(self, known: _Moment, version: int, epoch: int) -> _Moment:
        """What to catch up from: nothing, if rows vanished or a transaction was rolled back."""
        view = known.view
        if view is None or view.epoch != epoch or version < view.version:
            return _Moment()
        held = known.readers > 0 or known.kept
        graph = known.graph.copy() if held else known.graph
        return _Moment(known.corpus, known.thoughts.copy(), graph, view)

    def _rows(self) -> dict[EntryKind, tuple[Ints, Vectors]]:
        index = self._index
        if not isinstance(index, ExactIndex):
            return {}  # asked when a question needs it; what the view does not hold is dropped
        return {kind: index.matrix(self._space, kind) for kind in KINDS}
