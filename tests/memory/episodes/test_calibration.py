import json

import numpy as np
import pytest
from streams import units_of

from knowhen.memory.episodes import Calibration, calibrated, calibration_for, make_segmenter
from knowhen.memory.episodes.base import stacked
from knowhen.memory.errors import InvalidInput


def sessions(count: int, *, common: float) -> list[np.ndarray]:
    """Sessions whose vectors all share a direction, as those of many embedders do."""
    rng = np.random.default_rng(0)
    found = []
    for seed in range(count):
        vectors = stacked(units_of(rng.integers(0, 15, 4).repeat(8), seed=seed, scatter=0.3))
        vectors[:, 15] += common
        found.append(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    return found


def test_a_calibration_measures_what_unrelated_turns_have_in_common() -> None:
    plain, shifted = calibrated(sessions(12, common=0.0)), calibrated(sessions(12, common=1.0))
    assert plain.topics.unrelated < 0.15
    assert 0.35 < shifted.topics.unrelated < 0.65
    assert plain.topics.cohesion > 0.3


def test_a_threshold_is_a_percentile_of_the_values() -> None:
    constants = calibrated(sessions(12, common=0.5))
    segmenter = make_segmenter("window", embedder_name="other", calibration=constants)
    units = [u for seed in range(6) for u in units_of([seed % 3] * 8, seed=seed)]
    assert 2 <= len(segmenter.cut(units)) <= 12
    assert set(constants.thresholds) == {"window", "surprisal", "bayesian-surprise"}


def test_a_calibrated_segmenter_finds_the_topics_that_it_was_not_made_for() -> None:
    constants = calibrated(sessions(12, common=1.0))
    segmenter = make_segmenter(embedder_name="other", calibration=constants)
    units = units_of([0] * 6 + [3] * 6 + [7] * 6, scatter=0.15)
    assert [cut.index for cut in segmenter.cut(units)] == [6, 12]


def test_a_calibration_survives_json() -> None:
    constants = calibrated(sessions(12, common=0.5))
    assert Calibration.load(json.loads(json.dumps(constants.dump()))) == constants


def test_one_long_session_is_enough_and_a_short_one_is_not() -> None:
    assert calibrated([np.concatenate(sessions(10, common=0.0))]).topics.unrelated < 0.2
    with pytest.raises(InvalidInput, match="at least 200 turns"):
        calibrated(sessions(2, common=0.0))


def test_each_shipped_embedder_has_its_own_constants() -> None:
    lexical, local = calibration_for("lexical-1024"), calibration_for("all-MiniLM-L6-v2")
    assert lexical.topics.unrelated < local.topics.unrelated
    assert calibration_for("text-embedding-3-small") == local
