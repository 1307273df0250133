"""What the gate looks at: plain numbers about a query and what the search found for it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.gate.attribution import Attribution, attribute
from knowhen.memory.gate.content import Content, read_content
from knowhen.memory.gate.dialogue import Utterance, read_utterance
from knowhen.memory.gate.trust import Trust, read_trust
from knowhen.memory.gate.world import question_features
from knowhen.memory.recall.bm25 import bm25
from knowhen.memory.recall.engine import Findings
from knowhen.memory.text.analyzer import fold, terms
from knowhen.memory.text.entities import find_entities

Floats = NDArray[np.float64]
HITS = 5
_COVERAGES = (
    "coverage",
    "window_coverage",
    "wide_coverage",
    "hits_coverage",
    "known_share",
    "known_terms",
    "density",
    "support",
)


@dataclass(frozen=True, slots=True)
class Signals:
    text: str
    parts: int
    """Size of the space that was searched."""
    terms: tuple[str, ...]
    names: tuple[str, ...]
    """People of this memory whom the query names."""
    strangers: tuple[str, ...]
    """Names in the query that this memory has never met."""
    familiar: tuple[str, ...]
    """Names in the query, other than speakers, that this memory has met."""
    utterance: Utterance
    coverage: float
    """Share of the query's content, by rarity, that the best part holds."""
    window_coverage: float
    """The same for the best part with its neighbours."""
    wide_coverage: float
    """The same with three neighbours on either side."""
    hits_coverage: float
    """The same for the first hits together."""
    known_share: float
    """Share of the query's content that occurs in the memory at all."""
    density: float
    """BM25 of the best window, as a share of what a perfect one could have."""
    known_terms: float
    """Share of the query's terms that occur in the memory, whatever their weight."""
    missing: float
    """Share of the weightiest term that does not."""
    support: float
    """Logarithm of the number of parts that hold half of the content."""
    top_similarity: float
    mean_similarity: float
    """Mean cosine of the first hits."""
    background: float
    """Mean cosine over the space: what this query has in common with anything here."""
    rise: float
    """How far the best cosine stands above the background, in standard deviations, less what
    chance alone gives the best of so many."""
    margin: float
    """Best cosine less the second best."""
    agreement: float
    """Share of the first hits by terms that are first hits by cosine too."""
    fact: float
    """Match of the best thought."""
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
    query, evidence, corpus = findings.query, findings.evidence, findings.corpus
    familiar, strangers = _names(findings)
    similarity = np.sort(evidence.similarity)[::-1]
    size = len(similarity)
    spread = float(similarity.std()) if size else 0.0
    top = float(similarity[0]) if size else 0.0
    background = float(similarity.mean()) if size else 0.0
    chance = float(np.sqrt(2 * np.log(size))) if size else 0.0
    content, utterance = read_content(evidence), read_utterance(query.text)
    return Signals(
        text=query.text,
        parts=len(corpus),
        terms=query.terms,
        names=tuple(sorted(set(query.speakers) & set(corpus.people))),
        strangers=strangers,
        familiar=familiar,
        utterance=utterance,
        **_coverages(findings, content),
        missing=content.missing,
        top_similarity=top,
        mean_similarity=float(similarity[:HITS].mean()) if size else 0.0,
        background=background,
        rise=(top - background) / spread - chance if spread > 1e-9 else -chance,
        margin=top - float(similarity[1]) if size > 1 else 0.0,
        agreement=_agreement(findings),
        fact=findings.facts[0].score if findings.facts else 0.0,
        attribution=attribute(findings, content),
        trust=read_trust(findings, content, personal=bool(query.speakers) or utterance.personal),
        shape=question_features(query.text),
        open=content.open,
        collects=query.collects,
    )


def _names(findings: Findings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names in the query that this memory has met, and those it has not; speakers left out."""
    known = set(findings.evidence.counts.terms)
    familiar: list[str] = []
    strangers: list[str] = []
    for span in find_entities(findings.query.text):
        if span.kind not in ("name", "title"):
            continue
        name = findings.query.text[span.start : span.end]
        if fold(name).split("'")[0] in {fold(s) for s in findings.query.speakers}:
            continue
        (familiar if set(terms(name)) <= known else strangers).append(name)
    return tuple(familiar), tuple(strangers)


def _coverages(findings: Findings, content: Content) -> dict[str, float]:
    """Shares of the query's content by what holds it, and the density of the best window."""
    counts, corpus = findings.evidence.counts, findings.corpus
    if not counts.terms or not len(corpus):
        return dict.fromkeys(_COVERAGES, 0.0)
    weights = content.row_shares
    held = counts.counts > 0
    windows, lengths = counts.window(1)
    wide, _ = counts.window(3)
    hits = np.argsort(-findings.evidence.turn_bm25, kind="stable")[:HITS]
    parts = weights @ held
    return {
        "coverage": float(parts.max()),
        "window_coverage": float((weights @ (windows > 0)).max()),
        "wide_coverage": float((weights @ (wide > 0)).max()),
        "hits_coverage": float(weights @ held[:, hits].any(axis=1)),
        "known_share": float(weights.sum()),
        "known_terms": len(counts.terms) / len(findings.query.terms),
        "density": float(bm25(windows, lengths, weights=weights).max()) / 2.2,
        "support": float(np.log1p((parts >= 0.5).sum())),
    }


def _agreement(findings: Findings) -> float:
    lexical, similarity = findings.evidence.turn_bm25, findings.evidence.similarity
    if not lexical.any():
        return 0.0
    first = set(np.argsort(-lexical, kind="stable")[: 2 * HITS].tolist())
    second = set(np.argsort(-similarity, kind="stable")[: 2 * HITS].tolist())
    return len(first & second) / max(len(first), 1)
