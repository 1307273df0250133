import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import places, units_of

from knowhen.memory.episodes import FixedSegmenter, Limits, RefiningSegmenter
from knowhen.memory.episodes.similarity_graph import Objective


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
