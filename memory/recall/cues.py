"""The cues: each gives every part of a space a value for one query, and is worth its ablation.

A cue is a function of `Evidence` that returns an array of shape (parts,). Lexical and dense
cues are centred and scaled over the space (z-scores), so that a linear model can add them up;
the others are shares between 0 and 1. Names here are the names of the weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.recall.bm25 import TermCounts, bm25, idf
from knowhen.memory.recall.corpus import NONE, Corpus
from knowhen.memory.recall.query import Query

Floats = NDArray[np.float64]
Cue = Callable[["Evidence"], Floats]


@dataclass
class Evidence:
    """What a query met in a corpus; shared by the cues, computed once."""

    query: Query
    corpus: Corpus
    counts: TermCounts
    similarity: Floats
    """Cosine of the bare query with each part."""
    walk: Floats
    """Personalized PageRank of each part's turn; zeros without a walk."""
    feedback: TermCounts | None = None
    """Counts of the terms that the first hits share, for pseudo-relevance feedback."""
    feedback_weights: Floats | None = None

    @cached_property
    def turn_bm25(self) -> Floats:
        return bm25(self.counts.counts, self.corpus.length)

    @cached_property
    def event(self) -> NDArray[np.int64]:
        return self.corpus.event[self.corpus.turn_of]

    @cached_property
    def named(self) -> Floats:
        """1 where the part's speaker is named by the query, 0 elsewhere."""
        speakers = self.corpus.speakers
        wanted = np.array([name in self.query.speakers for name in speakers] or [False])
        return wanted[self.corpus.speaker[self.corpus.turn_of]].astype(np.float64)


def _z(values: Floats) -> Floats:
    spread = values.std() if len(values) else 0.0
    return (values - values.mean()) / spread if spread > 1e-12 else np.zeros_like(values)


def _relative(values: Floats) -> Floats:
    top = values.max(initial=0.0)
    return values / top if top > 0 else np.zeros_like(values)


def _neighbours(values: Floats, corpus: Corpus) -> Floats:
    """Mean over the part and the parts next to it in its session."""
    total, size = values.copy(), np.ones(len(values))
    for step in (corpus.before, corpus.after):
        exists = step != NONE
        total[exists] += values[step[exists]]
        size[exists] += 1
    return total / size


def turn(evidence: Evidence) -> Floats:
    """BM25 of the part itself."""
    return _z(evidence.turn_bm25)


def turn_relative(evidence: Evidence) -> Floats:
    """BM25 of the part as a share of the best part's."""
    return _relative(evidence.turn_bm25)


def window(evidence: Evidence) -> Floats:
    """BM25 of the part with one neighbour on each side."""
    return _z(bm25(*evidence.counts.window(1)))


def wide_window(evidence: Evidence) -> Floats:
    """BM25 of the part with three neighbours on each side."""
    return _z(bm25(*evidence.counts.window(3)))


def event(evidence: Evidence) -> Floats:
    """BM25 of the event around the part: the event's prior for its turns."""
    counts, lengths = evidence.counts.groups(evidence.event)
    scores = np.append(bm25(counts, lengths), 0.0)  # the last one for parts without an event
    return _z(scores[evidence.event])


def dense(evidence: Evidence) -> Floats:
    """Cosine of the part."""
    return _z(evidence.similarity)


def dense_relative(evidence: Evidence) -> Floats:
    """Cosine of the part as a share of the best part's."""
    return _relative(np.maximum(evidence.similarity, 0.0))


def dense_window(evidence: Evidence) -> Floats:
    """Mean cosine of the part and its neighbours."""
    return _z(_neighbours(evidence.similarity, evidence.corpus))


def dense_event(evidence: Evidence) -> Floats:
    """Best cosine in the part's event."""
    best = np.full(len(evidence.corpus.events) + 1, -1.0)
    np.maximum.at(best, evidence.event, evidence.similarity)
    return _z(best[evidence.event])


def coverage(evidence: Evidence) -> Floats:
    """Share of the query's content that the part and its neighbours hold, by rarity of terms."""
    counts, _ = evidence.counts.window(1)
    weights = idf(evidence.counts.counts)
    return np.asarray(weights @ (counts > 0)) / (weights.sum() or 1.0)


def speaker(evidence: Evidence) -> Floats:
    """The part's speaker is whom the query asks about; half where it names nobody."""
    return evidence.named if evidence.query.speakers else np.full(len(evidence.corpus), 0.5)


def date(evidence: Evidence) -> Floats:
    """The part was said in, or soon after, the time that the query mentions."""
    time = evidence.corpus.time[evidence.corpus.turn_of]
    value = np.zeros(len(time))
    for first, last in evidence.query.days:
        distance = np.maximum(np.maximum(first - time, time - last), 0.0) / 86_400.0
        value = np.maximum(value, np.exp(-np.nan_to_num(distance, nan=1e9) / 7.0))
    return value


def walk(evidence: Evidence) -> Floats:
    """Personalized PageRank of the part's turn, as the logarithm, scaled over the space."""
    reached = evidence.walk > 0
    if not reached.any():
        return np.zeros(len(evidence.walk))
    logs = np.log(evidence.walk, where=reached, out=np.full(len(reached), -np.inf))
    logs[~reached] = logs[reached].min()
    return _z(logs)


def statement(evidence: Evidence) -> Floats:
    """The part says something rather than asks it."""
    return 1.0 - evidence.corpus.question


def feedback(evidence: Evidence) -> Floats:
    """BM25 with the terms that the first hits share (pseudo-relevance feedback)."""
    if evidence.feedback is None or not len(evidence.feedback.terms):
        return np.zeros(len(evidence.corpus))
    counts = evidence.feedback.counts
    return _z(bm25(counts, evidence.corpus.length, weights=evidence.feedback_weights))


def length(evidence: Evidence) -> Floats:
    """Logarithm of the part's number of terms, against the space's mean."""
    logs = np.log1p(evidence.corpus.length)
    return np.asarray(logs - logs.mean()) if len(logs) else logs


def user(evidence: Evidence) -> Floats:
    """A person said it, not an assistant or a tool."""
    said = evidence.corpus.role == "user"
    return said[evidence.corpus.turn_of].astype(np.float64)


CUES: dict[str, Cue] = {
    cue.__name__: cue
    for cue in (
        turn,
        turn_relative,
        window,
        wide_window,
        event,
        dense,
        dense_relative,
        dense_window,
        dense_event,
        coverage,
        speaker,
        date,
        walk,
        statement,
        feedback,
        length,
        user,
    )
}
