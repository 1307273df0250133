"""Scoring: what every cue says of every part of a view, fused into the odds of an answer.

This is the cheap part of a search, and all that the gate looks at; `walking` goes on over the
graph, for what is let through.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from knowhen.graphs.walk import DAMPING, Walk
from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.identity import checked_vectors
from knowhen.memory.language.registry import language_of
from knowhen.memory.language.terms import overlap, words
from knowhen.memory.records import Turn
from knowhen.memory.search.bm25 import TermCounts
from knowhen.memory.search.cues import BIAS, Evidence, best, contributions, fuse, shipped_weights
from knowhen.memory.search.matching import FactHit, matching_thoughts
from knowhen.memory.search.query import Query, read_query
from knowhen.memory.settings import RecallSettings
from knowhen.memory.view.corpus import Corpus
from knowhen.memory.view.view import View

Floats = NDArray[np.float64]

DENSE_DEPTH = 4096
"""Nearest parts asked of the index; the rest of a larger space gets the last one's cosine."""
LATEST = 100
"""Newest turns among which those of the window are looked for by their words."""
SAME = 0.8
"""Overlap of words (Jaccard) from which a part asks what the query asks."""


NONSENSE = (
    "Vorlup medint askelo frumi, tebranik solu gath pirenos?",
    "nehcsiwz med netla suah dnu med etrag",
)
FAMILIAR, STRANGE = 0.14, 0.22
"""Mean cosine with nonsense of questions in a language that an embedder knows, and does not."""


class Strangeness:
    """Tells how little an embedder knows the language of a text.

    To an embedder that never learned a language its words are nonsense, and near all nonsense:
    MiniLM puts English questions at a cosine of .02 to .10 from it, German and Spanish at .26.
    The likeness of texts to each other would not do, for they may share a topic.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._nonsense: NDArray[np.float32] | None = None

    def of(self, vector: NDArray[np.float32]) -> float:
        """From 0 to 1, for the vector of a text."""
        if self._nonsense is None:
            self._nonsense = checked_vectors(self._embedder, list(NONSENSE))
        near = float((self._nonsense @ vector).mean())
        return float(np.clip((near - FAMILIAR) / (STRANGE - FAMILIAR), 0.0, 1.0))


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What a search computes with: the embedder, the weight of each cue, the walk."""

    embedder: Embedder
    walk: Walk | None
    weights: Mapping[str, float]
    """Of the cues, by name; `bias` makes their sum log-odds."""
    edges: Mapping[str, float]
    """What the near walk multiplies the weights of edges by, per kind."""
    far_edges: Mapping[str, float] = field(default_factory=dict)
    """The same for the far walk."""
    strangeness: Strangeness | None = None
    """None for embedders that compare letters, to which no language is strange."""

    @classmethod
    def of(cls, embedder: Embedder, walk: Walk | None, settings: RecallSettings) -> "SearchPlan":
        """The shipped weights for the embedder's family, as the settings change them."""
        family = "lexical" if embedder.name.startswith("lexical") else "semantic"
        weights = {
            name: weight * settings.cues.get(name, 1.0)
            for name, weight in shipped_weights(family).items()
        }
        strangeness = Strangeness(embedder) if family == "semantic" else None
        return cls(embedder, walk, weights, settings.edges, settings.far_edges, strangeness)


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
    damping: float = DAMPING
    """Of the walk that started at `restart`."""
    walked: Mapping[str, float] = field(default_factory=dict)
    """What that walk multiplied the weights of edges by, per kind."""
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


def score(
    view: View,
    text: str,
    plan: SearchPlan,
    *,
    now: datetime,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    recent: Sequence[Turn] = (),
    asker: str | None = None,
) -> Findings:
    """Score every part for a query; what was said or recorded later is left out.

    `recent` was said just before: it may explain the query, and is never found. `asker` is who
    "I" is, "" for somebody outside; None for the only one who spoke as user. `now` is when the
    query is asked: "last week" is read from there, and thoughts fade until then.
    """
    corpus, now = view.corpus, as_of or now
    asker = corpus.asker if asker is None else asker
    query = read_query(
        text,
        speakers=corpus.people,
        asker=asker,
        now=now,
        recent=recent,
        aliases=corpus.aliases,
    )
    vector = _vector(query, plan.embedder)
    evidence = Evidence(
        query=query,
        corpus=corpus,
        counts=TermCounts(corpus, view.postings("turn", query.terms), query.terms, query.share),
        similarity=_similarity(view, vector),
        strangeness=0.0 if plan.strangeness is None else plan.strangeness.of(vector),
    )
    facts = matching_thoughts(view, query, vector, as_of=as_of, known_at=known_at, now=now)
    shares = contributions(evidence, plan.weights)
    scores = fuse(shares, len(corpus), plan.weights.get(BIAS, 0.0))
    scores[~corpus.known(as_of, known_at)] = -np.inf
    scores[echoes(query, evidence.counts)] = -np.inf
    if query.of_days:
        scores[~_said_on(corpus, query.days)] = -np.inf
    scores[_standing_in(corpus, recent)] = -np.inf
    return Findings(query, corpus, evidence, scores, shares, tuple(facts))


def _vector(query: Query, embedder: Embedder) -> NDArray[np.float32]:
    """Of the query; of one that the window explains, between its own and that of both."""
    if not query.window:
        return np.asarray(checked_vectors(embedder, [query.bare])[0])
    own, both = checked_vectors(embedder, [query.bare, f"{query.window}\n{query.bare}"])
    mixed = own + both
    return np.asarray(mixed / (np.linalg.norm(mixed) or 1.0), np.float32)


def _said_on(corpus: Corpus, days: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    """Parts that were said within one of the intervals, all of them if none was."""
    inside = np.zeros(len(corpus.turns), np.bool_)
    for first, last in days:
        inside |= (corpus.time >= first) & (corpus.time < last)
    return inside[corpus.turn_of] if inside.any() else np.ones(len(corpus), np.bool_)


def _standing_in(corpus: Corpus, recent: Sequence[Turn]) -> NDArray[np.bool_]:
    """Parts of the turns that the reader has in front of them, by id or by who said what."""
    shown = np.zeros(len(corpus.turns), np.bool_)
    places = [corpus.position[turn.id] for turn in recent if turn.id in corpus.position]
    shown[places] = True
    said = {(turn.speaker or turn.role, turn.text) for turn in recent}
    for place in range(max(0, len(corpus.turns) - LATEST), len(corpus.turns)):
        turn = corpus.turns[place].turn
        shown[place] |= (turn.speaker, turn.text) in said
    return shown[corpus.turn_of]


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
