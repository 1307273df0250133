"""Restarts of several sorts of seeds, and the small arithmetic of scores."""

import numpy as np
import pytest

from knowhen.graphs import fused, shared_out
from knowhen.graphs.restart import best, scaled, standardised


def test_each_sort_of_seed_has_its_share_and_an_empty_one_leaves_it_to_the_others() -> None:
    groups = [(0.3, {"a": 2.0, "b": 1.0}), (0.3, {}), (0.6, {"b": 5.0})]
    assert shared_out(groups) == pytest.approx({"a": 2 / 9, "b": 1 / 9 + 2 / 3})
    assert shared_out([(1.0, {})]) == {}
    assert shared_out([(0.0, {"a": 1.0}), (0.5, {"b": 1.0})]) == {"b": 1.0}


def test_what_is_walked_to_and_what_matches_are_weighed_against_each_other() -> None:
    walked, dense = np.array([0.5, 0.3, 0.0, 0.0]), np.array([0.0, 0.1, 0.9, 0.1])
    none = np.zeros(4)
    assert fused(walked, dense, none, dense_weight=0.0, lexical_weight=0.0)[:2].tolist() == [0, 1]
    assert fused(walked, dense, none, dense_weight=9.0, lexical_weight=0.0)[0] == 2


def test_best_is_stable_and_bounded() -> None:
    scores = np.array([1.0, 3.0, 3.0, 2.0, 3.0])
    assert best(scores, 2).tolist() == [1, 2]
    assert best(scores, 99).tolist() == [1, 2, 4, 3, 0]
    assert best(scores, 0).tolist() == []
    assert best(np.zeros(0), 3).tolist() == []


def test_equal_scores_scale_to_one_and_standardise_to_zero() -> None:
    assert scaled(np.array([2.0, 2.0])).tolist() == [1.0, 1.0]
    assert scaled(np.array([1.0, 3.0, 2.0])).tolist() == [0.0, 1.0, 0.5]
    assert standardised(np.array([2.0, 2.0])).tolist() == [0.0, 0.0]
    assert standardised(np.zeros(0)).tolist() == []
