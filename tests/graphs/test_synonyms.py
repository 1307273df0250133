"""Synonyms depend on the names and vectors, not on when they came."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.graphs import KnowledgeGraph
from knowhen.graphs.errors import InvalidInput
from knowhen.graphs.synonyms import Meaning, SynonymFinder

NAMES = [
    "josé garcía",
    "jose garcia",
    "josé garcia",
    "january 1960",
    "january 1961",
    "united states",
    "the united states",
    "united states army",
    "санкт петербург",
    "санкт петербурга",
    "c++",
    "北京大学",
    "北京大学校",
]


def vectors(names: list[str]) -> np.ndarray:
    """Unit vectors by name alone, many of them close."""
    rows = np.array(
        [np.random.default_rng(sum(map(ord, name)) % 7).normal(size=16) for name in names]
    ).reshape(-1, 16)
    noise = np.array([np.random.default_rng(sum(map(ord, n))).normal(size=16) for n in names])
    rows = rows + 0.3 * noise.reshape(-1, 16)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def all_synonyms(finder: SynonymFinder) -> dict[str, dict[str, float]]:
    return {name: finder.synonyms(name) for name in NAMES if name in finder}


@settings(deadline=None, max_examples=60)
@given(
    st.permutations(NAMES),
    st.integers(1, 6),
    st.sets(st.sampled_from(NAMES)),
    st.sampled_from([2, 100]),
)
def test_any_order_and_batching_and_detour_end_in_the_same_synonyms(
    order: list[str], size: int, passing: set[str], limit: int
) -> None:
    whole = SynonymFinder(limit=limit)
    whole.add(NAMES, vectors(NAMES))
    parts, graph = SynonymFinder(limit=limit), KnowledgeGraph()
    for start in range(0, len(order), size):
        batch = order[start : start + size]
        parts.add(batch, vectors(batch)).apply(graph)
    parts.remove(passing).apply(graph)
    again = sorted(passing)
    parts.add(again, vectors(again)).apply(graph)
    assert all_synonyms(parts) == all_synonyms(whole)
    pairs = {(a, b): w for a, each in all_synonyms(whole).items() for b, w in each.items()}
    edges = {(e.source[7:], e.target[7:]): e.weight for e in graph.edges()}
    assert edges.keys() == {pair for pair in pairs if pair[0] < pair[1]}
    assert all(weight == pytest.approx(pairs[pair]) for pair, weight in edges.items())


def test_spelling_is_enough_and_numbers_must_agree() -> None:
    finder = SynonymFinder()
    finder.add(NAMES)
    assert finder.synonyms("josé garcía")["jose garcia"] == 1.0
    assert "санкт петербург" in finder.synonyms("санкт петербурга")
    assert finder.synonyms("january 1960") == {}


@settings(deadline=None, max_examples=80)
@given(st.lists(st.text("abc é", min_size=3, max_size=12), max_size=14, unique=True))
def test_the_index_misses_no_pair_of_like_spelling(names: list[str]) -> None:
    from knowhen.graphs.synonyms import DICE, _trigrams

    finder = SynonymFinder()
    finder.add(names)
    for name in names:
        for other in names:
            if name != other and name in finder and other in finder:
                mine, theirs = _trigrams(name), _trigrams(other)
                dice = 2 * len(mine & theirs) / (len(mine) + len(theirs))
                assert (other in finder.synonyms(name)) == (dice >= DICE)


def test_synonyms_can_be_those_of_hipporag() -> None:
    finder = SynonymFinder(dice=None, same_numbers=False)
    names = ["january 1960", "january 1961", "josé garcía", "jose garcia"]
    change = finder.add(names, np.eye(4, dtype=np.float32)[[0, 0, 1, 2]])
    assert change.added == (("january 1960", "january 1961", 1.0),)
    assert finder.remove(["january 1960"]).removed == (("january 1960", "january 1961"),)


def test_short_names_are_left_alone() -> None:
    finder = SynonymFinder()
    finder.add(["c++", "c#"], np.eye(2, dtype=np.float32)[[0, 0]])
    assert len(finder) == 0


def test_vectors_must_fit() -> None:
    finder = SynonymFinder()
    with pytest.raises(InvalidInput):
        finder.add(["one two"], np.zeros((2, 4), np.float32))
    finder.add(["one two"], np.eye(4, dtype=np.float32)[:1])
    with pytest.raises(InvalidInput):
        finder.add(["three four"], np.eye(5, dtype=np.float32)[:1])
    assert len(finder) == 1
    assert "three four" not in finder


CLOSE = 0.8
SIZE = 1_000
NUMBERED = [f"name {number}" for number in range(SIZE)]


def unit_vectors(seed: int = 0, size: int = SIZE, dimension: int = 48) -> np.ndarray:
    """Vectors in loose groups, so that many are just above and just below the threshold."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(size // 6 + 1, dimension)).repeat(6, axis=0)[:size]
    rows += 0.45 * rng.normal(size=(size, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


VECTORS = unit_vectors()


def added(batches: list[list[int]]) -> dict[tuple[str, str], float]:
    meaning, pairs = Meaning(CLOSE), {}
    for batch in batches:
        meaning.add([NUMBERED[i] for i in batch], VECTORS[batch], pairs)
    return pairs


def every_pair() -> set[tuple[str, str]]:
    left, right = np.nonzero(np.triu(VECTORS @ VECTORS.T >= CLOSE, 1))
    return {
        (min(NUMBERED[i], NUMBERED[j]), max(NUMBERED[i], NUMBERED[j]))
        for i, j in zip(left, right, strict=True)
    }


def test_buckets_hold_nearly_every_close_pair_and_no_other() -> None:
    found, true = set(added([list(range(SIZE))])), every_pair()
    assert len(true) > 800
    assert found <= true
    assert len(found) >= 0.97 * len(true)


@settings(deadline=None, max_examples=5)
@given(st.randoms(use_true_random=False), st.integers(0, SIZE))
def test_small_batches_and_large_ones_find_the_same(random: object, cut: int) -> None:
    order = list(range(SIZE))
    random.shuffle(order)  # type: ignore[attr-defined]
    batches = [order[:cut], *([i] for i in order[cut : cut + 5]), order[cut + 5 :]]
    assert added([batch for batch in batches if batch]) == added([list(range(SIZE))])


def test_a_removed_name_is_close_to_nothing_that_comes_later() -> None:
    meaning, pairs = Meaning(CLOSE), {}
    same = VECTORS[[0, 0, 0]]
    meaning.add(["a", "b"], same[:2], pairs)
    meaning.remove("a")
    meaning.remove("nobody")
    meaning.add(["c"], same[:1], pairs)
    assert set(pairs) == {("a", "b"), ("b", "c")}
    assert pairs["b", "c"] == pytest.approx(1.0)


def test_a_vector_of_another_dimension_is_refused() -> None:
    meaning = Meaning(CLOSE)
    meaning.add(["a"], VECTORS[:1], {})
    with pytest.raises(InvalidInput):
        meaning.add(["b"], VECTORS[:1, :8], {})
