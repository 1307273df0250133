"""Fitting, thresholds and reliability."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from two_friends import SAID, turns

from knowhen import MemoryManager
from knowhen.memory.errors import InvalidInput
from knowhen.memory.gate.calibration import (
    Calibration,
    Scored,
    Trace,
    adapt,
    calibrate,
    fit_logistic,
    quantile,
    threshold,
)
from knowhen.memory.gate.heads import BIAS, Head, logit, shipped_heads, sigmoid
from knowhen.memory.gate.signals import WORDS
from knowhen.memory.settings import GateSettings, Settings


@settings(deadline=None, max_examples=50)
@given(
    scores=st.lists(st.floats(-50, 50), min_size=1, max_size=200),
    error=st.floats(0.01, 0.5),
)
def test_the_threshold_loses_no_more_than_it_may(scores: list[float], error: float) -> None:
    cut = threshold(scores, error)
    assert np.mean(np.array(scores) < cut) <= error


def test_coverage_of_new_scores_is_as_promised() -> None:
    rng = np.random.default_rng(1)
    covered = [
        float(rng.normal() >= threshold(rng.normal(size=99).tolist(), 0.1)) for _ in range(3000)
    ]
    assert np.mean(covered) == pytest.approx(0.9, abs=0.02)


def test_too_few_scores_promise_nothing_and_keep_everything() -> None:
    assert threshold([1.0] * 8, 0.1) == -np.inf
    assert threshold([1.0] * 9, 0.1) == 1.0


@pytest.mark.parametrize("error", [0.0, 1.0, -1.0])
def test_an_error_that_is_no_share_is_refused(error: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        threshold([1.0], error)


def test_misses_lower_the_level_and_hits_raise_it() -> None:
    assert adapt(0.1, missed=True, error=0.1) < 0.1 < adapt(0.1, missed=False, error=0.1)


def test_the_adaptive_level_settles_at_the_chosen_error() -> None:
    rng = np.random.default_rng(0)
    level, misses = 0.4, []
    for _ in range(4000):
        missed = bool(rng.random() < level)
        misses.append(missed)
        level = adapt(level, missed=missed, error=0.1)
    assert np.mean(misses[1000:]) == pytest.approx(0.1, abs=0.02)


def test_newton_finds_the_weights_that_made_the_labels() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(4000, 2))
    chance = 1 / (1 + np.exp(-(values @ [1.5, -0.7] + 0.3)))
    weights, bias = fit_logistic(values, (rng.random(4000) < chance).astype(float), penalty=0.1)
    assert weights == pytest.approx([1.5, -0.7], abs=0.15)
    assert bias == pytest.approx(0.3, abs=0.15)


def test_separable_labels_do_not_blow_up() -> None:
    weights, _ = fit_logistic(np.array([[0.0], [1.0]] * 20), np.array([0.0, 1.0] * 20))
    assert np.isfinite(weights).all()


def test_contributions_are_measured_from_a_typical_query() -> None:
    head = Head({"a": 2.0, BIAS: -1.0}, {"a": 0.5}, slope=0.5, shift=0.25)
    assert head.logit({"a": 1.0}) == pytest.approx(0.75)
    assert head.contributions({"a": 1.0}) == {"a": pytest.approx(0.5)}
    assert sigmoid(logit(0.3)) == pytest.approx(0.3)


@pytest.mark.parametrize("family", ["lexical", "semantic"])
def test_shipped_weights_name_features_that_exist(family: str) -> None:
    heads = shipped_heads(family)
    assert set(heads.need.weights) | set(heads.have.weights) <= {*WORDS, BIAS}
    assert list(heads.levels) == sorted(heads.levels)
    assert 0 <= heads.levels[0] < heads.levels[-1] <= 1
    assert heads.need.weights["named"] > 0
    assert heads.have.weights["sentence_lead"] > 0 > heads.have.weights["other_reply"]


def scored(have: float, *, held: bool) -> Scored:
    """A trace of a query that surely needs memory."""
    return Scored(Trace("?", needed=True, held=held), need=30.0, have=have)


def test_calibrating_repairs_overconfident_log_odds() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=600)
    held = rng.random(600) < 1 / (1 + np.exp(-truth))
    fitted = calibrate(
        [scored(float(4 * t), held=bool(label)) for t, label in zip(truth, held, strict=True)]
    )
    assert fitted.have[0] == pytest.approx(0.25, abs=0.08)
    assert fitted.need == (1.0, 0.0)
    assert Calibration.from_json(fitted.to_json()) == fitted


def test_the_fitted_cut_keeps_what_it_promises() -> None:
    rng = np.random.default_rng(3)
    traces = [scored(float(rng.normal(2.0)), held=True) for _ in range(200)]
    traces += [scored(float(rng.normal(-1.0)), held=False) for _ in range(200)]
    fitted = calibrate(traces, error=0.1)
    cut = fitted.cut(shipped_heads("lexical"))
    slope, shift = fitted.have
    kept = [sigmoid(slope * each.have + shift) >= cut for each in traces if each.trace.held]
    assert 0.88 <= np.mean(kept) <= 0.92


def test_too_few_answers_to_promise_anything_let_nothing_go() -> None:
    traces = [scored(float(number), held=True) for number in range(21)]
    traces += [scored(-5.0 - number, held=False) for number in range(30)]
    fitted = calibrate(traces, error=0.04)
    assert fitted.cut(shipped_heads("lexical")) == 0.0


def test_too_few_held_answers_leave_the_threshold_as_shipped() -> None:
    traces = [
        Scored(Trace("?", needed=number % 2 == 0, held=number < 10), need=number % 2, have=0.0)
        for number in range(60)
    ]
    heads = shipped_heads("lexical")
    fitted = calibrate(traces)
    assert fitted.need != (1.0, 0.0) and not fitted.levels
    assert fitted.cut(heads) == Calibration().cut(heads)


def test_too_few_traces_are_refused(memory: MemoryManager) -> None:
    with pytest.raises(InvalidInput, match="20 traces"):
        memory.calibrate([Trace("Where does Nora work?", needed=True, held=True)])


def test_a_users_own_traces_move_the_threshold(memory: MemoryManager) -> None:
    held = ["Where does Nora work?", "What does Ivo bake?", "Who is Petra?", "Where did Nora move?"]
    absent = ["Where does Ivo work?", "What does Nora bake?", "What is Ivo's shoe size?"]
    traces = [Trace(query, needed=True, held=True) for query in held * 6]
    traces += [Trace(query, needed=True, held=False) for query in absent * 8]
    before = memory.decide("Where does Nora work?").have
    fitted = memory.calibrate(traces, error=0.1)
    assert fitted.have != (1.0, 0.0)
    assert memory.decide("Where does Nora work?").have != before
    assert memory.decide("Where does Nora work?").action == "recall"
    assert memory.decide("Where does Ivo work?").action == "abstain"


def test_feedback_on_a_missed_answer_makes_the_gate_more_willing() -> None:
    dear = Settings(gate=GateSettings(useless=0.5))
    with MemoryManager.open(":memory:", settings=dear) as memory:
        memory.remember(turns(SAID))
        missed = memory.recall("What is the name of Nora's dog?")
        assert missed.decision.action == "abstain"
        for _ in range(40):
            memory.feedback(missed, useful=["t2"])
        assert memory.decide("What is the name of Nora's dog?").action == "recall"


def test_a_shadow_of_the_gate_decides_and_holds_nothing_back() -> None:
    for mode, held_back in (("on", True), ("off", False), ("shadow", False)):
        chosen = Settings(gate=GateSettings(mode=mode))  # type: ignore[arg-type]
        with MemoryManager.open(":memory:", settings=chosen) as memory:
            memory.remember(turns(SAID))
            recall = memory.recall("What is the capital of France?")
        assert recall.decision.action == "parametric"
        assert (recall.context == "") is held_back


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=30).map(sorted), st.floats(0, 1))
def test_quantiles_stay_inside(levels: list[float], share: float) -> None:
    assert levels[0] <= quantile(levels, share) <= levels[-1]
