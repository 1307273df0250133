"""The cues: each gives every part of a space a value for one query, and is worth its ablation.

A cue is a function of `Evidence` that returns an array of shape (parts,): a share between 0 and
1, or a z-score over the space. Their weighted sum is a small linear model whose weights stand in
`weights.json`. Cues that were measured and did not hold on both
LoCoMo and BEAM are in `benchmarks/rejected_cues.py`.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.search.bm25 import TermCounts, bm25
from knowhen.memory.search.query import Query
from knowhen.memory.view.corpus import Corpus

Floats = NDArray[np.float64]
READ = 200
"""Best parts, by words and by cosine, that are read for what they hold."""
ENOUGH = 12
"""Terms of a part from which it says enough to be an answer."""
Cue = Callable[["Evidence"], Floats]


@dataclass(frozen=True)
class Evidence:
    """What a query met in a corpus; shared by the cues, computed once."""

    query: Query
    corpus: Corpus
    counts: TermCounts
    similarity: Floats
    """Cosine of the bare query with each part."""
    strangeness: float = 0.0
    """How little the embedder knows the language of the query, from 0 to 1."""

    @cached_property
    def turn_bm25(self) -> Floats:
        return bm25(self.counts.counts, self.corpus.length, shares=self.counts.shares)

    @cached_property
    def term_weights(self) -> dict[str, float]:
        """What each term of the query is worth: its inverse document frequency."""
        return dict(zip(self.counts.terms, self.counts.weights.tolist(), strict=True))

    @cached_property
    def event(self) -> NDArray[np.int64]:
        return self.corpus.event[self.corpus.turn_of]

    @cached_property
    def named(self) -> Floats:
        """1 where the part's speaker is whom the query asks about, 0 elsewhere."""
        return self.said_by(self.query.about)

    def said_by(self, names: Collection[str]) -> Floats:
        """1 for the parts that these speakers said, 0 elsewhere."""
        wanted = np.array([name in names for name in self.corpus.speakers] or [False])
        return wanted[self.corpus.speaker[self.corpus.turn_of]].astype(np.float64)


def best(values: Floats, limit: int) -> NDArray[np.int64]:
    """Places of the `limit` largest values, largest first, equal ones in their order."""
    if limit < len(values):
        edge = np.partition(values, len(values) - limit)[len(values) - limit]
        places = np.flatnonzero(values >= edge)
    else:
        places = np.arange(len(values))
    return np.asarray(places[np.argsort(-values[places], kind="stable")][:limit], np.int64)


def z_score(values: Floats) -> Floats:
    spread = values.std() if len(values) else 0.0
    return (values - values.mean()) / spread if spread > 1e-12 else np.zeros_like(values)


def relative(values: Floats) -> Floats:
    top = values.max(initial=0.0)
    return values / top if top > 0 else np.zeros_like(values)


def turn(evidence: Evidence) -> Floats:
    """BM25 of the part as a share of the best part's."""
    return relative(evidence.turn_bm25)


def window(evidence: Evidence) -> Floats:
    """BM25 of the part with three neighbours on each side."""
    return z_score(bm25(*evidence.counts.window(3), shares=evidence.counts.shares))


def dense(evidence: Evidence) -> Floats:
    """Cosine of the part as a share of the best part's."""
    known = 1.0 - evidence.strangeness
    return known * relative(np.maximum(evidence.similarity, 0.0))


def nearness(evidence: Evidence) -> Floats:
    """How far the part's cosine lies above the others'."""
    return (1.0 - evidence.strangeness) * z_score(evidence.similarity)


def letters(evidence: Evidence) -> Floats:
    """Likeness of spelling, as far as no part holds the words of the query themselves.

    The cosine of character n-grams finds misspelt words, other forms of a word and names in
    another script's text. It is no use beside words that are found as they are.
    """
    missing = 1.0 - coverage(evidence).max(initial=0.0)
    return np.asarray(missing * relative(np.maximum(evidence.similarity, 0.0)))


def spelling(evidence: Evidence) -> Floats:
    """Likeness of spelling, as far as the embedder does not know the language of the query."""
    if not evidence.strangeness:
        return np.zeros(len(evidence.corpus))
    likeness = evidence.corpus.spelled_like(evidence.query.bare)
    return evidence.strangeness * relative(np.maximum(likeness, 0.0))


def event(evidence: Evidence) -> Floats:
    """Best cosine in the part's event."""
    best = np.full(len(evidence.corpus.events) + 1, -1.0)
    np.maximum.at(best, evidence.event, evidence.similarity)
    return z_score(best[evidence.event])


