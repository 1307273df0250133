"""HippoRAG and HippoRAG 2 as recipes of `knowhen.graphs`, to compare the product with.

Both keep every fact and every synonym twice, once in each direction, in an undirected graph.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from methods.passage_graph import (
    SPARSE,
    Cues,
    PassageGraph,
    Recipe,
    Restart,
    Scores,
    fact_entities,
    query_entities,
)

from knowhen.graphs.knowledge import ENTITY
from knowhen.graphs.names import normalise
from knowhen.graphs.recognition import Fact
from knowhen.graphs.restart import scaled
from knowhen.graphs.walk import Ranking

_TWICE = MappingProxyType({"fact": 2.0, "synonym": 2.0})


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

RECIPES: Mapping[str, Recipe] = MappingProxyType(
    {recipe.name: recipe for recipe in (HIPPORAG, HIPPORAG2, SPARSE)}
)
