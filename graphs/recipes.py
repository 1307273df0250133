"""Named ways to walk: HippoRAG, HippoRAG 2, and ours, made of the same parts.

A recipe says where the walk restarts, how far it goes, what edges count, and how passages are
ranked in the end. Everything else is shared.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from knowhen.graphs.cues import Cues, best, scaled, standardised
from knowhen.graphs.facts import Fact
from knowhen.graphs.names import normalise
from knowhen.graphs.passages import ENTITY, PassageGraph
from knowhen.graphs.walk.base import Ranking

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


def walk_order(base: PassageGraph, cues: Cues, ranking: Ranking) -> Scores:
    """Passages by their share of the walk (HippoRAG 2)."""
    known = set(cues.passages)
    return [(node, score) for node, score in ranking if node in known]


def fact_order(base: PassageGraph, cues: Cues, ranking: Ranking) -> Scores:
    """Passages by the shares of the entities they speak of (HippoRAG, section 2.3).

    An entity counts once for each fact it is in, and once where a passage merely names it.
    """
    shares = ranking.scores_by_node()
    sums = []
    for node in cues.passages:
        passage = base.passage(node)
        names = [name for fact in passage.facts or () for name in fact.entities]
        names += map(normalise, passage.entities)
        sums.append((node, sum(shares.get(ENTITY + name, 0.0) for name in names)))
    return sorted(sums, key=lambda item: -item[1])


def hipporag_restart(
    base: PassageGraph, cues: Cues, facts: Sequence[tuple[Fact, float]]
) -> Restart:
    """The query's entities by node specificity; every entity alike if there is none."""
    return query_entities(base, cues) or {ENTITY + name: 1.0 for name in base.entities}


def hipporag2_restart(
    base: PassageGraph, cues: Cues, facts: Sequence[tuple[Fact, float]]
) -> Restart:
    """Five entities of the facts, and every passage at a twentieth of its scaled cosine."""
    if not facts:
        return {}
    passages = zip(cues.passages, (0.05 * scaled(cues.dense)).tolist(), strict=True)
    return fact_entities(base, facts, limit=5) | dict(passages)


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
        chosen = np.unique(
            np.concatenate([best(each, CANDIDATES) for each in (walked, cues.dense, lexical)])
        )
        total = standardised(np.log(walked[chosen] + FLOOR))
        total += self.dense * standardised(cues.dense[chosen])
        total += self.lexical * standardised(lexical[chosen])
        order = best(total, len(total))
        return [
            (cues.passages[place], float(score))
            for place, score in zip(chosen[order].tolist(), total[order], strict=True)
        ]


# HippoRAG keeps every fact and synonym twice, once per direction, in an undirected graph.
_TWICE = MappingProxyType({"fact": 2.0, "synonym": 2.0})

HIPPORAG = Recipe(
    "hipporag",
    hipporag_restart,
    fact_order,
    damping=0.5,
    tolerance=1e-6,
    facts=0,
    kinds=MappingProxyType({**_TWICE, "mention": 0.0}),
)
"""HippoRAG (Gutiérrez et al., 2024): query entities, and a graph of entities alone."""

HIPPORAG2 = Recipe(
    "hipporag2",
    hipporag2_restart,
    walk_order,
    damping=0.5,
    tolerance=1e-6,
    facts=5,
    kinds=_TWICE,
)
"""HippoRAG 2 (Gutiérrez et al., 2025), with the settings of its code."""

KNOWHEN = Recipe("knowhen", SparseRestart(), FusedOrder(), damping=0.93, tolerance=5e-5, facts=5)
"""A sparse restart, a longer walk, and the walk's share weighed with the cues themselves."""

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {recipe.name: recipe for recipe in (HIPPORAG, HIPPORAG2, KNOWHEN)}
)