def coverage(evidence: Evidence) -> Floats:
    """Share of the query's content that the part and its neighbours hold, by rarity of terms."""
    counts, _ = evidence.counts.window(1)
    weights = evidence.counts.weights
    return np.asarray(weights @ (counts > 0)) / (weights.sum() or 1.0)


def speaker(evidence: Evidence) -> Floats:
    """The part's speaker is named by the query; half where it names nobody.

    Where it asks what it was told ("what did you recommend to me?"), an assistant's words are
    wanted, and "me" says nothing of who spoke.
    """
    query, corpus = evidence.query, evidence.corpus
    if query.of_listener and not query.speakers and (corpus.role == "assistant").any():
        return np.asarray((corpus.role == "assistant")[corpus.turn_of], np.float64)
    if query.speakers:
        return evidence.said_by(query.speakers)
    return np.full(len(corpus), 0.5)


def asker(evidence: Evidence) -> Floats:
    """Half for what was said by the one who asks about themself, minus half for other words."""
    query = evidence.query
    if not query.asker or query.speakers or query.of_listener:
        return np.zeros(len(evidence.corpus))
    return evidence.said_by((query.asker,)) - 0.5


def date(evidence: Evidence) -> Floats:
    """The part was said in, or soon after, the time that the query mentions."""
    time = evidence.corpus.time[evidence.corpus.turn_of]
    value = np.zeros(len(time))
    for first, last in evidence.query.days:
        distance = np.maximum(np.maximum(first - time, time - last), 0.0) / 86_400.0
        value = np.maximum(value, np.exp(-np.nan_to_num(distance, nan=1e9) / 7.0))
    return value


def kind(evidence: Evidence) -> Floats:
    """The part holds what the query asks for: a day where it asks when, a number for how many.

    Only the best parts by words and by cosine are read, because finding dates takes microseconds.
    """
    query, corpus = evidence.query, evidence.corpus
    value = np.zeros(len(corpus))
    if not (query.temporal or query.counts):
        return value
    near = (evidence.turn_bm25, evidence.similarity)
    for part in {part for values in near for part in best(values, READ).tolist()}:
        held = corpus.holds(part)
        value[part] = float(held.day if query.temporal else held.number)
    return value


def reach(mass: Floats) -> Floats:
    """Personalized PageRank of each part's turn, as the logarithm, scaled over the space."""
    reached = mass > 0
    if not reached.any():
        return np.zeros(len(mass))
    logs = np.log(mass, where=reached, out=np.full(len(reached), -np.inf))
    logs[~reached] = logs[reached].min()
    return z_score(logs)


def substance(evidence: Evidence) -> Floats:
    """How much the part says at all: greetings and exclamations answer nothing."""
    return np.minimum(evidence.corpus.length, ENOUGH) / ENOUGH - 0.5


CUES: Mapping[str, Cue] = {
    "turn": turn,
    "window": window,
    "dense": dense,
    "letters": letters,
    "spelling": spelling,
    "nearness": nearness,
    "event": event,
    "coverage": coverage,
    "speaker": speaker,
    "asker": asker,
    "date": date,
    "substance": substance,
    "kind": kind,
}
"""The cues by the names of their weights."""
WALK, BIAS = "walk", "bias"
"""Names of the weight of the walk, which `reach` gives, and of what is added to every sum."""


@cache
def shipped_weights(family: str) -> Mapping[str, float]:
    """Weights of the cues for `lexical` or `semantic` embedders; `bias` makes scores log-odds.

    One set per family, because a cosine of hashed n-grams and one of a language model deserve
    different trust. `benchmarks/fit_recall.py` fits them.
    """
    text = resources.files(__package__).joinpath("weights.json").read_text(encoding="utf-8")
    return dict(json.loads(text)[family])


def contributions(evidence: Evidence, weights: Mapping[str, float]) -> dict[str, Floats]:
    """What each cue adds to each part's score, shape (parts,) each; unweighted cues are skipped."""
    return {name: weights[name] * cue(evidence) for name, cue in CUES.items() if weights.get(name)}


def fuse(parts: Mapping[str, Floats], size: int, bias: float = 0.0) -> Floats:
    """Sum of contributions: the log-odds that a part is evidence for the query."""
    return np.asarray(np.sum([*parts.values(), np.full(size, bias)], axis=0), np.float64)
