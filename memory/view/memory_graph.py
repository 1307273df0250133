"""The knowledge graph of one space: turns, events, thoughts and entities, and their edges."""

import copy
from collections.abc import Iterable

from knowhen.graphs.knowledge import Edge, KnowledgeGraph
from knowhen.graphs.names import normalise
from knowhen.memory.records import Event, Thought
from knowhen.memory.stores.base import Mention, Store, StoredTurn

_Batch = dict[str, tuple[list[Edge], list[str]]]


class MemoryGraph:
    """The graph of turns, events, thoughts and entities of a space, each one a source in it."""

    def __init__(self) -> None:
        self.graph = KnowledgeGraph()
        self._last_turn = 0
        self._last_mention = 0
        self._last_of: dict[str, str] = {}
        """The last turn's node of each session."""

    def copy(self) -> "MemoryGraph":
        """Another one that grows on its own."""
        twin = copy.copy(self)
        twin.graph, twin._last_of = self.graph.copy(), {**self._last_of}
        return twin

    def catch_up(self, store: Store, space: str, since: int) -> None:
        """Take in what has changed; what a changed event or thought contributed is taken back."""
        self._take_turns(store.turns(space, after=self._last_turn))
        self._take_mentions(store.mentions(space, after=self._last_mention))
        self._take_events(store.events(space, changed_after=since))
        self._take_thoughts(store.thoughts(space, changed_after=since))

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
