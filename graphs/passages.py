"""Passages with their facts and entities, and the graph that is made of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from knowhen.graphs.knowledge import Edge, KnowledgeGraph
from knowhen.graphs.names import normalise
from knowhen.graphs.synonyms import SynonymFinder


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """A relational statement under normalised names; equal facts of two passages are one."""

    subject: str
    predicate: str
    object: str

    @property
    def text(self) -> str:
        """The fact as one line, as it is embedded and shown to a model."""
        return " ".join(part for part in (self.subject, self.predicate, self.object) if part)

    @property
    def entities(self) -> tuple[str, ...]:
        """Subject and object, each once."""
        return tuple(dict.fromkeys(name for name in (self.subject, self.object) if name))


def facts_from(triples: Iterable[object]) -> tuple[tuple[Fact, ...], int]:
    """The distinct facts among recorded triples, and how many triples were malformed.

    A triple is a list or tuple of three strings whose subject and object are not blank; models
    write others now and then, and those are counted, never guessed at.
    """
    facts: dict[Fact, None] = {}
    malformed = 0
    for triple in triples:
        match triple:
            case [str(subject), str(predicate), str(object_)] if (
                subject.strip() and object_.strip()
            ):
                facts[Fact(normalise(subject), normalise(predicate), normalise(object_))] = None
            case _:
                malformed += 1
    return tuple(facts), malformed


Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to unit vectors, shape (texts, dimension)."""

ENTITY = "entity:"

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Passage:
    """A turn, a document or another text, with what was extracted from it."""

    node: str
    """Its id in the graph, such as `turn:…`."""
    facts: Sequence[Fact] | None = ()
    """None if extraction failed: the passage is `pending` until it is added again."""
    entities: Sequence[str] = ()
    """Names that it mentions besides those in its facts."""


class PassageGraph:
    """Builds the graph of HippoRAG 2 (section 3.1): entities, passages, and their edges.

    Edges are `fact` (1 for each passage that states a relation of two entities), `mention`
    (1 for each entity of a passage) and `synonym`. Nothing depends on order or batching, and
    removing a passage takes back exactly what it brought.

    Args:
        embed: vectors of entity names for synonyms by meaning; None leaves those out.
        synonyms: the finder to use; True for one of its own, False for no synonyms at all.
    """

    def __init__(
        self, *, embed: Embed | None = None, synonyms: SynonymFinder | bool = True
    ) -> None:
        self.graph = KnowledgeGraph()
        self._embed = embed
        # Not by truth: a finder that knows no names yet is as false as an empty list.
        self._finder = synonyms if isinstance(synonyms, SynonymFinder) else None
        if synonyms is True:
            self._finder = SynonymFinder()
        self._facts: dict[Fact, set[str]] = {}
        self._mentions: dict[str, set[str]] = {}
        self._passages: dict[str, Passage] = {}

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Every fact once, in order of arrival."""
        return tuple(self._facts)

    @property
    def entities(self) -> tuple[str, ...]:
        """Every entity's normalised name, in order of arrival."""
        return tuple(self._mentions)

    @property
    def passages(self) -> tuple[str, ...]:
        return tuple(self._passages)

    @property
    def pending(self) -> tuple[str, ...]:
        """Passages whose extraction failed and is to be tried again."""
        return tuple(node for node, passage in self._passages.items() if passage.facts is None)

    def passage(self, node: str) -> Passage:
        """What was added under `node`.

        Raises:
            KeyError: there is no such passage.
        """
        return self._passages[node]

    def spread(self, entity: str) -> int:
        """In how many passages the entity occurs (HippoRAG's node specificity, inverted)."""
        return len(self._mentions.get(entity, ()))

    def add(self, passages: Iterable[Passage]) -> None:
        """Add passages, each replacing the one of the same id."""
        batch = {passage.node: passage for passage in passages}
        named = {node: _names(passage) for node, passage in batch.items()}
        with self.graph.lock:
            new = self._unknown(named)
            vectors = self._embed(new) if self._embed is not None and new else None
            self.remove(node for node in batch if node in self._passages)
            for node, passage in batch.items():
                self._passages[node] = passage
                for fact in passage.facts or ():
                    self._facts.setdefault(fact, set()).add(node)
                for name in named[node]:
                    self._mentions.setdefault(name, set()).add(node)
            self.graph.add_all(
                (node, _edges(passage, named[node]), (node,)) for node, passage in batch.items()
            )
            if self._finder is not None:
                self._finder.add(new, vectors).apply(self.graph)

    def remove(self, nodes: Iterable[str]) -> None:
        """Remove passages, and the facts and entities that only they had.

        Raises:
            KeyError: there is no such passage.
        """
        with self.graph.lock:
            orphans: list[str] = []
            for node in list(nodes):
                passage = self._passages.pop(node)
                self.graph.remove(node)
                _withdraw(self._facts, passage.facts or (), node)
                orphans += _withdraw(self._mentions, _names(passage), node)
            if self._finder is not None and orphans:
                self._finder.remove(orphans).apply(self.graph)

    def _unknown(self, named: Mapping[str, Sequence[str]]) -> list[str]:
        """Names that the finder has not, or will not have once `named` has been replaced."""
        if self._finder is None:
            return []
        names = dict.fromkeys(name for each in named.values() for name in each)
        return [
            name
            for name in names
            if name not in self._finder or self._mentions[name] <= named.keys()
        ]


def _names(passage: Passage) -> tuple[str, ...]:
    names = [name for fact in passage.facts or () for name in fact.entities]
    names += map(normalise, passage.entities)
    return tuple(dict.fromkeys(name for name in names if name))


def _edges(passage: Passage, names: Sequence[str]) -> list[Edge]:
    edges = [
        Edge(ENTITY + fact.subject, ENTITY + fact.object, "fact")
        for fact in dict.fromkeys(passage.facts or ())
        if fact.subject and fact.object and fact.subject != fact.object
    ]
    return edges + [Edge(passage.node, ENTITY + name, "mention") for name in names]


def _withdraw(index: dict[Key, set[str]], keys: Iterable[Key], node: str) -> list[Key]:
    """Take `node` out under each key, and give the keys that nothing is left under."""
    emptied = []
    for key in dict.fromkeys(keys):
        index[key].remove(node)
        if not index[key]:
            del index[key]
            emptied.append(key)
    return emptied
