"""Scorers that are no longer in the product: their formulas, and that they cut."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats
from streams import places, units_of

from knowhen.memory.episodes import Limits
from knowhen.memory.episodes.topics import TopicModel

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "methods"]:
        del sys.modules[name]


TOPICS = TopicModel(unrelated=0.0, cohesion=0.4, dimensions=2)
NOISE, PRIOR = 0.6 / 2, 0.4 / 2


def test_surprisal_is_minus_the_log_density_of_the_prediction() -> None:
    from methods.scorers import DRIFT, belief_surprise

    vectors = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    found = belief_surprise(vectors, "surprisal", TOPICS)
    gain = PRIOR / (PRIOR + NOISE)
    mean, variance = gain * vectors[0], (1 - gain) * PRIOR + DRIFT * NOISE
    expected = -stats.multivariate_normal(mean, variance + NOISE).logpdf(vectors[1])
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(expected)


def test_bayesian_surprise_is_the_divergence_of_the_beliefs() -> None:
    from methods.scorers import DRIFT, belief_surprise

    topics = TopicModel(unrelated=0.0, cohesion=0.4, dimensions=1)
    vectors = np.array([[1.0], [-1.0]])
    found = belief_surprise(vectors, "bayesian-surprise", topics)[1]
    prior, noise = 0.4, 0.6
    gain = prior / (prior + noise)
    mean, variance = gain * 1.0, (1 - gain) * prior + DRIFT * noise
    gain = variance / (variance + noise)
    before = stats.norm(mean, np.sqrt(variance))
    after = stats.norm(mean + gain * (-1.0 - mean), np.sqrt((1 - gain) * variance))

    def integrand(x: float) -> float:
        return float(after.pdf(x) * (after.logpdf(x) - before.logpdf(x)))

    assert found == pytest.approx(integrate.quad(integrand, -8, 8)[0], rel=1e-6)


def test_the_two_rank_turns_alike_once_the_belief_has_settled() -> None:
    from methods.scorers import belief_surprise

    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(60, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    one, other = (
        belief_surprise(vectors, kind, TOPICS)[20:] for kind in ("surprisal", "bayesian-surprise")
    )
    assert stats.spearmanr(one, other).statistic > 0.999


def test_contrast_compares_two_turns_on_each_side() -> None:
    from methods.scorers import contrast

    vectors = np.eye(4)[[0, 0, 1, 1, 1]]
    found = contrast(vectors)
    assert np.isnan(found[0])
    assert found[1:] == pytest.approx([1 - 1 / np.sqrt(2), 1.0, 1 - 1 / np.sqrt(2), 0.0], abs=1e-9)


def test_a_wider_window_reaches_further_back() -> None:
    from methods.scorers import contrast

    vectors = np.eye(4)[[0, 1, 1, 0, 0]]
    assert contrast(vectors, 1)[3] == pytest.approx(1.0)
    assert contrast(vectors, 3)[3] < 0.6


@pytest.mark.parametrize("name", ["surprisal", "bayesian-surprise", "window"])
def test_a_change_of_topic_begins_an_event(name: str) -> None:
    from methods.scorers import other_segmenter

    units = units_of([0] * 8 + [3] * 8 + [7] * 8, scatter=0.1)
    threshold = 0.8 if name == "window" else None  # toy vectors are no words
    cuts = other_segmenter(
        name, embedder_name="lexical-16", limits=Limits(), threshold=threshold
    ).cut(units)
    assert {8, 16} <= set(places(cuts))
    assert len(cuts) <= 3
