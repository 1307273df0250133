from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import places, units_of

from knowhen.memory.episodes import Limits, make_offline_segmenter, offline
from knowhen.memory.episodes.offline import OfflineSegmenter, _best, _joined
from knowhen.memory.episodes.topics import TopicModel


def test_a_session_is_cut_where_its_topics_change() -> None:
    units = units_of([0] * 6 + [3] * 5 + [7] * 8 + [2] * 2)
    assert places(make_offline_segmenter(embedder_name="lexical-16").cut(units)) == [6, 11, 19]


def test_hindsight_finds_a_slow_change_that_looking_one_turn_ahead_gets_wrong() -> None:
    units = units_of([0] * 6 + [1] * 6, scatter=0.3, seed=3)
    cuts = make_offline_segmenter(embedder_name="lexical-16").cut(units)
    assert places(cuts) == [6]
    assert cuts[0].probability > 0.5


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(-9, 9), min_size=1, max_size=9),
    st.lists(st.integers(1, 5), min_size=9, max_size=9),
    st.integers(1, 3),
)
def test_the_chosen_boundaries_gain_most_of_all_allowed_sets(
    gains: list[int], tokens: list[int], least: int
) -> None:
    gain = np.array(gains, float)
    sizes = np.array(tokens[: len(gain)])
    limits = Limits(least=least, tokens=12)
    chosen = [index for index, _ in _best(gain, sizes, limits)]

    def value(cuts: tuple[int, ...] | list[int]) -> float:
        bounds = [0, *cuts, len(gain)]
        total = sum(gain[index] for index in cuts)
        for first, end in zip(bounds, bounds[1:], strict=False):
            if end - first < min(least, len(gain)):
                total -= 1e6
            if end - first > 1 and sizes[first:end].sum() > limits.tokens:
                return -np.inf
        return float(total)

    best = max(
        value(cuts) for n in range(len(gain)) for cuts in combinations(range(1, len(gain)), n)
    )
    assert value(chosen) == best


def test_silences_are_boundaries_and_nothing_reaches_over_them() -> None:
    units = units_of([0] * 8, minutes=[0, 1, 2, 3, 100, 101, 102, 103])
    cuts = make_offline_segmenter(embedder_name="lexical-16").cut(units)
    assert [(cut.index, cut.forced) for cut in cuts] == [(4, True)]


def test_an_event_that_would_be_too_large_is_cut_by_force() -> None:
    units = units_of([0] * 20, tokens=[100] * 20)
    limits = Limits(tokens=1000)
    cuts = make_offline_segmenter(embedder_name="lexical-16", limits=limits).cut(units)
    assert len(cuts) == 1
    assert cuts[0].forced
    assert cuts[0].index == 10


def test_what_lies_before_the_open_event_is_left_alone() -> None:
    units = units_of([0] * 6 + [3] * 6 + [7] * 6)
    segmenter = make_offline_segmenter(embedder_name="lexical-16")
    assert places(segmenter.cut(units, opened=6)) == [12]
    assert segmenter.cut(units, opened=18) == []


def test_a_very_long_session_is_cut_in_pieces_to_the_same_events(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    units = units_of([n // 7 % 5 for n in range(300)], scatter=0.1)
    segmenter = make_offline_segmenter(embedder_name="lexical-16")
    whole = places(segmenter.cut(units))
    monkeypatch.setattr(offline, "_PIECE", 64)
    assert places(segmenter.cut(units)) == whole == list(range(7, 300, 7))


def test_sums_over_short_segments_alone_find_the_same_changes() -> None:
    topics = TopicModel(unrelated=0.02, cohesion=0.15, dimensions=21)
    units = units_of([n // 9 % 8 for n in range(90)])
    whole = OfflineSegmenter(topics, longest=128).cut(units)
    assert places(OfflineSegmenter(topics, longest=16).cut(units)) == places(whole)
    assert places(whole) == list(range(9, 90, 9))


def test_two_events_of_two_turns_in_a_row_are_one() -> None:
    tokens = np.full(12, 20)
    limits = Limits(tokens=1000)
    cuts = [(2, False), (4, False), (8, False), (10, True)]
    assert _joined(cuts, tokens, limits) == [(4, False), (8, False)]
    assert _joined([(2, False)], np.full(4, 600), limits) == [(2, False)]
    assert _joined([], tokens, limits) == []
