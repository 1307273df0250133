"""Plain rankings of turns to stand beside knowhen's: BM25, dense, and their fusion.

Each packs whole turns in rank order, under the same headers as knowhen writes, until the next
one does not fit; of a turn over 600 characters it packs the first third, like everyone may.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from knowhen import Turn
from knowhen.memory.embedders.base import Embedder
from knowhen.memory.text.analyzer import terms

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
        self._found = Counter(term for count in self._counts for term in count)
        # The measured baseline names the speaker in the text that is embedded.
        self._vectors = embedder.embed([f"{t.speaker or t.role}: {t.text}" for t in turns])

    def bm25(self, query: str) -> Ranking:
        """BM25 over turns; those without a term of the query stay out."""
        size, mean = len(self.turns), self._lengths.mean() or 1.0
        scores = np.zeros(size)
        for term in dict.fromkeys(terms(query)):
            found = self._found[term]
            weight = math.log1p((size - found + 0.5) / (found + 0.5))
            counts = np.array([count[term] for count in self._counts], float)
            scores += (
                weight * counts * (K1 + 1) / (counts + K1 * (1 - B + B * self._lengths / mean))
            )
        return [i for i in np.argsort(-scores, kind="stable").tolist() if scores[i] > 0]

    def dense(self, query: str) -> Ranking:
        """Cosine of "speaker: text"."""
        similarity = self._vectors @ self._embedder.embed([query])[0]
        return list(np.argsort(-similarity, kind="stable").tolist())

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


def fuse(rankings: Sequence[Ranking]) -> Ranking:
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, position in enumerate(ranking, start=1):
            scores[position] = scores.get(position, 0.0) + 1 / (RRF + rank)
    return sorted(scores, key=lambda position: (-scores[position], position))
