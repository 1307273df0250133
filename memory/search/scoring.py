"""Scoring: what every cue says of every part of a view, fused into the odds of an answer.

This is the cheap part of a search, and all that the gate looks at; `walking` goes on over the
graph, for what is let through.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from knowhen.graphs.walk import Walk
from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.identity import checked_vectors
from knowhen.memory.language.registry import language_of
from knowhen.memory.language.terms import overlap, words
from knowhen.memory.search.bm25 import TermCounts
from knowhen.memory.search.cues import BIAS, Evidence, contributions, fuse, shipped_weights
from knowhen.memory.search.matching import FactHit, matching_thoughts
from knowhen.memory.search.query import Query, read_query
from knowhen.memory.settings import RecallSettings
from knowhen.memory.view.corpus import Corpus
from knowhen.memory.view.view import View

Floats = NDArray[np.float64]

DENSE_DEPTH = 4096
"""Nearest parts asked of the index; the rest of a larger space gets the last one's cosine."""
SAME = 0.8
"""Overlap of words (Jaccard) from which a part asks what the query asks."""


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What a search computes with: the embedder, the weight of each cue, the walk."""

    embedder: Embedder
    walk: Walk | None
    weights: Mapping[str, float]
    """Of the cues, by name; `bias` makes their sum log-odds."""
    edges: Mapping[str, float]
    """What the walk multiplies the weights of edges by, per kind."""

    @classmethod
    def of(cls, embedder: Embedder, walk: Walk | None, settings: RecallSettings) -> "SearchPlan":
        """The shipped weights for the embedder's family, as the settings change them."""
        family = "lexical" if embedder.name.startswith("lexical") else "semantic"
        weights = {
            name: weight * settings.cues.get(name, 1.0)
            for name, weight in shipped_weights(family).items()
        }
        return cls(embedder, walk, weights, settings.edges)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a search found: scores for every part, and the share of each cue in them."""

    query: Query
    corpus: Corpus
    evidence: Evidence
    scores: Floats
    """Log-odds that a part is evidence, shape (parts,)."""
    shares: Mapping[str, Floats]
    facts: tuple[FactHit, ...] = ()
    restart: Mapping[str, float] = field(default_factory=dict)
    """Nodes of the graph that the walk started from; empty without one."""
    reached: Floats | None = None
    """PageRank of each part's turn, shape (parts,); None without a walk."""
    notes: tuple[str, ...] = ()

    def turns(self, limit: int) -> list[tuple[int, float, int]]:
        """Best turns: position, score, and the part that gave the score."""
        corpus = self.corpus
        found: dict[int, tuple[float, int]] = {}
        for depth in (3 * limit, len(corpus)):  # a long turn's parts may crowd the first of them
            order = best(self.scores, depth)
            turns, scores = corpus.turn_of[order].tolist(), self.scores[order].tolist()
            found = {}
            for part, turn, score in zip(order.tolist(), turns, scores, strict=True):
                if score == -np.inf or len(found) == limit:
                    break
                found.setdefault(turn, (score, part))
            if len(found) == limit or depth >= len(corpus):
                break
        return [(turn, score, part) for turn, (score, part) in found.items()]


def best(values: Floats, limit: int) -> NDArray[np.int64]:
    """Places of the `limit` largest values, largest first, equal ones in their order."""
    if limit < len(values):
        edge = np.partition(values, len(values) - limit)[len(values) - limit]
        places = np.flatnonzero(values >= edge)
    else:
        places = np.arange(len(values))
    return np.asarray(places[np.argsort(-values[places], kind="stable")][:limit], np.int64)


def score(
    view: View,
    text: str,
    plan: SearchPlan,
    *,
    now: datetime,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> Findings:
    """Score every part for a query; what was said or recorded later is left out.

    `now` is when the query is asked: "last week" is read from there, and thoughts fade until then.
    """
    corpus, now = view.corpus, as_of or now
    query = read_query(text, speakers=corpus.people, asker=corpus.asker, now=now)
    vector = checked_vectors(plan.embedder, [query.bare])[0]
    evidence = Evidence(
        query=query,
        corpus=corpus,
        counts=TermCounts(corpus, view.postings("turn", query.terms), query.terms),
        similarity=_similarity(view, vector),
    )
    facts = matching_thoughts(view, query, vector, as_of=as_of, known_at=known_at, now=now)
    shares = contributions(evidence, plan.weights)
    scores = fuse(shares, len(corpus), plan.weights.get(BIAS, 0.0))
    scores[~corpus.known(as_of, known_at)] = -np.inf
    scores[echoes(query, evidence.counts)] = -np.inf
    return Findings(query, corpus, evidence, scores, shares, tuple(facts))


def _similarity(view: View, vector: NDArray[np.float32]) -> Floats:
    """Cosine of each part with the query, shape (parts,)."""
    corpus = view.corpus
    ids, cosines = view.nearest("turn", vector, DENSE_DEPTH)
    floor = float(cosines.min()) if len(cosines) else 0.0
    similarity = np.full(len(corpus), floor)
    where = np.searchsorted(corpus.part_id, ids)
    inside = where < len(corpus)
    inside[inside] = corpus.part_id[where[inside]] == ids[inside]
    similarity[where[inside]] = cosines[inside]
    return similarity


def echoes(query: Query, counts: TermCounts) -> list[int]:
    """Earlier askings of the same question: they hold all of its words and answer nothing.

    A statement may be looked up, so only what asks for something has echoes.
    """
    if len(counts.terms) < len(query.terms) or not query.terms:
        return []  # an earlier asking would have brought every term
    # Few parts hold all terms; of those only short ones can be the query over again.
    short = counts.corpus.length <= 2 * len(query.terms) + 2
    candidates = np.flatnonzero((counts.counts > 0).all(axis=0) & short).tolist()
    wanted = set(words(query.text))
    found = [p for p in candidates if overlap(wanted, set(words(counts.corpus.text(p)))) >= SAME]
    if not found:
        return []
    said = language_of(query.text).read_utterance(query.text)
    return found if said.question or said.request else []
