"""What a query asks for, term by term, and how much of it a text holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.language.detection import detect
from knowhen.memory.language.registry import language_of
from knowhen.memory.language.terms import terms, word_terms, words
from knowhen.memory.search.bm25 import idf
from knowhen.memory.search.cues import Evidence

Floats = NDArray[np.float64]
_FRAME_WEIGHT = 0.25


@dataclass(frozen=True, slots=True)
class Content:
    """Weights of the query's terms, as shares of their sum, and how to find them in a text.

    Terms that the memory has never met weigh as much as the rarest it has. Words that only
    frame the question weigh little, and dates nothing, because people say "last week".
    """

    shares: Mapping[str, float]
    row_shares: Floats
    """The shares of the terms that the memory knows, in the order of `TermCounts`."""
    open: bool
    """Nothing is asked for in particular: all terms only frame the question, or there are none."""
    terms_in: "WordTerms"
    """For a folded word, the terms of the query that it stands for, as bits."""

    def terms_of(self, found: Iterable[str]) -> int:
        """Which terms of the query are among these folded words, as bits."""
        bits = 0
        for word in found:
            bits |= self.terms_in[word]
        return bits

    def held(self, bits: int) -> float:
        """Share of the content that these terms are."""
        return sum(share for place, share in enumerate(self.shares.values()) if bits >> place & 1)


class WordTerms(dict[str, int]):
    """Worked out once for each word that is met, by the rules of the query's own language.

    Bits are a tenth of the cost of sets of stems, and finding out the language of every sentence
    would take longer than all the rest of the gate.
    """

    def __init__(self, wanted: Iterable[str], language: str) -> None:
        super().__init__()
        self._bits = {term: 1 << place for place, term in enumerate(wanted)}
        self._language = language

    def __missing__(self, word: str) -> int:
        bits = 0
        for term in word_terms(word, self._language):
            bits |= self._bits.get(term, 0)
        self[word] = bits
        return bits


def read_content(evidence: Evidence) -> Content:
    """Weigh the terms of a query against a memory."""
    query, counts = evidence.query, evidence.counts
    rarest = float(np.log1p(2.0 * len(evidence.corpus)))
    rarity = dict.fromkeys(query.terms, rarest)
    rarity |= dict(zip(counts.terms, idf(counts.counts).tolist(), strict=True))
    language = language_of(query.text)
    frame = language.frame_terms
    dated = language.calendar_terms | {
        term
        for span in language.find_dates(query.text)
        for term in terms(query.text[span.start : span.end])
    }
    weights = {
        term: 0.0 if term in dated else value * (_FRAME_WEIGHT if term in frame else 1.0)
        for term, value in rarity.items()
    }
    vague = not set(query.terms) - frame
    if not any(weights.values()):
        weights = rarity
    total = sum(weights.values()) or 1.0
    shares = {term: value / total for term, value in weights.items()}
    return Content(
        shares=shares,
        row_shares=np.array([shares[term] for term in counts.terms]),
        open=vague,
        terms_in=WordTerms(shares, detect(words(query.text))),
    )
