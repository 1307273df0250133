"""Earlier askings of the same question: they hold all of its words and answer nothing."""

import numpy as np

from knowhen.memory.language.registry import language_of
from knowhen.memory.language.terms import overlap, words
from knowhen.memory.search.bm25 import TermCounts
from knowhen.memory.search.query import Query

SAME = 0.8
"""Overlap of words (Jaccard) from which a part asks what the query asks."""


def echoes(query: Query, counts: TermCounts) -> list[int]:
    """Parts that repeat the query, if it asks for something; a statement may be looked up."""
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
