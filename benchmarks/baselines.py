"""Plain rankings of turns to stand beside knowhen's: BM25, dense, and their fusion.

Each packs whole turns in rank order, under the same headers as knowhen writes, until the next
one does not fit; of a turn over 600 characters it packs the first third, like everyone may.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from knowhen import Turn
from knowhen.memory.embedders.base import Embedder
from knowhen.memory.language.terms import terms

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WHOLE = 600
K1, B = 1.2, 0.75
RRF = 60
"""Constant of reciprocal rank fusion (Cormack, Clarke and Buettcher, 2009)."""

Ranking = list[int]
"""Positions of turns, best first."""


class Turns:
    """The turns of one conversation, indexed for the baselines."""

    def __init__(self, turns: Sequence[Turn], embedder: Embedder) -> None:
        self.turns, self._embedder = turns, embedder
        self._counts = [Counter(terms(turn.text)) for turn in turns]
        self._lengths = np.array([sum(count.values()) for count in self._counts], float)
        # The measured baseline names the speaker in the text that is embedded.
        self._vectors = embedder.embed([f"{t.speaker or t.role}: {t.text}" for t in turns])

    def bm25(self, query: str) -> Ranking:
        """BM25 over turns; those without a term of the query stay out."""
        scores = _bm25(self._term_counts(query), self._lengths)
        return [i for i in np.argsort(-scores, kind="stable").tolist() if scores[i] > 0]

    def _term_counts(self, query: str) -> Floats:
        """How often each term of the query occurs in each turn, shape (terms, turns)."""
        wanted = dict.fromkeys(terms(query))
        counts = [[count[term] for count in self._counts] for term in wanted]
        return np.array(counts, float).reshape(-1, len(self.turns))

    def _cosines(self, query: str) -> Floats:
        return np.asarray(self._vectors @ self._embedder.embed([query])[0], float)

    def both(self, query: str) -> Floats:
        """Z-scored sum of BM25 and cosine of each turn."""
        lexical = _bm25(self._term_counts(query), self._lengths)
        return _z_score(lexical) + _z_score(self._cosines(query))

    def both_of_groups(self, query: str, groups: Ints) -> Floats:
        """The same of each group of turns: BM25 of their text together, and their best cosine."""
        size = int(groups.max()) + 1
        counts = [np.bincount(groups, row, size) for row in self._term_counts(query)]
        lengths = np.bincount(groups, self._lengths, size).astype(float)
        lexical = _bm25(np.array(counts).reshape(-1, size), lengths)
        best = np.full(size, -1.0)
        np.maximum.at(best, groups, self._cosines(query))
        return _z_score(lexical) + _z_score(best)

    def dense(self, query: str) -> Ranking:
        """Cosine of "speaker: text"."""
        return list(np.argsort(-self._cosines(query), kind="stable").tolist())

    def fused(self, query: str) -> Ranking:
        """Reciprocal rank fusion of the two."""
        return fuse([self.bm25(query), self.dense(query)])

    def users(self, rank: Callable[[str], Ranking]) -> Callable[[str], Ranking]:
        """The same ranking over what users said only."""
        return lambda query: [i for i in rank(query) if self.turns[i].role == "user"]

    def pack(self, ranking: Ranking, budget: int) -> dict[str, str]:
        """Text packed by turn id."""
        packed: dict[str, str] = {}
        groups: set[tuple[str, str]] = set()
        left = budget
        for position in ranking:
            turn = self.turns[position]
            text = turn.text if len(turn.text) <= WHOLE else turn.text[: len(turn.text) // 3 + 1]
            group = (f"{turn.time:%Y-%m-%d %A}" if turn.time else "", turn.session)
            header = "" if group in groups else f"[{', '.join(group)}]\n"
            line = f"{turn.speaker or turn.role} ({turn.id}): {text}\n"
            cost = math.ceil(len(header + line) / 4)
            if cost > left:
                break
            left -= cost
            groups.add(group)
            packed[turn.id] = text
        return packed


def _bm25(counts: Floats, lengths: Floats) -> Floats:
    size, mean = len(lengths), lengths.mean() or 1.0
    found = (counts > 0).sum(axis=1)
    weights = np.log1p((size - found + 0.5) / (found + 0.5))
    norm = counts + K1 * (1 - B + B * lengths / mean)
    return np.asarray(weights @ (counts * (K1 + 1) / norm))


def _z_score(values: Floats) -> Floats:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 0 else np.zeros_like(values)


def fuse(rankings: Sequence[Ranking]) -> Ranking:
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, position in enumerate(ranking, start=1):
            scores[position] = scores.get(position, 0.0) + 1 / (RRF + rank)
    return sorted(scores, key=lambda position: (-scores[position], position))
