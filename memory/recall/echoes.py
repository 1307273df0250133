"""Earlier askings of the same question: they hold all of its words and answer nothing."""

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.gate.dialogue import read_utterance
from knowhen.memory.recall.bm25 import TermCounts
from knowhen.memory.recall.query import Query
from knowhen.memory.text.analyzer import words

SAME = 0.8
"""Overlap of words (Jaccard) from which a part asks what the query asks."""


def echoes(query: Query, counts: TermCounts) -> NDArray[np.int64]:
    """Parts that repeat the query, if it asks for something; a statement may be looked up."""
    none = np.empty(0, np.int64)
    if len(counts.terms) < len(query.terms) or not query.terms:
        return none  # an earlier asking would have brought every term
    said = read_utterance(query.text)
    if not (said.question or said.request):
        return none
    # Few parts hold all terms; of those only short ones can be the query over again.
    short = counts.corpus.length <= 2 * len(query.terms) + 2
    candidates = np.flatnonzero((counts.counts > 0).all(axis=0) & short)
    wanted = set(words(query.text))
    repeating = [
        part for part in candidates.tolist() if _overlap(wanted, counts.corpus.text(part)) >= SAME
    ]
    return np.array(repeating, np.int64)


def _overlap(wanted: set[str], text: str) -> float:
    found = set(words(text))
    return len(wanted & found) / len(wanted | found)
