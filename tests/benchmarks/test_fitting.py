"""Fitting a head, and how far its probabilities come true."""

import pytest
from fitting import calibration_error, diagram, fit_head, reliability


def test_a_head_is_written_in_the_features_own_units() -> None:
    rows = [{"far": 1000.0 * (index % 2), "flat": 1.0} for index in range(40)]
    head = fit_head(rows, [bool(index % 2) for index in range(40)], ["far", "flat"])
    assert head.probability({"far": 1000.0, "flat": 1.0}) > 0.8
    assert head.probability({"far": 0.0, "flat": 1.0}) < 0.2
    assert head.weights["flat"] == 0.0


def test_reliability_is_perfect_only_on_the_diagonal() -> None:
    right = reliability([0.25] * 4 + [0.75] * 4, [True, False, False, False] + [True] * 3 + [False])
    assert calibration_error(right) == pytest.approx(0.0)
    wrong = reliability([0.95] * 4, [False] * 4)
    assert calibration_error(wrong) == pytest.approx(0.95)
    assert "#" in diagram(wrong) and "|" in diagram(wrong)
