"""Synonym edges between entities: alike in spelling or in meaning, found as names arrive."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from knowhen.graphs.errors import InvalidInput
from knowhen.graphs.knowledge import Edge, KnowledgeGraph
from knowhen.graphs.names import alphanumerics

COSINE = 0.8
"""Cosine from which two names are synonyms (HippoRAG 2, section 3)."""
DICE = 0.85
"""Share of character trigrams from which two names are synonyms."""
LIMIT = 100
"""Synonyms of one entity, as in HippoRAG."""

TABLES = 8
BUCKETS = 512
"""Of one table: twice the number of its random directions."""
ENTRIES = 2
"""Nearest buckets, in each table, under which a vector stands."""

_FEW = 512
"""Up to so many new vectors, one product with all is quicker than looking into buckets."""
_MARGIN = 1e-4
_SEED = 7
_ROWS = 16

Vectors = NDArray[np.float32]
Integers = NDArray[np.int64]
_SHORTEST = 3

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SynonymChange:
    """What names that come or go do to the synonyms; pairs are in the order of strings."""

    added: tuple[tuple[str, str, float], ...] = ()
    removed: tuple[Pair, ...] = ()

    def apply(self, graph: KnowledgeGraph, prefix: str = "entity:") -> None:
        """Make the change in the graph, each pair being a source of its own."""
        for first, second in self.removed:
            graph.remove(_source(first, second))
        graph.add_all(
            (
                _source(first, second),
                [Edge(prefix + first, prefix + second, "synonym", weight)],
                (),
            )
            for first, second, weight in self.added
        )


class SynonymFinder:
    """Keeps the synonyms of a growing and shrinking set of normalised names.

    Two names are synonyms if their cosine is at least `cosine` and they share a bucket of some
    table of hashes (of pairs at .8, 998 in 1,000 do, see `meaning`), or if the Dice coefficient
    of their character trigrams is at least `dice` (1 for the same letters without accents). No
    numbers in them may differ, both need more than two letters or digits, and each is among the
    `limit` best of the other. The weight is the larger of the two similarities. This depends on
    the names and vectors alone, so any order and any batching end in the same synonyms.

    Spelling is compared with names that share a rare trigram (prefix filtering, exact), meaning
    with names that share a bucket.

    `dice=None, same_numbers=False` finds the synonyms of HippoRAG 2, for comparison.
    """

    def __init__(
        self,
        *,
        cosine: float = COSINE,
        dice: float | None = DICE,
        same_numbers: bool = True,
        limit: int = LIMIT,
    ) -> None:
        self._limit, self._same_numbers = limit, same_numbers
        self._spelling = _Spelling(dice) if dice is not None else None
        self._meaning = Meaning(cosine)
        self._close: dict[str, dict[str, float]] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._close

    def __len__(self) -> int:
        return len(self._close)

    def synonyms(self, name: str) -> dict[str, float]:
        """The synonyms of a known name with their weights."""
        return {other: weight for other, weight in self._best(name) if self._mutual(name, other)}

    def add(self, names: Sequence[str], vectors: Vectors | None = None) -> SynonymChange:
        """Take up names; `vectors` are of unit length, shape (len(names), dimension).

        Names already known, and those too short to be told apart, are left as they are.

        Raises:
            InvalidInput: the vectors do not fit the names or the vectors before.
        """
        if vectors is not None and (vectors.ndim != 2 or len(vectors) != len(names)):
            raise InvalidInput(f"{len(names)} names need a vector each, not {vectors.shape}")
        places = {
            name: place
            for place, name in enumerate(names)
            if name not in self._close and alphanumerics(name) >= _SHORTEST
        }
        new = sorted(places)
        pairs: dict[Pair, float] = {}
        if vectors is not None and new:
            self._meaning.add(new, vectors[[places[name] for name in new]], pairs)
        for name in new:
            if self._spelling is not None:
                self._spelling.add(name, pairs)
            self._close[name] = {}
        touched = {name for pair in pairs for name in pair}
        before = self._edges(touched)
        for (first, second), weight in pairs.items():
            if not self._same_numbers or _numbers(first) == _numbers(second):
                self._close[first][second] = self._close[second][first] = weight
        return self._change(before, touched)

    def remove(self, names: Iterable[str]) -> SynonymChange:
        """Forget names; unknown ones are passed over."""
        gone = [name for name in dict.fromkeys(names) if name in self._close]
        touched = set(gone).union(*(self._close[name] for name in gone))
        before = self._edges(touched)
        for name in gone:
            for other in self._close.pop(name):
                if other in self._close:
                    del self._close[other][name]
            if self._spelling is not None:
                self._spelling.remove(name)
            self._meaning.remove(name)
        return self._change(before, touched & self._close.keys())

    def _change(self, before: dict[Pair, float], touched: set[str]) -> SynonymChange:
        after = self._edges(touched)
        return SynonymChange(
            tuple((*pair, weight) for pair, weight in sorted(after.items()) if pair not in before),
            tuple(sorted(before.keys() - after.keys())),
        )

    def _edges(self, names: Iterable[str]) -> dict[Pair, float]:
        return {
            (min(name, other), max(name, other)): weight
            for name in names
            if name in self._close
            for other, weight in self.synonyms(name).items()
        }

    def _best(self, name: str) -> list[tuple[str, float]]:
        close = self._close[name].items()
        if len(close) <= self._limit:
            return list(close)
        return sorted(close, key=lambda item: (-item[1], item[0]))[: self._limit]

    def _mutual(self, name: str, other: str) -> bool:
        close = self._close[other]
        if len(close) <= self._limit:
            return True
        return any(each == name for each, _ in self._best(other))


class _Spelling:
    """Names by the first of their trigrams in a fixed order.

    Two sets of grams with a Dice coefficient of at least d share a gram among the first
    n - ceil(n x d / (2 - d)) + 1 of each, whatever the order (Chaudhuri, Ganti and Kaushik,
    "A Primitive Operator for Similarity Joins", 2006, section 4).
    """

    def __init__(self, dice: float) -> None:
        self._dice = dice
        self._grams: dict[str, frozenset[str]] = {}
        self._postings: dict[str, dict[int, set[str]]] = {}
        """Names by a gram of their prefix, and by how many grams they have."""

    def add(self, name: str, pairs: dict[Pair, float]) -> None:
        grams = _trigrams(name)
        self._grams[name] = grams
        size = len(grams)
        seen: set[str] = set()
        for gram in self._prefix(grams):
            for other_size, posting in self._postings.get(gram, {}).items():
                if 2 * min(size, other_size) >= self._dice * (size + other_size):
                    seen |= posting
            self._postings.setdefault(gram, {}).setdefault(size, set()).add(name)
        for other in seen:
            others = self._grams[other]
            dice = 2.0 * len(grams & others) / (size + len(others))
            if dice >= self._dice:
                pair = (min(name, other), max(name, other))
                pairs[pair] = max(dice, pairs.get(pair, 0.0))

    def remove(self, name: str) -> None:
        grams = self._grams.pop(name)
        for gram in self._prefix(grams):
            sizes = self._postings[gram]
            sizes[len(grams)].remove(name)
            if not sizes[len(grams)]:
                del sizes[len(grams)]
            if not sizes:
                del self._postings[gram]

    def _prefix(self, grams: frozenset[str]) -> list[str]:
        needed = ceil(len(grams) * self._dice / (2.0 - self._dice) - 1e-9)
        return sorted(grams, key=_commonness)[: len(grams) - needed + 1]


def _trigrams(name: str) -> frozenset[str]:
    """Trigrams of the letters without accents, words padded with spaces."""
    plain = "".join(
        sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign)
    )
    padded = f" {plain} "
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))


_COMMON = {sign: 30 - place for place, sign in enumerate(" eaoinrtslcdhumpgbfyvk0123456789")}


def _commonness(gram: str) -> tuple[int, str]:
    """Sorts rare trigrams first by a fixed guess, since the order may not depend on the names."""
    return sum(_COMMON.get(sign, 0) for sign in gram), gram


def _numbers(name: str) -> tuple[str, ...]:
    digits = "".join(sign if sign.isdigit() else " " for sign in name)
    return tuple(sorted(digits.split()))


def _source(first: str, second: str) -> str:
    return f"synonym:{first}\n{second}"


class Meaning:
    """Unit vectors in one growing matrix; a name that goes leaves its row to the next.

    What is close depends on the vectors alone, never on the order or the batches they came in.
    """

    def __init__(self, cosine: float) -> None:
        self._cosine = cosine
        self._rows: dict[str, int] = {}
        self._names: list[str] = []
        self._free: list[int] = []
        self._matrix: Vectors = np.zeros((0, 0), np.float32)
        self._buckets: NDArray[np.int16] = np.zeros((0, TABLES, ENTRIES), np.int16)
        self._directions: Vectors = np.zeros((0, 0), np.float32)

    def add(self, names: Sequence[str], vectors: Vectors, pairs: dict[Pair, float]) -> None:
        """Take up names, and enter their close pairs with the cosine.

        Raises:
            InvalidInput: the vectors are of another dimension than those before.
        """
        dimension = vectors.shape[1]
        if self._rows and dimension != self._matrix.shape[1]:
            raise InvalidInput(
                f"vectors of dimension {dimension} do not fit those of dimension "
                f"{self._matrix.shape[1]}"
            )
        rows = np.array([self._place(name, dimension) for name in names], np.int64)
        self._matrix[rows] = vectors
        self._buckets[rows] = self._hashed(self._matrix[rows])
        nominated = self._among_all(rows) if len(rows) <= _FEW else self._among_buckets(rows)
        for left, right in nominated:
            for first, second, cosine in self._exact(left, right):
                pairs[first, second] = cosine

    def remove(self, name: str) -> None:
        """Forget a name; an unknown one is passed over."""
        row = self._rows.pop(name, None)
        if row is not None:
            self._matrix[row] = 0.0
            self._free.append(row)

    def _among_all(self, rows: Integers) -> Iterator[tuple[Integers, Integers]]:
        known = self._matrix[: len(self._names)]
        places, right = self._near(rows, known)
        left = rows[places]
        shared = self._buckets[left][:, :, :, None] == self._buckets[right][:, :, None, :]
        kept = shared.any(axis=(1, 2, 3)) & (left != right)
        yield left[kept], right[kept]

    def _among_buckets(self, rows: Integers) -> Iterator[tuple[Integers, Integers]]:
        fresh = np.zeros(len(self._names), np.bool_)
        fresh[rows] = True
        edges = np.arange(BUCKETS + 1)
        for table in range(TABLES):
            buckets = self._buckets[: len(self._names), table].ravel()
            order = np.argsort(buckets, kind="stable")
            starts = np.searchsorted(buckets[order], edges)
            for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
                members = order[start:end] // ENTRIES
                new = members[fresh[members]]
                left, right = self._near(new, self._matrix[members])
                kept = new[left] != members[right]
                yield new[left[kept]], members[right[kept]]

    def _near(self, rows: Integers, others: Vectors) -> tuple[Integers, Integers]:
        """Places in `rows` and in `others` of what may be close enough."""
        found = []
        for start in range(0, len(rows), _FEW):
            # Products round by their shape, so they only nominate.
            cosines = self._matrix[rows[start : start + _FEW]] @ others.T
            left, right = np.nonzero(cosines >= self._cosine - _MARGIN)
            found.append((left + start, right))
        if not found:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        lefts, rights = zip(*found, strict=True)
        return np.concatenate(lefts), np.concatenate(rights)

    def _exact(self, left: Integers, right: Integers) -> Iterator[tuple[str, str, float]]:
        for start in range(0, len(left), _FEW * 8):
            part = slice(start, start + _FEW * 8)
            first = self._matrix[left[part]].astype(np.float64)
            cosines = (first * self._matrix[right[part]]).sum(axis=1)
            for i, j, cosine in zip(
                left[part].tolist(), right[part].tolist(), cosines.tolist(), strict=True
            ):
                if cosine >= self._cosine:
                    names = self._names[i], self._names[j]
                    yield min(names), max(names), min(cosine, 1.0)

    def _hashed(self, vectors: Vectors) -> NDArray[np.int16]:
        """The nearest buckets of each vector, shape (n, tables, entries)."""
        dimension = vectors.shape[1]
        if len(self._directions) != dimension:
            shape = (dimension, TABLES * BUCKETS // 2)
            rng = np.random.default_rng(_SEED)
            self._directions = rng.standard_normal(shape).astype(np.float32)
        found = np.zeros((len(vectors), TABLES, ENTRIES), np.int16)
        for start in range(0, len(vectors), _ROWS):
            part = vectors[start : start + _ROWS]
            # Always as many rows, since products round by their shape.
            block = np.zeros((_ROWS, dimension), np.float32)
            block[: len(part)] = part
            projected = (block @ self._directions)[: len(part)].reshape(len(part), TABLES, -1)
            scores = np.concatenate([-projected, projected], axis=2)
            nearest = np.argpartition(scores, ENTRIES - 1, axis=2)[:, :, :ENTRIES]
            found[start : start + _ROWS] = nearest
        return found

    def _place(self, name: str, dimension: int) -> int:
        if self._free:
            row = self._free.pop()
            self._names[row] = name
        else:
            row = len(self._names)
            self._names.append(name)
            if row == len(self._matrix):
                self._grow(max(64, row * 3 // 2), dimension)
        self._rows[name] = row
        return row

    def _grow(self, size: int, dimension: int) -> None:
        old, buckets = self._matrix, self._buckets
        self._matrix = np.zeros((size, dimension), np.float32)
        self._matrix[: len(old)] = old if len(old) else 0.0
        self._buckets = np.zeros((size, TABLES, ENTRIES), np.int16)
        self._buckets[: len(old)] = buckets
