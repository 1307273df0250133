"""Documents put in order among themselves, by a walk that goes further than a conversation's.

The weights of the cues are fitted on conversations, and a question over documents takes more
hops. So documents are ordered by the graph's recipe `knowhen`, and the scores they had are dealt
out again in that order: documents and turns stay as comparable as they were, and so does the best
document with the gate's thresholds.
"""

import numpy as np
from numpy.typing import NDArray

from knowhen.graphs.knowledge import KnowledgeGraph
from knowhen.graphs.names import entities_in
from knowhen.graphs.passages import ENTITY, PassageGraph
from knowhen.graphs.retrieval import Cues, retrieve
from knowhen.memory.language.detection import DEFAULT, stop_words
from knowhen.memory.search.cues import Evidence

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DOCUMENT = "document"


class _Shelf(PassageGraph):
    """The graph of a memory, as recipes look at one."""

    def __init__(self, graph: KnowledgeGraph) -> None:
        super().__init__(synonyms=False)
        self.graph = graph

    def __contains__(self, name: object) -> bool:
        return f"{ENTITY}{name}" in self.graph

    def spread(self, entity: str) -> int:
        return self.graph.degree(ENTITY + entity) if entity in self else 0


def reordering(evidence: Evidence, graph: KnowledgeGraph, scores: Floats) -> Floats | None:
    """What to add to each part's score, shape (parts,); None if there is nothing to order."""
    corpus = evidence.corpus
    best = _best(evidence, scores)
    documents = np.flatnonzero((corpus.role == DOCUMENT) & (best > -np.inf))
    if len(documents) < 2:
        return None
    old = best[documents]
    order = _order(evidence, graph, documents, old)
    change = np.zeros(len(corpus.turns))
    change[documents[order]] = -np.sort(-old) - old[order]
    return change[corpus.turn_of]


def _order(evidence: Evidence, graph: KnowledgeGraph, documents: Ints, old: Floats) -> Ints:
    """Places in `documents`, best first; those that the recipe leaves out come by their scores."""
    corpus, shelf = evidence.corpus, _Shelf(graph)
    nodes = [f"turn:{corpus.turns[turn].turn.id}" for turn in documents.tolist()]
    cues = Cues(
        query=evidence.query.text,
        passages=nodes,
        dense=_best(evidence, evidence.similarity)[documents],
        lexical=_best(evidence, evidence.turn_bm25)[documents],
        entities=entities_in(evidence.query.text, shelf, stop=stop_words()[DEFAULT]),
    )
    place = {node: number for number, node in enumerate(nodes)}
    ranked = [place[node] for node, _ in retrieve(shelf, cues).passages]
    left = np.ones(len(nodes), np.bool_)
    left[ranked] = False
    rest = np.flatnonzero(left)
    return np.concatenate([np.array(ranked, np.int64), rest[np.argsort(-old[rest], kind="stable")]])


def _best(evidence: Evidence, values: Floats) -> Floats:
    """The largest value among the parts of each turn, shape (turns,)."""
    best = np.full(len(evidence.corpus.turns), -np.inf)
    np.maximum.at(best, evidence.corpus.turn_of, values)
    return best
