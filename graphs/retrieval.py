"""From a query's cues to ranked passages: facts, recognition, restart, walk, order.

A recipe says where the walk restarts, how far it goes, what edges count, and how passages are
ranked in the end. Everything else is shared.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from knowhen.graphs.adjacency import Slots, Weights
from knowhen.graphs.errors import InvalidInput
from knowhen.graphs.passages import ENTITY, Fact, PassageGraph
from knowhen.graphs.recognition import Recogniser
from knowhen.graphs.walk import PushWalk, Ranking, Walk


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


def best(scores: Weights, limit: int) -> Slots:
    """Places of the `limit` largest scores, best first, equal ones in order of place."""
    if 0 < limit < len(scores):
        bound = np.partition(scores, len(scores) - limit)[len(scores) - limit]
        places = np.flatnonzero(scores >= bound)
    else:
        places = np.arange(len(scores))
    return places[np.lexsort((places, -scores[places]))][:limit]


def scaled(scores: Weights) -> Weights:
    """Scores brought to [0, 1] by the least and the largest; ones if all are equal."""
    if not scores.size:
        return scores
    low, high = scores.min(), scores.max()
    return (scores - low) / (high - low) if high > low else np.ones(len(scores))


def standardised(scores: Weights) -> Weights:
    """Scores with mean 0 and deviation 1; zeros if all are equal."""
    deviation = scores.std() if scores.size else 0.0
    return (scores - scores.mean()) / deviation if deviation > 0 else np.zeros(len(scores))


def fused(
    walked: Weights,
    dense: Weights,
    lexical: Weights,
    *,
    dense_weight: float,
    lexical_weight: float,
) -> Slots:
    """Places by the walk's share in logarithms and both scores, standardised and added up.

    Only the best candidates of each are ranked, so that the outcome does not drift as memory
    grows; the others are left out. All three have the shape (passages,).
    """
    chosen = np.unique(
        np.concatenate([best(each, CANDIDATES) for each in (walked, dense, lexical)])
    )
    total = standardised(np.log(walked[chosen] + FLOOR))
    total += dense_weight * standardised(dense[chosen])
    total += lexical_weight * standardised(lexical[chosen])
    return chosen[best(total, len(total))]


def shared_out(groups: Iterable[tuple[float, Mapping[str, float]]]) -> dict[str, float]:
    """One restart of several sorts of seeds, each with its share of the mass.

    A sort that has nothing leaves its share to the others, so that the masses sum to one.
    """
    filled = [(share, seeds) for share, seeds in groups if share and sum(seeds.values()) > 0.0]
    total = sum(share for share, _ in filled)
    restart: dict[str, float] = {}
    for share, seeds in filled:
        mass = sum(seeds.values())
        for node, weight in seeds.items():
            restart[node] = restart.get(node, 0.0) + share / total * weight / mass
    return restart


Restart = dict[str, float]
Scores = list[tuple[str, float]]
"""Passages with scores, best first."""

CANDIDATES = 100
"""Best passages of each cue that the recipe `knowhen` ranks in the end."""
FLOOR = 1e-4
"""Share of the walk below which passages are alike; about twice what local push leaves open."""


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


KNOWHEN = Recipe("knowhen", SparseRestart(), FusedOrder(), damping=0.93, tolerance=5e-5, facts=5)
"""A sparse restart, a longer walk, and the walk's share weighed with the cues themselves."""


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


def retrieve(
    base: PassageGraph,
    cues: Cues,
    *,
    recipe: Recipe = KNOWHEN,
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
