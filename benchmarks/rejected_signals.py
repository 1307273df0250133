"""Signals that were measured and left out of the gate: with them it is no better than without.

`ablate_gate.py` adds each to the shipped ones and prints what it changes. Frequencies in the
world's texts come from wordfreq (Speer 2022; Wikipedia, books, subtitles, news and the web) if
`pip install wordfreq` put it there; it is no dependency of knowhen.
"""

from collections.abc import Callable, Mapping
from importlib.util import find_spec

import numpy as np

from knowhen.memory.language.detection import stop_words
from knowhen.memory.language.entities import find_entities
from knowhen.memory.language.terms import words
from knowhen.memory.search.cues import best, date
from knowhen.memory.search.scoring import Findings

HITS = 5
HIGHEST = 8.0
"""Zipf frequency (logarithm of occurrences in a billion words) of the most frequent word."""


def margin(findings: Findings) -> float:
    """Best cosine less the second best."""
    first = findings.evidence.similarity[best(findings.evidence.similarity, 2)]
    return float(first[0] - first[1]) if len(first) > 1 else 0.0


def rise(findings: Findings) -> float:
    """How far the best cosine stands above the mean, less what the best of so many would."""
    values = findings.evidence.similarity
    spread, chance = float(values.std()) or 1.0, float(np.sqrt(2 * np.log(len(values))))
    return float(values.max() - values.mean()) / spread - chance


def agreement(findings: Findings) -> float:
    """Share of the first hits by terms that are first hits by cosine too."""
    evidence = findings.evidence
    if not evidence.turn_bm25.any():
        return 0.0
    lexical = set(best(evidence.turn_bm25, 2 * HITS).tolist())
    return len(lexical & set(best(evidence.similarity, 2 * HITS).tolist())) / len(lexical)


def support(findings: Findings) -> float:
    """Logarithm of the number of parts that hold half of the query's terms."""
    held = findings.evidence.counts.counts > 0
    return float(np.log1p((2 * held.sum(axis=0) >= max(len(findings.query.terms), 1)).sum()))


def first_hits(findings: Findings) -> float:
    """Share of the query's terms that the first hits hold together."""
    evidence = findings.evidence
    held = evidence.counts.counts[:, best(evidence.turn_bm25, HITS)] > 0
    return float(held.any(axis=1).sum()) / max(len(findings.query.terms), 1)


def thought(findings: Findings) -> float:
    """Match of the best thought."""
    return findings.facts[0].score if findings.facts else 0.0


def expected(findings: Findings) -> float:
    """Logarithm of how many parts are evidence, by recall's own log-odds."""
    return float(np.log(1e-6 + (1 / (1 + np.exp(-findings.scores))).sum()))


def then(findings: Findings) -> float:
    """Share of the query's terms in what was said in the time that it mentions."""
    if not findings.query.days:
        return 0.0
    windows, _ = findings.evidence.counts.window(1)
    held = (windows > 0).sum(axis=0) / max(len(findings.query.terms), 1)
    return float((held * date(findings.evidence)).max())


def foreign_words(findings: Findings) -> float:
    """Rarity in the world's texts of the rarest word that the memory has never met."""
    known = set(findings.evidence.counts.terms)
    new = [term for term in findings.query.terms if term not in known]
    return 1.0 - min((frequency(term) for term in new), default=1.0)


def frequency(text: str) -> float:
    """Frequency of a word or a name in English texts, from 0 for unknown to about 1."""
    from wordfreq import zipf_frequency

    return float(zipf_frequency(text, "en")) / HIGHEST


def subject_frequency(question: str) -> dict[str, float]:
    """How often the names of a question occur: the rarest, the mean, the share unknown."""
    found = [frequency(name) for name in _names(question)] or [0.4]
    return {
        "subject_rarest": min(found),
        "subject_mean": float(np.mean(found)),
        "subject_unknown": float(np.mean([value == 0.0 for value in found])),
    }


def relation_frequency(question: str) -> dict[str, float]:
    """How often the other content words occur: the rarest, the mean."""
    inside = {word for name in _names(question) for word in words(name)}
    rest = [w for w in words(question) if w not in inside and w not in stop_words()["en"]]
    found = [frequency(word) for word in rest] or [0.6]
    return {"relation_rarest": min(found), "relation_mean": float(np.mean(found))}


def _names(question: str) -> list[str]:
    spans = find_entities(question)
    return [question[s.start : s.end] for s in spans if s.kind in ("name", "title")]


COUNTED = find_spec("wordfreq") is not None
"""Whether frequencies in the world's texts can be had."""
_PROBES: tuple[Callable[[Findings], float], ...] = (
    *(margin, rise, agreement, support, first_hits, thought, expected, then),
    *((foreign_words,) if COUNTED else ()),
)
REJECTED: Mapping[str, Callable[[Findings], float]] = {f.__name__: f for f in _PROBES}
