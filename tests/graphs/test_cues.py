"""Entities in queries, and the small arithmetic of scores."""

import numpy as np
import pytest

from knowhen.graphs.cues import Cues, best, entities_in, scaled, standardised
from knowhen.graphs.errors import InvalidInput


def test_the_longest_known_name_wins() -> None:
    known = {"new york", "york", "new", "new york times", "c++"}
    assert entities_in("Does the New York Times like C++?", known) == {
        "new york times": 1.0,
        "c++": 1.0,
    }


def test_names_are_found_in_text_without_spaces() -> None:
    known = {"北京", "张伟", "google"}
    assert set(entities_in("张伟什么时候搬到北京？他在 Google 工作", known)) == known


def test_stop_words_alone_are_no_names() -> None:
    known = {"who", "the who"}
    assert entities_in("Who sang?", known, stop={"who"}) == {}
    assert entities_in("Did The Who sing?", known, stop={"who"}) == {"the who": 1.0}


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


def test_scores_must_fit_what_they_score() -> None:
    with pytest.raises(InvalidInput):
        Cues("q", ["turn:1"], np.zeros(2))
    with pytest.raises(InvalidInput):
        Cues("q", ["turn:1"], np.zeros(1), fact_scores=np.zeros(1))
