"""The knowledge graph of one space, built from the store and caught up before each walk."""

import copy
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from knowhen.graphs.knowledge import Edge, KnowledgeGraph
from knowhen.graphs.names import normalise
from knowhen.memory.records import Event, Thought
from knowhen.memory.stores.base import Mention, Store, StoredTurn

_Batch = dict[str, tuple[list[Edge], list[str]]]


class Network:
    """The graph of turns, events, thoughts and entities of a space, each one a source in it.

    A graph that somebody has stays as it is: what is new goes into a copy, which then takes its
    place. So threads may walk while another remembers. Only a graph that nobody has is caught up
    where it is, which is what happens from turn to turn and spares the copy.
    """

    def __init__(self, store: Store, space: str) -> None:
        self._store, self._space = store, space
        self._lock = threading.Lock()
        self._newest = _State(epoch=0)

    def refresh(self) -> KnowledgeGraph:
        """The graph of everything any process has committed; it is the caller's to keep."""
        with self._lock:
            state = self._caught_up()
            state.kept = True
            return state.graph

    @contextmanager
    def reading(self) -> Iterator[KnowledgeGraph]:
        """The same graph for as long as the block lasts, and no longer."""
        with self._lock:
            state = self._caught_up()
            state.readers += 1
        try:
            yield state.graph
        finally:
            with self._lock:
                state.readers -= 1

    def _caught_up(self) -> "_State":
        with self._store.snapshot():
            version = self._store.version(self._space)
            known = self._newest
            if version == known.version:
                return known
            epoch = self._store.epoch(self._space)
            if epoch != known.epoch:
                state = _State(epoch)
            else:
                state = known.copy() if known.readers or known.kept else known
            # Until it is whole, whoever comes next begins anew.
            self._newest = known if state is not known else _State(epoch=0)
            state.catch_up(self._store, self._space)
            state.version = version
            self._newest = state
            return state


class _State:
    """A graph, and how much of the store is in it."""

    def __init__(self, epoch: int) -> None:
        self.graph = KnowledgeGraph()
        self.epoch = epoch
        self.version = -1
        self.readers = 0
        self.kept = False
        """Somebody was given it for good."""
        self._last_turn = 0
        self._last_mention = 0
        self._last_of: dict[str, str] = {}
        """The last turn's node of each session."""

    def copy(self) -> "_State":
        twin = copy.copy(self)
        twin.graph, twin._last_of = self.graph.copy(), {**self._last_of}
        twin.readers, twin.kept = 0, False
        return twin

    def catch_up(self, store: Store, space: str) -> None:
        """Take in what has changed; what a changed event or thought contributed is taken back."""
        self._take_turns(store.turns(space, after=self._last_turn))
        self._take_mentions(store.mentions(space, after=self._last_mention))
        self._take_events(store.events(space, changed_after=self.version))
        self._take_thoughts(store.thoughts(space, changed_after=self.version))

    def _take_turns(self, turns: Iterable[StoredTurn]) -> None:
        batch: _Batch = {}
        for stored in turns:
            node, session = f"turn:{stored.turn.id}", stored.turn.session
            previous = self._last_of.get(session)
            edges = [Edge(previous, node, "contiguity", 1.0)] if previous else []
            batch[node] = (edges, [node])
            self._last_of[session] = node
            self._last_turn = stored.seq
        self.graph.add_all(_triples(batch))

    def _take_mentions(self, mentions: Iterable[tuple[int, Mention]]) -> None:
        batch: _Batch = {}
        for row, mention in mentions:
            source = f"turn:{mention.turn_id}"
            edges, _ = batch.setdefault(source, ([], []))
            edges.append(Edge(source, f"entity:{mention.entity}", "mention", 1.0))
            self._last_mention = row
        self.graph.add_all(_triples(batch))

    def _take_events(self, events: Iterable[Event]) -> None:
        batch: _Batch = {}
        for event in events:
            self.graph.remove(event.id)
            batch[event.id] = (_event_edges(event), [event.id])
        self.graph.add_all(_triples(batch))

    def _take_thoughts(self, thoughts: Iterable[Thought]) -> None:
        batch: _Batch = {}
        for thought in thoughts:
            node = f"thought:{thought.id}"
            self.graph.remove(node)
            if thought.status == "active":
                batch[node] = (_thought_edges(node, thought), [node])
        self.graph.add_all(_triples(batch))


def _triples(batch: _Batch) -> list[tuple[str, list[Edge], list[str]]]:
    return [(source, edges, nodes) for source, (edges, nodes) in batch.items()]


def _event_edges(event: Event) -> list[Edge]:
    keys = dict.fromkeys((*event.keys, event.first_turn))
    return [Edge(event.id, f"turn:{turn}", "member", 1.0) for turn in keys]


def _thought_edges(node: str, thought: Thought) -> list[Edge]:
    edges = [
        Edge(node, f"turn:{source.turn_id}", "source", source.weight)
        for source in thought.sources
        if source.weight > 0
    ]
    for name in (thought.subject, thought.object):
        if key := normalise(name):
            edges.append(Edge(node, f"entity:{key}", "fact", thought.confidence or 1e-3))
    return edges
