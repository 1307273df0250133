"""The incremental scores against networkx, one split at a time."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from networkx.algorithms.community import modularity

from knowhen.memory.episodes.similarity_graph import best_split, similarity, split_scores


def weights_of(size: int, seed: int) -> np.ndarray:
    return similarity(np.random.default_rng(seed).normal(size=(size, 4)))


@settings(deadline=None, max_examples=25)
@given(st.integers(3, 12), st.integers(0, 99))
def test_scores_are_the_textbook_ones(size: int, seed: int) -> None:
    weights = weights_of(size, seed)
    assume(weights.sum() > 0)
    graph = nx.from_numpy_array(weights)
    found = {kind: split_scores(weights, kind) for kind in ("modularity", "conductance")}
    for split in range(1, size):
        left, right = set(range(split)), set(range(split, size))
        assert found["modularity"][split] == pytest.approx(modularity(graph, [left, right]))
        if min(weights[:split].sum(), weights[split:].sum()) > 0:
            expected = nx.conductance(graph, left, right, weight="weight")
            assert found["conductance"][split] == pytest.approx(-expected)


def test_weights_are_never_negative_and_nothing_is_like_itself() -> None:
    weights = weights_of(9, 0)
    assert weights.min() >= 0
    assert np.diag(weights).tolist() == [0] * 9


def test_unrelated_units_leave_a_boundary_where_it_is() -> None:
    weights = similarity(np.eye(6))
    assert best_split(weights, "modularity", least=2, most=4, given=3) == 3
    assert best_split(weights, "conductance", least=2, most=4, given=3) == 3


@pytest.mark.parametrize("kind", ["modularity", "conductance"])
def test_the_best_split_parts_two_clusters(kind: str) -> None:
    weights = similarity(np.eye(3)[[0, 0, 0, 0, 1, 1, 1]] + 0.1)
    assert best_split(weights, kind, least=2, most=5, given=2) == 4  # type: ignore[arg-type]
