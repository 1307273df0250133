"""The walk over the graph: what is only indirectly related to what was found, and documents' order.

Personalized PageRank from the entities of the query, the thoughts that match and the first hits
(HippoRAG, "Neurobiologically Inspired Long-Term Memory", section 2.3), worth a quarter of the
cost of a search. So it is taken only for what is let through.

The weights of the cues are fitted on conversations, and a question over documents takes more
hops. So documents are ordered among themselves by the graph's recipe `knowhen`, and the scores
they had are dealt out again in that order: documents and turns stay as comparable as they were,
and so does the best document with the gate's thresholds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from knowhen.graphs.knowledge import KnowledgeGraph
from knowhen.graphs.names import entities_in, normalise
from knowhen.graphs.passages import ENTITY, PassageGraph
from knowhen.graphs.retrieval import Cues, retrieve
from knowhen.graphs.walk import Walk
from knowhen.memory.language.detection import DEFAULT, stop_words
from knowhen.memory.language.entities import find_entities
from knowhen.memory.search.cues import WALK, Evidence, best, reach
from knowhen.memory.search.matching import FactHit
from knowhen.memory.search.scoring import Findings, SearchPlan, score
from knowhen.memory.view.corpus import NONE, Corpus
from knowhen.memory.view.view import View

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SEED_PARTS = 5
ENTITY_SHARE, FACT_SHARE, PART_SHARE = 0.3, 0.2, 0.5
"""How the restart of the walk is split; shares without a seed go to the others."""
DOCUMENT = "document"


def search(view: View, text: str, plan: SearchPlan, *, now: datetime) -> Findings:
    """Score every part for a query, and walk on from what was found."""
    return walk(view, score(view, text, plan, now=now), plan)


def walk(view: View, findings: Findings, plan: SearchPlan) -> Findings:
    """Findings with what a walk over the graph of the same view adds."""
    evidence, weight = findings.evidence, plan.weights.get(WALK, 0.0)
    if plan.walk is None or not weight or not len(view.corpus):
        return findings
    graph = view.graph
    restart = _restart(evidence, findings.facts)
    restart = {node: mass for node, mass in restart.items() if node in graph}
    if not restart:
        return findings
    mass = _mass(plan.walk, graph, restart, view.corpus, plan.edges)
    shares = {**findings.shares, WALK: weight * reach(mass)}
    scores = findings.scores + shares[WALK]
    change = _reordering(evidence, graph, scores)
    if change is not None:
        shares["documents"] = change
        scores = scores + change
    return replace(findings, scores=scores, shares=shares, restart=restart, reached=mass)


def _first_hits(evidence: Evidence, limit: int) -> Ints:
    """Best parts by BM25 and cosine alone: what the walk starts from."""
    lexical = evidence.turn_bm25 / (evidence.turn_bm25.max(initial=0.0) or 1.0)
    similar = evidence.similarity
    if not len(similar):
        return np.empty(0, np.int64)
    spread = (similar - similar.mean()) / (similar.std() or 1.0)
    both = lexical + 0.25 * spread + 0.2 * evidence.named
    return best(both, limit)


def _mass(
    walk: Walk,
    graph: KnowledgeGraph,
    restart: Mapping[str, float],
    corpus: Corpus,
    kinds: Mapping[str, float],
) -> Floats:
    """PageRank of every part's turn, shape (parts,)."""
    ranking = walk.rank(graph, restart, kinds=kinds)
    turns = np.fromiter(map(corpus.node.get, ranking.nodes.tolist(), repeat(NONE)), np.int64)
    mass = np.zeros(len(corpus.turns))
    mass[turns[turns != NONE]] = ranking.scores[turns != NONE]
    return mass[corpus.turn_of]


def _restart(evidence: Evidence, facts: Sequence[FactHit]) -> dict[str, float]:
    """A sparse restart with fixed shares: entities of the query, facts, first hits."""
    corpus = evidence.corpus
    groups: list[tuple[float, dict[str, float]]] = []
    entities = {
        f"entity:{key}": 1.0
        for span in find_entities(evidence.query.text)
        if (key := normalise(span.name))
    }
    groups.append((ENTITY_SHARE, entities))
    groups.append((FACT_SHARE, {f"thought:{hit.thought.id}": hit.score for hit in facts[:5]}))
    hits = _first_hits(evidence, SEED_PARTS).tolist()
    turns = {
        f"turn:{corpus.turns[int(corpus.turn_of[part])].turn.id}": 1.0 / (rank + 1)
        for rank, part in enumerate(hits)
    }
    groups.append((PART_SHARE, turns))
    total = sum(share for share, seeds in groups if seeds) or 1.0
    restart: dict[str, float] = {}
    for share, seeds in groups:
        mass = sum(seeds.values()) or 1.0
        for node, weight in seeds.items():
            restart[node] = restart.get(node, 0.0) + share / total * weight / mass
    return restart


class _Documents(PassageGraph):
    """The graph of a memory, as recipes look at one."""

    def __init__(self, graph: KnowledgeGraph) -> None:
        super().__init__(synonyms=False)
        self.graph = graph

    def __contains__(self, name: object) -> bool:
        return f"{ENTITY}{name}" in self.graph

    def spread(self, entity: str) -> int:
        return self.graph.degree(ENTITY + entity) if entity in self else 0


def _reordering(evidence: Evidence, graph: KnowledgeGraph, scores: Floats) -> Floats | None:
    """What to add to each part's score, shape (parts,); None if there is nothing to order."""
    corpus = evidence.corpus
    top = _best_of_turns(evidence, scores)
    documents = np.flatnonzero((corpus.role == DOCUMENT) & (top > -np.inf))
    if len(documents) < 2:
        return None
    old = top[documents]
    order = _order(evidence, graph, documents, old)
    change = np.zeros(len(corpus.turns))
    change[documents[order]] = -np.sort(-old) - old[order]
    return change[corpus.turn_of]


def _order(evidence: Evidence, graph: KnowledgeGraph, documents: Ints, old: Floats) -> Ints:
    """Places in `documents`, best first; those that the recipe leaves out come by their scores."""
    corpus, shelf = evidence.corpus, _Documents(graph)
    nodes = [f"turn:{corpus.turns[turn].turn.id}" for turn in documents.tolist()]
    cues = Cues(
        query=evidence.query.text,
        passages=nodes,
        dense=_best_of_turns(evidence, evidence.similarity)[documents],
        lexical=_best_of_turns(evidence, evidence.turn_bm25)[documents],
        entities=entities_in(evidence.query.text, shelf, stop=stop_words()[DEFAULT]),
    )
    place = {node: number for number, node in enumerate(nodes)}
    ranked = [place[node] for node, _ in retrieve(shelf, cues).passages]
    left = np.ones(len(nodes), np.bool_)
    left[ranked] = False
    rest = np.flatnonzero(left)
    return np.concatenate([np.array(ranked, np.int64), rest[np.argsort(-old[rest], kind="stable")]])


def _best_of_turns(evidence: Evidence, values: Floats) -> Floats:
    """The largest value among the parts of each turn, shape (turns,)."""
    best = np.full(len(evidence.corpus.turns), -np.inf)
    np.maximum.at(best, evidence.corpus.turn_of, values)
    return best
