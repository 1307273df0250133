"""What the gate looks at: plain numbers about a query and what the search found for it."""

import re
from dataclasses import dataclass

import numpy as np

from knowhen.memory.recall.bm25 import idf
from knowhen.memory.recall.engine import Findings

# English rules.
_PERSONAL = re.compile(
    r"\b(?:i|i'm|i've|i'd|me|my|mine|myself|we|us|our|ours|you said|you told|last time|remember)\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"\?|^\W*(?:who|what|when|where|which|why|how|is|are|was|were|do|does|did|can|could)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Signals:
    text: str
    parts: int
    """Size of the space that was searched."""
    terms: tuple[str, ...]
    names: tuple[str, ...]
    """People of this memory whom the query names."""
    personal: bool
    question: bool
    coverage: float
    """Share of the query's content, by rarity, that the best passage and its neighbours hold."""
    known_share: float
    """Share of the query's terms that occur in the memory at all."""
    top_similarity: float
    margin: float
    """How far the best cosine stands above the space's mean, in standard deviations."""
    contested: bool


def read_signals(findings: Findings) -> Signals:
    """Read the signals off a search."""
    query, evidence = findings.query, findings.evidence
    similarity = evidence.similarity
    spread = float(similarity.std()) if len(similarity) else 0.0
    counts = evidence.counts
    known = set(counts.terms)
    return Signals(
        text=query.text,
        parts=len(findings.corpus),
        terms=query.terms,
        names=tuple(sorted(set(query.speakers) & set(findings.corpus.people))),
        personal=bool(_PERSONAL.search(query.text)),
        question=bool(_QUESTION.search(query.text)),
        coverage=_coverage(findings),
        known_share=len(known) / len(query.terms) if query.terms else 0.0,
        top_similarity=float(similarity.max(initial=0.0)),
        margin=float((similarity.max() - similarity.mean()) / spread) if spread else 0.0,
        contested=any(hit.thought.contested for hit in findings.facts[:3]),
    )


def _coverage(findings: Findings) -> float:
    """Best share of the query's weight in one window; unknown terms weigh as much as rare ones."""
    counts, query = findings.evidence.counts, findings.query
    if not counts.terms or not len(findings.corpus):
        return 0.0
    weights = idf(counts.counts)
    unknown = len(query.terms) - len(counts.terms)
    total = weights.sum() + unknown * float(np.log1p(2 * len(findings.corpus)))
    windows, _ = counts.window(1)
    return float((weights @ (windows > 0)).max() / total) if total else 0.0
