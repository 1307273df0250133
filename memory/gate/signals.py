"""What the gate looks at: plain numbers about a query and what the search found for it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.gate.attribution import Attribution, attribute, read_sides
from knowhen.memory.gate.content import Content, read_content
from knowhen.memory.gate.countable import countable
from knowhen.memory.gate.trust import Trust, read_trust
from knowhen.memory.gate.world import question_features
from knowhen.memory.language.base import Utterance
from knowhen.memory.language.entities import find_entities
from knowhen.memory.language.registry import language_of
from knowhen.memory.language.terms import fold, terms
from knowhen.memory.search.bm25 import bm25
from knowhen.memory.search.cues import date
from knowhen.memory.search.scoring import Findings, best

Mask = NDArray[np.bool_]
HITS = 5
_COVERAGES = ("window_coverage", "wide_coverage", "known_share", "density", "lift")


@dataclass(frozen=True, slots=True)
class Signals:
    parts: int
    """How many parts the search could look at."""
    terms: tuple[str, ...]
    names: tuple[str, ...]
    """People of this memory whom the query names."""
    strangers: tuple[str, ...]
    """Names in the query that this memory has never met."""
    familiar: tuple[str, ...]
    """Names in the query, other than speakers, that this memory has met."""
    utterance: Utterance
    known_share: float
    """Share of the query's content, by rarity, that occurs in the memory at all."""
    window_coverage: float
    """Share of the content that the best part and its neighbours hold."""
    wide_coverage: float
    """The same with three neighbours on either side."""
    density: float
    """BM25 of the best window, as a share of what a perfect one could have."""
    lift: float
    """How unlikely it is that the words of one passage of the person asked about stand together
    by chance: minus the logarithm of how many such passages there would be."""
    top_similarity: float
    mean_similarity: float
    """Mean cosine of the first hits."""
    background: float
    """Mean cosine over the space: what this query has in common with anything here."""
    dated: bool
    """It mentions a time."""
    near_time: float
    """1 where something was said in that time; it falls off with the days between."""
    attribution: Attribution | None
    trust: Trust
    shape: Mapping[str, float]
    """Features of the question for `know`."""
    open: bool
    """It asks for nothing in particular, such as "tell me about Nora"."""
    collects: bool
    """It asks for several things."""


def read_signals(findings: Findings) -> Signals:
    """Read the signals off a search."""
    findings = countable(findings)
    query, evidence, corpus = findings.query, findings.evidence, findings.corpus
    familiar, strangers = _names(findings)
    similarity, size = evidence.similarity, len(corpus)
    nearest = similarity[best(similarity, HITS)]
    content, utterance = read_content(evidence), language_of(query.text).read_utterance(query.text)
    sides = read_sides(findings)
    asked = sides.own if sides else np.ones(size, bool)
    return Signals(
        parts=int(np.isfinite(findings.scores).sum()),
        terms=query.terms,
        names=tuple(sorted(set(query.speakers) & set(corpus.people))),
        strangers=strangers,
        familiar=familiar,
        utterance=utterance,
        **_coverages(findings, content, asked),
        top_similarity=float(nearest[0]) if size else 0.0,
        mean_similarity=float(nearest.mean()) if size else 0.0,
        background=float(similarity.mean()) if size else 0.0,
        dated=bool(query.days),
        near_time=float(date(evidence).max()) if query.days and size else 0.0,
        attribution=attribute(findings, content, sides) if sides else None,
        trust=read_trust(findings, content, personal=bool(query.speakers) or utterance.personal),
        shape=question_features(query.text),
        open=content.open,
        collects=query.collects,
    )


def _names(findings: Findings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names in the query that this memory has met, and those it has not; speakers left out."""
    calendar = language_of(findings.query.text).calendar_terms
    known = set(findings.evidence.counts.terms)
    familiar: list[str] = []
    strangers: list[str] = []
    for span in find_entities(findings.query.text):
        if span.kind not in ("name", "title"):
            continue
        name = findings.query.text[span.start : span.end]
        if fold(name).split("'")[0] in {fold(s) for s in findings.query.speakers}:
            continue
        found = set(terms(name))
        if not found <= calendar:
            (familiar if found <= known else strangers).append(name)
    return tuple(familiar), tuple(strangers)


def _coverages(findings: Findings, content: Content, asked: Mask) -> dict[str, float]:
    """Shares of the query's content by what holds it, and how telling the best holder is."""
    counts, corpus = findings.evidence.counts, findings.corpus
    chance = float(np.log(max(len(corpus), 1)))
    if not counts.terms or not len(corpus):
        return dict.fromkeys(_COVERAGES, 0.0) | {"lift": -chance}
    weights = content.row_shares
    held = counts.counts > 0
    windows, lengths = counts.window(1)
    wide, _ = counts.window(3)
    together = np.log(len(corpus) / held.sum(axis=1)) @ held
    return {
        "window_coverage": float((weights @ (windows > 0)).max()),
        "wide_coverage": float((weights @ (wide > 0)).max()),
        "known_share": float(weights.sum()),
        "density": float(bm25(windows, lengths, weights=weights).max()) / 2.2,
        "lift": float(together[asked].max()) - chance,
    }
