"""The graph of passages alone, as HippoRAG 2 has it, and the way from a query's cues to a ranking.

A recipe says where the walk restarts, how far it goes, what edges count, and how passages are
ranked in the end. Everything else is shared. The product walks its own graph of turns, documents,
thoughts and entities (`knowhen.memory.search.walking`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from knowhen.graphs.adjacency import Weights
from knowhen.graphs.errors import InvalidInput
from knowhen.graphs.knowledge import ENTITY, Edge, KnowledgeGraph
from knowhen.graphs.names import normalise
from knowhen.graphs.recognition import Fact, Recogniser
from knowhen.graphs.restart import best, fused, scaled
from knowhen.graphs.synonyms import SynonymFinder
from knowhen.graphs.walk import PushWalk, Ranking, Walk

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to unit vectors, shape (texts, dimension)."""

Key = TypeVar("Key")
Restart = dict[str, float]
Scores = list[tuple[str, float]]
"""Passages with scores, best first."""


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


@dataclass(frozen=True, slots=True)
class Cues:
    """Plain arrays, so that any store, index and embedder can make them.

    The recipes of the papers scale scores by the least and the largest of all facts and of all
    passages, so those want every score. `knowhen` is content with the best hundreds.
    """

    query: str
    passages: Sequence[str]
    """Ids of passages in the graph."""
    dense: Weights
    """Cosine of each passage with the query, shape (passages,)."""
    lexical: Weights | None = None
    """BM25 or the like of each passage, shape (passages,)."""
    facts: Sequence[Fact] = ()
    fact_scores: Weights = field(default_factory=lambda: np.zeros(0))
    """Cosine of each fact with the query, shape (facts,)."""
    entities: Mapping[str, float] = field(default_factory=dict)
    """Names of entities that the query speaks of, and how surely."""

    def __post_init__(self) -> None:
        lexical = self.dense if self.lexical is None else self.lexical
        if not len(self.passages) == len(self.dense) == len(lexical):
            raise InvalidInput("every passage of the cues needs one score of each sort")
        if len(self.facts) != len(self.fact_scores):
            raise InvalidInput("every fact of the cues needs one score")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a query's cues become a ranking of passages."""

    name: str
    restart: Callable[[PassageGraph, Cues, Sequence[tuple[Fact, float]]], Restart]
    """From the graph, the cues and the facts that were kept; empty means not to walk."""
    order: Callable[[PassageGraph, Cues, Ranking], Scores]
    """From the graph, the cues and the walk."""
    damping: float
    tolerance: float
    """Of local push, if no other walk is given."""
    facts: int
    """How many of the best facts are taken up, before recognition."""
    kinds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """What the weights of edges are multiplied by, per kind."""


def top_facts(cues: Cues, limit: int) -> list[tuple[Fact, float]]:
    """The best facts with their scores scaled over all of them."""
    scores = scaled(cues.fact_scores)
    return [(cues.facts[place], float(scores[place])) for place in best(scores, limit)]


def fact_entities(
    base: PassageGraph, facts: Sequence[tuple[Fact, float]], limit: int | None = None
) -> Restart:
    """Entities of the facts: the mean over an entity's facts of score / passages it is in.

    HippoRAG 2, section 3.2, with the node specificity of HippoRAG, section 2.3.
    """
    weights: dict[str, list[float]] = {}
    for fact, score in facts:
        for name in fact.entities:
            weights.setdefault(name, []).append(score / max(base.spread(name), 1))
    means = {name: sum(each) / len(each) for name, each in weights.items()}
    ranked = sorted(means.items(), key=lambda item: (-item[1], item[0]))[:limit]
    return {ENTITY + name: mean for name, mean in ranked if mean > 0}


def query_entities(base: PassageGraph, cues: Cues) -> Restart:
    """Entities the query speaks of, each by its sureness / passages it is in."""
    return {
        ENTITY + name: sureness / base.spread(name)
        for name, sureness in cues.entities.items()
        if base.spread(name) and sureness > 0
    }


