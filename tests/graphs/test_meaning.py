"""Close vectors: those that share a bucket, whatever the order and the batches they came in."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.graphs.errors import InvalidInput
from knowhen.graphs.meaning import Meaning

CLOSE = 0.8
SIZE = 1_000
NAMES = [f"name {number}" for number in range(SIZE)]


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
        meaning.add([NAMES[i] for i in batch], VECTORS[batch], pairs)
    return pairs


def every_pair() -> set[tuple[str, str]]:
    left, right = np.nonzero(np.triu(VECTORS @ VECTORS.T >= CLOSE, 1))
    return {
        (min(NAMES[i], NAMES[j]), max(NAMES[i], NAMES[j])) for i, j in zip(left, right, strict=True)
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
