"""Search with every cue and fuse them; then, where it is worth it, walk the graph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from knowhen.graphs.knowledge import EDGE_KINDS, KnowledgeGraph
from knowhen.graphs.names import normalise
from knowhen.graphs.walk import Walk
from knowhen.memory.clock import Clock
from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.identity import checked_vectors
from knowhen.memory.indexes.base import VectorIndex
from knowhen.memory.language.entities import find_entities
from knowhen.memory.search.bm25 import TermCounts
from knowhen.memory.search.cues import CUES, Evidence
from knowhen.memory.search.echoes import echoes
from knowhen.memory.search.facts import FactHit, FactSearch
from knowhen.memory.search.fusion import BIAS, contributions, fuse, shipped_weights
from knowhen.memory.search.query import Query, read_query
from knowhen.memory.search.shelving import reordering
from knowhen.memory.settings import RecallSettings
from knowhen.memory.stores.base import Store
from knowhen.memory.view.corpus import NONE, Corpus
from knowhen.memory.view.currency import Currency
from knowhen.memory.view.network import Network

Floats = NDArray[np.float64]

DENSE_DEPTH = 4096
"""Nearest parts asked of the index; the rest of a larger space gets the last one's cosine."""
SEED_PARTS = 5
ENTITY_SHARE, FACT_SHARE, PART_SHARE = 0.3, 0.2, 0.5
"""How the restart of the walk is split; shares without a seed go to the others."""


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


class RecallEngine:
    """Searches one space. Reads only; what other processes committed is seen at the next call."""

    def __init__(
        self,
        store: Store,
        space: str,
        *,
        embedder: Embedder,
        index: VectorIndex,
        walk: Walk | None,
        settings: RecallSettings,
        weights: Mapping[str, float] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._store, self._space = store, space
        self._embedder, self._index, self._walk = embedder, index, walk
        self._settings, self._clock = settings, clock
        family = "lexical" if embedder.name.startswith("lexical") else "semantic"
        self._weights = shipped_weights(family) if weights is None else weights
        self.corpus = Corpus(store, space)
        self.network = Network(store, space)
        self.currency = Currency(store, space)
        self._facts = FactSearch(store, space, index, self.currency)

    def search(
        self, text: str, *, as_of: datetime | None = None, known_at: datetime | None = None
    ) -> Findings:
        """Score every part for a query; what was said or recorded later is left out.

        The walk over the graph is left to `walk`, since most of what is found is not let through.
        """
        corpus = self.corpus.refresh()
        now = as_of if as_of is not None or self._clock is None else self._clock.now()
        query = read_query(text, speakers=corpus.people, asker=corpus.asker, now=now)
        vector = checked_vectors(self._embedder, [query.bare])[0]
        postings = self._store.postings(self._space, "turn", query.terms)
        evidence = Evidence(
            query=query,
            corpus=corpus,
            counts=TermCounts(corpus, postings, query.terms),
            similarity=self._similarity(corpus, vector),
            walk=np.zeros(len(corpus)),
        )
        facts = self._facts.search(query, vector, as_of=as_of, known_at=known_at, now=now)
        shares = contributions(evidence, self._weights, (*self._settings.ablate, "walk"))
        scores = fuse(shares, len(corpus), self._weights.get(BIAS, 0.0))
        scores[~corpus.known(as_of, known_at)] = -np.inf
        scores[echoes(query, evidence.counts)] = -np.inf
        return Findings(query, corpus, evidence, scores, shares, tuple(facts))

    def walk(self, findings: Findings) -> Findings:
        """Findings with what a walk over the graph adds: a quarter of the cost of a search."""
        evidence, weight = findings.evidence, self._weights.get("walk", 0.0)
        if self._walk is None or "walk" in self._settings.ablate or not len(findings.corpus):
            return findings
        with self.network.reading() as graph:
            restart = self._restart(evidence, findings.facts)
            restart = {node: mass for node, mass in restart.items() if node in graph}
            if not restart:
                return findings
            self._reach(self._walk, graph, restart, evidence)
            shares = {**findings.shares, "walk": weight * CUES["walk"](evidence)}
            scores = findings.scores + shares["walk"]
            change = reordering(evidence, graph, scores)
        if change is not None:
            shares["documents"] = change
            scores = scores + change
        return replace(findings, scores=scores, shares=shares, restart=restart)

    def _similarity(self, corpus: Corpus, vector: NDArray[np.float32]) -> Floats:
        ids, cosines = self._index.search(self._space, "turn", vector, DENSE_DEPTH)
        floor = float(cosines.min()) if len(cosines) else 0.0
        similarity = np.full(len(corpus), floor)
        where = np.searchsorted(corpus.part_id, ids)
        inside = where < len(corpus)
        inside[inside] = corpus.part_id[where[inside]] == ids[inside]
        similarity[where[inside]] = cosines[inside]
        return similarity

    def _first_hits(self, evidence: Evidence, limit: int) -> NDArray[np.int64]:
        """Best parts by BM25 and cosine alone: what the walk starts from."""
        lexical = evidence.turn_bm25 / (evidence.turn_bm25.max(initial=0.0) or 1.0)
        similar = evidence.similarity
        if not len(similar):
            return np.empty(0, np.int64)
        spread = (similar - similar.mean()) / (similar.std() or 1.0)
        both = lexical + 0.25 * spread + 0.2 * evidence.named
        return best(both, limit)

    def _reach(
        self, walk: Walk, graph: KnowledgeGraph, restart: Mapping[str, float], evidence: Evidence
    ) -> None:
        """Fill in the PageRank of every part's turn."""
        kinds = dict(self._settings.edges)
        kinds.update((kind, 0.0) for kind in EDGE_KINDS if kind in self._settings.ablate)
        ranking = walk.rank(graph, restart, kinds=kinds)
        place = evidence.corpus.node.get
        turns = np.fromiter(map(place, ranking.nodes.tolist(), repeat(NONE)), np.int64)
        mass = np.zeros(len(evidence.corpus.turns))
        mass[turns[turns != NONE]] = ranking.scores[turns != NONE]
        evidence.walk = mass[evidence.corpus.turn_of]

    def _restart(self, evidence: Evidence, facts: Sequence[FactHit]) -> dict[str, float]:
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
        hits = self._first_hits(evidence, SEED_PARTS).tolist()
        groups.append(
            (
                PART_SHARE,
                {
                    f"turn:{corpus.turns[int(corpus.turn_of[part])].turn.id}": 1.0 / (rank + 1)
                    for rank, part in enumerate(hits)
                },
            )
        )
        total = sum(share for share, seeds in groups if seeds) or 1.0
        restart: dict[str, float] = {}
        for share, seeds in groups:
            mass = sum(seeds.values()) or 1.0
            for node, weight in seeds.items():
                restart[node] = restart.get(node, 0.0) + share / total * weight / mass
        return restart