def dense_order(base: PassageGraph, cues: Cues, ranking: Ranking) -> Scores:
    """Passages by cosine alone, for when nothing else came to mind."""
    return [
        (cues.passages[place], float(cues.dense[place]))
        for place in best(cues.dense, len(cues.dense))
    ]


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Passages in rank order, and everything that led to them."""

    passages: tuple[tuple[str, float], ...]
    """Ids with scores in the recipe's own unit, best first."""
    facts: tuple[Fact, ...]
    """The facts that were kept."""
    restart: Mapping[str, float]
    ranking: Ranking
    fallbacks: tuple[str, ...] = ()
    """What had to be done without, in words; empty if nothing failed."""


@dataclass(frozen=True, slots=True)
class SparseRestart:
    """A few facts, entities and passages, each sort with a fixed share of the mass.

    HippoRAG 2 restarts at every passage, so that the share of facts falls as memory grows, and
    the walk touches all of the graph. Here neither depends on how much is remembered. A sort
    that has nothing leaves its share to the others.
    """

    facts: float = 0.3
    entities: float = 0.3
    passages: float = 0.4
    seeds: int = 10
    """Passages to restart at, the best by cosine."""
    temperature: float = 0.05
    """Of the softmax over their cosines."""

    def __call__(
        self, base: PassageGraph, cues: Cues, facts: Sequence[tuple[Fact, float]]
    ) -> Restart:
        places = best(cues.dense, self.seeds)
        masses = np.exp((cues.dense[places] - cues.dense.max(initial=-1.0)) / self.temperature)
        passages = {cues.passages[i]: float(m) for i, m in zip(places, masses, strict=True)}
        restart: Restart = {}
        for share, masses_of in (
            (self.facts, fact_entities(base, facts)),
            (self.entities, query_entities(base, cues)),
            (self.passages, passages),
        ):
            total = sum(masses_of.values())
            for node, mass in masses_of.items():
                restart[node] = restart.get(node, 0.0) + share * mass / total
        return restart


@dataclass(frozen=True, slots=True)
class FusedOrder:
    """The walk's share in logarithms, and the cues themselves, standardised and added.

    Among the best candidates of each only, so that the outcome does not drift as memory grows.
    """

    dense: float = 0.3
    lexical: float = 0.2

    def __call__(self, base: PassageGraph, cues: Cues, ranking: Ranking) -> Scores:
        shares = ranking.scores_by_node()
        walked = np.array([shares.get(node, 0.0) for node in cues.passages])
        lexical = np.zeros(len(walked)) if cues.lexical is None else cues.lexical
        order = fused(
            walked, cues.dense, lexical, dense_weight=self.dense, lexical_weight=self.lexical
        )
        return [(cues.passages[place], -float(rank)) for rank, place in enumerate(order.tolist())]


SPARSE = Recipe("sparse", SparseRestart(), FusedOrder(), damping=0.93, tolerance=5e-5, facts=5)
"""A sparse restart, a longer walk, and the walk's share weighed with the cues themselves."""


def retrieve(
    base: PassageGraph,
    cues: Cues,
    *,
    recipe: Recipe = SPARSE,
    walk: Walk | None = None,
    recogniser: Recogniser | None = None,
    limit: int | None = None,
) -> Retrieval:
    """The best `limit` passages (all that the recipe ranks, if None).

    With nowhere to restart, passages stand in the order of their cosines, and that is said in
    `fallbacks`; so is a recogniser that failed. An empty memory gives an empty answer.
    """
    fallbacks = []
    facts = top_facts(cues, recipe.facts)
    if recogniser is not None and facts:
        recognition = recogniser.recognise(cues.query, [fact for fact, _ in facts])
        facts = [facts[place] for place in recognition.kept]
        if recognition.fallback is not None:
            fallbacks.append(f"recognition kept every fact: {recognition.fallback}")
    restart = recipe.restart(base, cues, facts)
    ranking = (walk or PushWalk(recipe.tolerance)).rank(
        base.graph, restart, damping=recipe.damping, kinds=recipe.kinds
    )
    order = recipe.order
    if not len(ranking) and len(cues.passages):
        fallbacks.append("nowhere to restart: passages are ranked by cosine alone")
        order = dense_order
    passages = order(base, cues, ranking)[:limit]
    return Retrieval(
        tuple(passages), tuple(fact for fact, _ in facts), restart, ranking, tuple(fallbacks)
    )
