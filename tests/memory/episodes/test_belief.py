import numpy as np
import pytest
from scipy import integrate, stats

from knowhen.memory.episodes.belief import DRIFT, belief_surprise
from knowhen.memory.episodes.topics import TopicModel

TOPICS = TopicModel(unrelated=0.0, cohesion=0.4, dimensions=2)
NOISE, PRIOR = 0.6 / 2, 0.4 / 2


def test_surprisal_is_minus_the_log_density_of_the_prediction() -> None:
    vectors = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    found = belief_surprise(vectors, "surprisal", TOPICS)
    gain = PRIOR / (PRIOR + NOISE)
    mean, variance = gain * vectors[0], (1 - gain) * PRIOR + DRIFT * NOISE
    expected = -stats.multivariate_normal(mean, variance + NOISE).logpdf(vectors[1])
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(expected)


def test_bayesian_surprise_is_the_divergence_of_the_beliefs() -> None:
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
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(60, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    one, other = (
        belief_surprise(vectors, kind, TOPICS)[20:] for kind in ("surprisal", "bayesian-surprise")
    )
    assert stats.spearmanr(one, other).statistic > 0.999
