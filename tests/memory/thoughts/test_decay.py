"""Retention: known points of the curves, floors, and what may be archived."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from knowhen.memory.records import Thought
from knowhen.memory.thoughts.decay import Decay, retained

from .conftest import START

TEA = Thought("t", "home", "x", "Ann", "likes", "tea", recorded_at=START)


@pytest.mark.parametrize("curve", ["exponential", "power"])
def test_both_curves_pass_one_and_one_over_e(curve: str) -> None:
    assert retained(0, 30, curve) == 1  # type: ignore[arg-type]
    assert retained(30, 30, curve) == pytest.approx(1 / math.e)  # type: ignore[arg-type]


def test_the_power_law_forgets_faster_first_and_slower_later() -> None:
    assert retained(5, 30, "power") < retained(5, 30)
    assert retained(300, 30, "power") > retained(300, 30)


def test_a_stronger_memory_is_not_forgotten_faster_as_in_memorybank() -> None:
    assert retained(10, 50) > retained(10, 5)


def test_pinned_thoughts_and_instructions_keep_a_floor() -> None:
    later, decay = START + timedelta(days=9999), Decay()
    assert decay.retention(TEA, later) < 1e-6
    assert decay.retention(replace(TEA, pinned=True), later) == decay.floor
    assert decay.retention(replace(TEA, kind="instruction"), later) == decay.floor


def test_only_what_has_faded_and_is_not_protected_may_be_archived() -> None:
    later, decay = START + timedelta(days=300), Decay()
    assert decay.may_archive(TEA, later)
    assert not decay.may_archive(TEA, START)
    assert not decay.may_archive(replace(TEA, pinned=True), later)


def test_spaced_use_strengthens_more_than_crammed_use() -> None:
    decay = Decay()
    crammed = decay.used(decay.used(TEA, START), START)
    spaced = decay.used(decay.used(TEA, START), START + timedelta(days=20))
    assert spaced.stability > crammed.stability
    assert crammed.uses == spaced.uses == 2


def test_stability_has_a_ceiling() -> None:
    decay, thought, now = Decay(ceiling=100), TEA, START
    for _ in range(20):
        now += timedelta(days=200)
        thought = decay.used(thought, now)
    assert thought.stability == 100
