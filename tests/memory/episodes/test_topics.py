"""The posterior against the sum over all segmentations, written out."""

from itertools import chain, combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import units_of

from knowhen.memory.episodes.base import Floats, Unit, stacked
from knowhen.memory.episodes.cues import cue_log_odds
from knowhen.memory.episodes.offline import OfflineSegmenter
from knowhen.memory.episodes.topics import RunLengthScorer, TopicModel, hazards

TOPICS = TopicModel(unrelated=0.05, cohesion=0.3, dimensions=12)


def log_evidence(vectors: Floats, topics: TopicModel) -> float:
    """Log density of a segment over that of turns without a topic, from the covariance.

    With effective dimensions D, vectors scaled to variance 1 / D each have the joint covariance
    (noise I + cohesion 11') / D over the turns; `unrelated` is taken off every cosine.
    """
    size = len(vectors)
    covariance = (1 - topics.cohesion) * np.eye(size) + topics.cohesion
    noise = (1 - topics.cohesion) * np.eye(size)
    gram = vectors @ vectors.T - topics.unrelated
    fit = np.trace((np.linalg.inv(noise) - np.linalg.inv(covariance)) @ gram)
    volume = np.linalg.slogdet(covariance)[1] - np.linalg.slogdet(noise)[1]
    return float(topics.dimensions / 2 * (fit - volume))


def all_segmentations(units: list[Unit]) -> list[tuple[frozenset[int], float]]:
    """Every set of boundaries, with the log of its joint probability with the vectors."""
    vectors = stacked(units)
    begin, stay = hazards(cue_log_odds(units), 0.2)
    inner = range(1, len(units))
    found = []
    for chosen in chain.from_iterable(combinations(inner, n) for n in range(len(units))):
        log = sum(begin[i] if i in chosen else stay[i] for i in inner)
        for first, end in pairwise([0, *chosen, len(units)]):
            log += log_evidence(vectors[first:end], TOPICS)
        found.append((frozenset(chosen), float(log)))
    return found


def share(found: list[tuple[frozenset[int], float]], wanted: list[bool]) -> float:
    logs = np.array([log for _, log in found])
    weights = np.exp(logs - logs.max())
    return float(weights[wanted].sum() / weights.sum())


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 2), min_size=3, max_size=7), st.integers(0, 9))
def test_the_online_posterior_is_that_of_the_last_run(topics: list[int], seed: int) -> None:
    units = units_of(topics, seed=seed)
    scorer = RunLengthScorer(TOPICS, hazard=0.2)
    found = all_segmentations(units)
    candidate = len(units) - 2
    wanted = [candidate in chosen and candidate + 1 not in chosen for chosen, _ in found]
    score = scorer.score(units, opened=0)
    assert score.probability[candidate] == pytest.approx(share(found, wanted), abs=1e-8)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 2), min_size=2, max_size=7), st.integers(0, 9))
def test_the_offline_posterior_is_that_of_each_boundary(topics: list[int], seed: int) -> None:
    units = units_of(topics, seed=seed)
    posterior = OfflineSegmenter(TOPICS, hazard=0.2).posterior(units)
    found = all_segmentations(units)
    for index in range(1, len(units)):
        wanted = [index in chosen for chosen, _ in found]
        assert posterior[index] == pytest.approx(share(found, wanted), abs=1e-8)


def test_a_boundary_is_surer_the_further_the_topics_are_apart() -> None:
    scorer = RunLengthScorer(TOPICS, cues=())
    near = [*units_of([0] * 5, scatter=0.1), *units_of([0] * 3, scatter=0.1, seed=1)]
    far = [*units_of([0] * 5, scatter=0.1), *units_of([1] * 3, scatter=0.1, seed=1)]
    sure, unsure = (scorer.score(units, opened=0).probability[5] for units in (far, near))
    assert sure > 0.5 > unsure
