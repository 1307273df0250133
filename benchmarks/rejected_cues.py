"""Cues that were measured and left out: they did not raise recall on both LoCoMo and BEAM.

`fit_recall.py --rejected` adds each to the shipped ones and prints what it changes.
"""

from collections import Counter

import numpy as np

from knowhen.memory.language.terms import terms
from knowhen.memory.search.bm25 import bm25
from knowhen.memory.search.cues import Cue, Evidence, Floats, dense, turn, z_score
from knowhen.memory.view.corpus import NONE, Corpus

FEEDBACK_HITS = 5
FEEDBACK_TERMS = 10
_TERMS: dict[Corpus, list[list[str]]] = {}


def turn_z(evidence: Evidence) -> Floats:
    """BM25 of the part itself."""
    return z_score(evidence.turn_bm25)


def narrow_window(evidence: Evidence) -> Floats:
    """BM25 of the part with one neighbour on each side."""
    return z_score(bm25(*evidence.counts.window(1)))


def event_bm25(evidence: Evidence) -> Floats:
    """BM25 of the event around the part: the event's prior for its turns."""
    counts, lengths = evidence.counts.groups(evidence.event)
    scores = np.append(bm25(counts, lengths), 0.0)  # the last one for parts without an event
    return z_score(scores[evidence.event])


def dense_z(evidence: Evidence) -> Floats:
    """Cosine of the part."""
    return z_score(evidence.similarity)


def _neighbours(evidence: Evidence) -> Floats:
    """Mean over the part and the parts next to it in its session."""
    corpus, values = evidence.corpus, evidence.similarity
    total, size = values.copy(), np.ones(len(values))
    for step in (corpus.before, corpus.after):
        exists = step != NONE
        total[exists] += values[step[exists]]
        size[exists] += 1
    return total / size


def dense_window(evidence: Evidence) -> Floats:
    """Mean cosine of the part and its neighbours."""
    return z_score(_neighbours(evidence))


def statement(evidence: Evidence) -> Floats:
    """The part says something rather than asks it."""
    return 1.0 - evidence.corpus.question


def feedback(evidence: Evidence) -> Floats:
    """BM25 with the rarest terms that the first hits share (pseudo-relevance feedback)."""
    texts = _texts(evidence)
    hits = np.argsort(-turn(evidence) - dense(evidence), kind="stable")[:FEEDBACK_HITS]
    support = Counter(
        term for part in hits.tolist() for term in set(texts[part]) - set(evidence.query.terms)
    )
    found = Counter(term for text in texts for term in set(text))
    shared = [term for term, count in support.items() if count > 1]
    shared = sorted(shared, key=lambda term: -support[term] / np.log1p(found[term]))
    counts = np.array(
        [[text.count(term) for text in texts] for term in shared[:FEEDBACK_TERMS]], float
    ).reshape(-1, len(texts))
    return z_score(bm25(counts, evidence.corpus.length))


def _texts(evidence: Evidence) -> list[list[str]]:
    corpus = evidence.corpus
    if corpus not in _TERMS:
        _TERMS[corpus] = [terms(corpus.text(part)) for part in range(len(corpus))]
    return _TERMS[corpus]


def length(evidence: Evidence) -> Floats:
    """Logarithm of the part's number of terms, against the space's mean."""
    logs = np.log1p(evidence.corpus.length)
    return np.asarray(logs - logs.mean()) if len(logs) else logs


def user(evidence: Evidence) -> Floats:
    """A person said it, not an assistant or a tool."""
    said = evidence.corpus.role == "user"
    return said[evidence.corpus.turn_of].astype(np.float64)


def answers(evidence: Evidence) -> Floats:
    """The part follows a question that matches the query."""
    before = evidence.corpus.before
    asked = evidence.corpus.question[before] * turn(evidence)[before]
    return np.where(before == NONE, 0.0, asked)


def collected(evidence: Evidence) -> Floats:
    """Cosine again, where the query asks for several things ("what activities has…")."""
    return dense(evidence) * evidence.query.collects


def session(evidence: Evidence) -> Floats:
    """Best BM25 and cosine in the part's session."""
    sessions = evidence.corpus.session[evidence.corpus.turn_of]
    best = np.full(sessions.max() + 1, -np.inf)
    np.maximum.at(best, sessions, turn(evidence) + dense(evidence))
    return best[sessions] - best.max()


def recency(evidence: Evidence) -> Floats:
    """How late in the memory the part was said."""
    return np.arange(len(evidence.corpus)) / len(evidence.corpus)


REJECTED: dict[str, Cue] = {
    cue.__name__: cue
    for cue in (
        turn_z,
        narrow_window,
        event_bm25,
        dense_z,
        dense_window,
        statement,
        feedback,
        length,
        user,
        answers,
        collected,
        session,
        recency,
    )
}
