"""Boundaries move to the best split, whose scores are the textbook ones."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from networkx.algorithms.community import modularity
from streams import FixedSegmenter, places, units_of

from knowhen.memory.episodes import Limits, RefiningSegmenter
from knowhen.memory.episodes.refining import Objective, best_split, similarity, split_scores


@pytest.mark.parametrize("objective", ["modularity", "conductance"])
def test_a_boundary_moves_to_the_change_on_either_side(objective: Objective) -> None:
    for change in (4, 8):
        units = units_of([0] * change + [1] * (12 - change) + [2] * 8, scatter=0.1)
        base = FixedSegmenter(6)
        assert places(base.cut(units))[:2] == [6, 12]
        assert places(RefiningSegmenter(base, objective).cut(units))[0] == change


def test_the_paper_s_own_rule_moves_boundaries_back_only() -> None:
    for change in (4, 8):
        units = units_of([0] * change + [1] * (12 - change) + [2] * 8, scatter=0.1)
        refined = RefiningSegmenter(FixedSegmenter(6), left_only=True).cut(units)
        assert refined[0].index == 4 if change == 4 else refined[0].index <= 6


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=40), st.booleans(), st.integers(2, 7))
def test_refined_events_keep_their_least_size_and_their_order(
    topics: list[int], left_only: bool, size: int
) -> None:
    base = FixedSegmenter(size, Limits(least=2))
    units = units_of(np.cumsum(topics) % 16)
    found = places(RefiningSegmenter(base, left_only=left_only).cut(units))
    assert all(end - first >= 2 for first, end in zip([0, *found], found, strict=False))


def test_forced_boundaries_stay() -> None:
    units = units_of([0] * 10, minutes=[0, 1, 2, 3, 4, 200, 201, 202, 203, 204])
    refined = RefiningSegmenter(FixedSegmenter(20)).cut(units)
    assert [(cut.index, cut.forced) for cut in refined] == [(5, True)]


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
