"""What may count as evidence: said by the time asked about, and not a question left open.

Agents store what is asked of them, so a question that nobody could answer would become its own
evidence the second time. A question that somebody did answer counts: it says what "yes" means.
"""

from dataclasses import replace

import numpy as np

from knowhen.memory.language.registry import language_of
from knowhen.memory.search.cues import Evidence
from knowhen.memory.search.scoring import Findings, best
from knowhen.memory.view.corpus import NONE

NEAREST = 12
"""First hits whose wording is read; questions that end in a mark are found wherever they are."""


def countable(findings: Findings) -> Findings:
    """The findings as the gate may see them; mostly the very same."""
    hidden = ~np.isfinite(findings.scores)  # later than the search may know, or the query itself
    hidden[_unanswered(findings)] = True
    if not hidden.any():
        return findings
    evidence = findings.evidence
    similarity = evidence.similarity.copy()
    similarity[hidden] = similarity[~hidden].min() if not hidden.all() else 0.0
    seen = Evidence(
        query=evidence.query,
        corpus=evidence.corpus,
        counts=evidence.counts.without(hidden),
        similarity=similarity,
    )
    return replace(findings, evidence=seen)


def _unanswered(findings: Findings) -> list[int]:
    """Parts that ask about what the query asks and got no answer, with replies that say so."""
    corpus = findings.corpus
    if "assistant" not in corpus.role:
        return []
    found: list[int] = []
    for part in _asking(findings):
        turn, reply = int(corpus.turn_of[part]), int(corpus.after[part])
        if reply == NONE:
            found.append(part)
            continue
        replying = int(corpus.turn_of[reply])
        if corpus.speaker[replying] == corpus.speaker[turn] and replying != turn:
            found.append(part)
        elif corpus.role[replying] == "assistant" and _refuses(corpus.text(reply)):
            found += [part, reply]
    return found


def _asking(findings: Findings) -> list[int]:
    """Parts near the query that ask and say nothing, by their marks or their words."""
    corpus, evidence = findings.corpus, findings.evidence
    holding = evidence.counts.counts.sum(axis=0) > 0
    marked = np.flatnonzero((corpus.question == 1.0) & holding).tolist()
    lexical, similar = best(evidence.turn_bm25, NEAREST), best(evidence.similarity, NEAREST)
    nearest = dict.fromkeys((*lexical[holding[lexical]].tolist(), *similar.tolist()))
    worded = [part for part in nearest if _asks(corpus.text(part))]
    return list(dict.fromkeys((*marked, *worded)))


def _asks(text: str) -> bool:
    return language_of(text).asks(text)


def _refuses(text: str) -> bool:
    return language_of(text).refuses(text)
