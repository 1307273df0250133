"""From a query's cues to ranked passages: facts, recognition, restart, walk, order."""

from collections.abc import Mapping
from dataclasses import dataclass

from knowhen.graphs.cues import Cues
from knowhen.graphs.facts import Fact
from knowhen.graphs.passages import PassageGraph
from knowhen.graphs.recipes import KNOWHEN, Recipe, dense_order, top_facts
from knowhen.graphs.recognition.base import Recogniser
from knowhen.graphs.walk.base import Ranking, Walk
from knowhen.graphs.walk.push import PushWalk


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
