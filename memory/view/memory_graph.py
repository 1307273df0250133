"""The knowledge graph of one space: turns, events, thoughts and entities, and their edges."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from knowhen.graphs.knowledge import ENTITY, Edge, KnowledgeGraph
from knowhen.graphs.names import normalise
from knowhen.graphs.synonyms import SynonymFinder
from knowhen.memory.language.entities import title_names
from knowhen.memory.records import ROLES, Event, Thought
from knowhen.memory.stores.base import Mention, Store, StoredTurn
from knowhen.memory.view.known_names import KnownNames

_Batch = dict[str, tuple[list[Edge], list[str]]]


class MemoryGraph:
    """The graph of turns, events, thoughts and entities of a space, each one a source in it."""

    def __init__(self) -> None:
        self.graph = KnowledgeGraph()
        self._last_turn = 0
        self._last_mention = 0
        self._last_of: dict[str, str] = {}
        """The last turn's node of each session."""
        self._names = KnownNames()
        self._synonyms = SynonymFinder()

    def copy(self) -> "MemoryGraph":
        """Another one that grows on its own."""
        twin = copy.copy(self)
        twin.graph, twin._last_of = self.graph.copy(), {**self._last_of}
        return twin

    def catch_up(self, store: Store, space: str, since: int) -> None:
        """Take in what has changed; what a changed event or thought contributed is taken back."""
        new = list(store.turns(space, after=self._last_turn))
        self._take_turns(new)
        mentioned = self._take_mentions(store.mentions(space, after=self._last_mention))
        self._take_names(new, mentioned)
        self._take_events(store.events(space, changed_after=since))
        self._take_thoughts(store.thoughts(space, changed_after=since))

    def _take_turns(self, turns: Iterable[StoredTurn]) -> None:
        batch: _Batch = {}
        for stored in turns:
            node, session = f"turn:{stored.turn.id}", stored.turn.session
            previous = self._last_of.get(session)
            edges = [Edge(previous, node, "contiguity", 1.0)] if previous else []
            if _is_person(stored):
                edges.append(Edge(node, ENTITY + normalise(stored.turn.speaker), "speaker", 1.0))
            batch[node] = (edges, [node])
            self._last_of[session] = node
            self._last_turn = stored.seq
        self.graph.add_all(_triples(batch))

    def _take_mentions(self, mentions: Iterable[tuple[int, Mention]]) -> dict[str, set[str]]:
        """Add the names that turns mention, and give back the turns of each."""
        batch: _Batch = {}
        found: dict[str, set[str]] = {}
        for row, mention in mentions:
            source = f"turn:{mention.turn_id}"
            edges, _ = batch.setdefault(source, ([], []))
            edges.append(Edge(source, ENTITY + mention.entity, "mention", 1.0))
            found.setdefault(mention.entity, set()).add(source)
            self._last_mention = row
        self.graph.add_all(_triples(batch))
        return found

    def _take_names(self, turns: Sequence[StoredTurn], mentioned: Mapping[str, set[str]]) -> None:
        """Add where known names stand that no rule took for names there, and which are alike."""
        names = [*chain.from_iterable(map(_sure_names, turns)), *mentioned]
        # Reference text writes names out; links to every title in it lowered recall there.
        said = [stored.turn for stored in turns if stored.turn.role != "document"]
        texts = [(f"turn:{turn.id}", turn.text) for turn in said]
        batch: _Batch = {}
        for node, name in self._names.add(texts, names):
            if node in mentioned.get(name, ()) or self._linked(node, ENTITY + name):
                continue
            edges, _ = batch.setdefault(node, ([], []))
            edges.append(Edge(node, ENTITY + name, "named", 1.0))
        self.graph.add_all(_triples(batch))
        self._synonyms.add(names).apply(self.graph, ENTITY)

    def _linked(self, node: str, entity: str) -> bool:
        """Whether a turn mentions a name already, or was said by whose name it is."""
        return any(
            edge.target == entity and edge.kind in ("mention", "speaker")
            for edge in self.graph.neighbours(node)
        )

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


def _is_person(stored: StoredTurn) -> bool:
    return stored.turn.role != "document" and stored.turn.speaker not in ROLES


def _sure_names(stored: StoredTurn) -> list[str]:
    """Names that need no rule: of who speaks, and of what a document is about."""
    if _is_person(stored):
        return [normalise(stored.turn.speaker)]
    title = stored.turn.meta.get("title") if stored.turn.role == "document" else None
    return title_names(str(title)) if title else []


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
            edges.append(Edge(node, ENTITY + key, "fact", thought.confidence or 1e-3))
    return edges
