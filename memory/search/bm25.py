"""BM25 over parts, over windows of parts, and over events, from one set of postings.

Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), section 3. A window or
an event is the sum of its parts, so no second index is needed: counts are added up per query.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.view.corpus import NONE, Corpus

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class TermCounts:
    """How often each query term occurs in each part: shape (terms, parts)."""

    def __init__(
        self,
        corpus: Corpus,
        postings: Mapping[str, tuple[Ints, Ints]],
        terms: Sequence[str],
        share: Callable[[str], float] = lambda _: 1.0,
    ) -> None:
        self.terms = [term for term in dict.fromkeys(terms) if term in postings]
        self.shares = np.array([share(term) for term in self.terms])
        """What each term counts for beside its rarity, shape (terms,)."""
        self.corpus = corpus
        self._windows: dict[int, tuple[Floats, Floats]] = {}
        self.counts = np.zeros((len(self.terms), len(corpus)))
        for row, term in enumerate(self.terms):
            ids, counts = postings[term]
            where = np.searchsorted(corpus.part_id, ids)
            inside = where < len(corpus)
            inside[inside] = corpus.part_id[where[inside]] == ids[inside]
            self.counts[row, where[inside]] = counts[inside]

    def without(self, hidden: NDArray[np.bool_]) -> "TermCounts":
        """The same, as if nothing were said in these parts; terms of theirs alone are gone."""
        rest = copy(self)
        counts = self.counts * ~hidden
        kept = np.flatnonzero(counts.any(axis=1))
        rest.shares = self.shares[kept]
        rest.terms, rest.counts = [self.terms[row] for row in kept.tolist()], counts[kept]
        rest._windows = {}
        return rest

    @property
    def weights(self) -> Floats:
        """What each term is worth in a part: its share of its inverse document frequency."""
        return np.asarray(idf(self.counts) * self.shares)

    def window(self, radius: int) -> tuple[Floats, Floats]:
        """Counts and lengths summed over `radius` neighbours on both sides, within a session.

        Kept for the next cue that asks; not to be written to.
        """
        if radius not in self._windows:
            self._windows[radius] = self._window(radius)
        return self._windows[radius]

    def _window(self, radius: int) -> tuple[Floats, Floats]:
        # One row more, all zero, for NONE to point at; rows of parts gather faster than columns,
        # and `take` twice as fast as an index.
        part_counts = np.vstack([self.counts.T, np.zeros((1, len(self.terms)))])
        part_lengths = np.append(self.corpus.length, 0)
        counts, lengths = part_counts.copy(), part_lengths.copy()
        for step in (self.corpus.before, self.corpus.after):
            onward = here = np.append(step, NONE)
            for _ in range(radius):
                counts += part_counts.take(here, axis=0)
                lengths += part_lengths.take(here)
                here = onward.take(here)
        return counts[:-1].T, lengths[:-1]

    def groups(self, group: Ints) -> tuple[Floats, Floats]:
        """Counts and lengths summed over groups; a part without a group stands alone as 0."""
        total = int(group.max(initial=NONE)) + 1
        counts = np.zeros((len(self.terms), total))
        inside = group != NONE
        for row in range(len(self.terms)):
            counts[row] = np.bincount(
                group[inside], weights=self.counts[row, inside], minlength=total
            )
        lengths = np.bincount(
            group[inside], weights=self.corpus.length[inside], minlength=total
        ).astype(np.float64)
        return counts, lengths


def idf(counts: Floats) -> Floats:
    """Inverse document frequency of each row of counts, never negative; shape (terms,)."""
    size = counts.shape[1]
    found = (counts > 0).sum(axis=1)
    return np.asarray(np.log1p((size - found + 0.5) / (found + 0.5)))


def bm25(
    counts: Floats,
    lengths: Floats,
    *,
    weights: Floats | None = None,
    shares: Floats | None = None,
    k1: float = 1.2,
    b: float = 0.75,
) -> Floats:
    """Score of each column; `weights` replaces the inverse document frequencies, times `shares`."""
    if not counts.size:
        return np.zeros(counts.shape[1])
    if weights is None:
        weights = idf(counts) if shares is None else idf(counts) * shares
    mean = lengths.mean() or 1.0
    norm = k1 * (1 - b + b * lengths / mean)
    return np.asarray(weights @ (counts * (k1 + 1) / (counts + norm)))
