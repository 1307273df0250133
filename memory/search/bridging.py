"""When a question needs a walk of several hops, and the people and things that it starts from.

"In which country does the river rise that flows past the town where Nora's cousin lives?" is
answered by no single place: one tells of the cousin, another of the town, a third of the river.
Each place holds a part of what is asked, and the name that the question gives leads from one to
the next. A question whose words all stand in one place needs no such walk, and is better off
without.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowhen.graphs.knowledge import EDGE_KINDS, ENTITY, KnowledgeGraph
from knowhen.graphs.names import entities_in, normalise
from knowhen.memory.language.detection import DEFAULT, stop_words
from knowhen.memory.search.cues import Evidence

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TERMS = 4
"""Content words from which a question can be made of parts."""
WHOLE = 0.8
"""Share of the question, by rarity of words, that one place may hold of it at most."""
BEYOND = 0.12
"""Share of the question that a second place has to add."""
SPECIFIC = 0.2
"""Share of all turns that a name may be in and still lead somewhere."""
MOST = 500
"""Turns of a name that a walk starts from at most; a name in more leads nowhere either."""

_NAMING: dict[str, float] = {
    kind: float(kind in ("mention", "named", "speaker")) for kind in EDGE_KINDS
}


@dataclass(frozen=True, slots=True)
class Anchor:
    """A name in the question that the memory knows."""

    node: str
    spread: int
    """In how many turns it is named, or speaks (HippoRAG's node specificity, inverted)."""
    turns: Ints
    """The places of these turns; none if there are too many to lead anywhere."""
    speaks: bool
    """Whether it is somebody who speaks in this memory."""


def anchors(evidence: Evidence, graph: KnowledgeGraph) -> list[Anchor]:
    """The names in the question, longest first; the asker where the question says "I"."""
    known = _Names(graph)
    query = evidence.query
    names = list(entities_in(query.text, known, stop=stop_words()[DEFAULT]))
    names += sorted(name for name in map(normalise, query.speakers) if name in known)
    return [_anchor(evidence, graph, ENTITY + name) for name in dict.fromkeys(names)]


def needs_bridge(evidence: Evidence) -> bool:
    """Whether the parts of the question stand in different places."""
    counts = evidence.counts
    if len(counts.terms) < TERMS or not counts.counts.size:
        return False
    weights = np.array([evidence.term_weights[term] for term in counts.terms])
    held = counts.counts > 0
    total = float(weights.sum()) or 1.0
    shares = weights @ held / total
    first = int(shares.argmax())
    added = weights @ (held & ~held[:, [first]]) / total
    return float(shares[first]) < WHOLE and float(added.max()) > BEYOND


def leads(anchor: Anchor) -> bool:
    """Whether a walk from the name alone can be trusted more than shared words.

    Somebody who speaks here is one and the same person wherever the name stands. The name of
    anything else is only a string that the question and a text have in common.
    """
    return anchor.speaks and len(anchor.turns) > 0


def _anchor(evidence: Evidence, graph: KnowledgeGraph, node: str) -> Anchor:
    spread = round(graph.strength(node, _NAMING))
    size = len(evidence.corpus.turns)
    turns: list[int] = []
    speaks = False
    if spread <= min(MOST, max(2.0, SPECIFIC * size)):
        for edge in graph.neighbours(node):
            place = evidence.corpus.node.get(edge.target)
            if place is not None and _NAMING.get(edge.kind):
                turns.append(place)
                speaks = speaks or edge.kind == "speaker"
    return Anchor(node, max(spread, 1), np.array(turns, np.int64), speaks)


class _Names:
    """The names that turns of a memory hold; what only a thought speaks of is none."""

    def __init__(self, graph: KnowledgeGraph) -> None:
        self._graph = graph

    def __contains__(self, name: object) -> bool:
        node = f"{ENTITY}{name}"
        return node in self._graph and self._graph.strength(node, _NAMING) > 0
