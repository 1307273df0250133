"""The knowledge graph of one space, built from the store and caught up before each walk."""

import threading

from knowhen.graphs.edges import Edge
from knowhen.graphs.knowledge import KnowledgeGraph
from knowhen.graphs.names import normalise
from knowhen.memory.records import Event, Thought
from knowhen.memory.stores.base import Store

_Batch = dict[str, tuple[list[Edge], list[str]]]


class Network:
    """Feeds turns, events, thoughts and entities of a space into its graph, each as a source.

    What a turn, event or thought contributed is taken back when it changes or goes.
    """

    def __init__(self, store: Store, space: str) -> None:
        self._store, self._space = store, space
        self._lock = threading.Lock()
        self._clear(epoch=0)

    def _clear(self, epoch: int) -> None:
        self.graph = KnowledgeGraph()
        self._epoch = epoch
        self._version = -1
        self._last_turn = 0
        self._last_mention = 0
        self._last_change = -1
        self._newest: dict[str, str] = {}

    def refresh(self) -> KnowledgeGraph:
        """The graph of everything any process has committed."""
        with self._lock, self._store.snapshot():
            version = self._store.version(self._space)
            if version == self._version:
                return self.graph
            epoch = self._store.epoch(self._space)
            if epoch != self._epoch:
                self._clear(epoch)
            self._take_turns()
            self._take_mentions()
            self._take_events()
            self._take_thoughts()
            self._version = self._last_change = version
            return self.graph

    def _take_turns(self) -> None:
        batch: _Batch = {}
        for stored in self._store.turns(self._space, after=self._last_turn):
            node, session = f"turn:{stored.turn.id}", stored.turn.session
            previous = self._newest.get(session)
            edges = [Edge(previous, node, "contiguity", 1.0)] if previous else []
            batch[node] = (edges, [node])
            self._newest[session] = node
            self._last_turn = stored.seq
        self.graph.add_all(_triples(batch))

    def _take_mentions(self) -> None:
        batch: _Batch = {}
        for row, mention in self._store.mentions(self._space, after=self._last_mention):
            source = f"turn:{mention.turn_id}"
            edges, _ = batch.setdefault(source, ([], []))
            edges.append(Edge(source, f"entity:{mention.entity}", "mention", 1.0))
            self._last_mention = row
        self.graph.add_all(_triples(batch))

    def _take_events(self) -> None:
        batch: _Batch = {}
        for event in self._store.events(self._space, changed_after=self._last_change):
            self.graph.remove(event.id)
            batch[event.id] = (_event_edges(event), [event.id])
        self.graph.add_all(_triples(batch))

    def _take_thoughts(self) -> None:
        batch: _Batch = {}
        for thought in self._store.thoughts(self._space, changed_after=self._last_change):
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
