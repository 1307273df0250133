from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import FixedSegmenter, places, streamed, units_of

from knowhen.memory.episodes import (
    Limits,
    OnlineSegmenter,
    Segmenter,
    Trailing,
    Unit,
    make_segmenter,
)
from knowhen.memory.episodes.lm import TokenScorer


class CountingLikelihood:
    """Finds a text as surprising as it and its context are long."""

    def surprisal(self, text: str, *, context: str) -> float:
        return (len(text) * 7 + len(context)) % 13 / 3


def segmenters() -> dict[str, Segmenter]:
    limits = Limits(tokens=200)
    name = "lexical-16"
    made: dict[str, Segmenter] = {
        "bocpd": make_segmenter("bocpd", embedder_name=name, limits=limits),
        "fixed": FixedSegmenter(6, limits),
    }
    for refine in ("modularity", "conductance", "modularity-left"):
        made[f"bocpd {refine}"] = make_segmenter(
            "bocpd",
            embedder_name=name,
            limits=limits,
            refine=refine,  # type: ignore[arg-type]
        )
    trailing = Trailing(gamma=0.5, window=12, least=4)
    likelihood = CountingLikelihood()
    made["lm"] = OnlineSegmenter(
        TokenScorer(likelihood, threshold=trailing, context=3, relative=True), limits
    )
    return made


SEGMENTERS = segmenters()


@pytest.mark.parametrize("name", SEGMENTERS)
@settings(deadline=None, max_examples=25)
@given(
    topics=st.lists(st.sampled_from([0, 0, 0, 0, 1, 2]), min_size=1, max_size=70),
    batches=st.lists(st.integers(1, 9), max_size=40),
    seed=st.integers(0, 5),
    gaps=st.lists(st.sampled_from([None, 1, 1, 1, 1, 1, 1, 90, -5]), min_size=70, max_size=70),
)
def test_events_do_not_depend_on_how_the_stream_is_batched(
    name: str, topics: list[int], batches: list[int], seed: int, gaps: list[int | None]
) -> None:
    minutes, now = [], 0
    for gap in gaps[: len(topics)]:
        now += gap or 0
        minutes.append(None if gap is None else now)
    units = units_of(np.cumsum(topics) % 16, seed=seed, minutes=minutes)
    segmenter = SEGMENTERS[name]
    assert streamed(segmenter, units, batches) == segmenter.cut(units)


@settings(deadline=None, max_examples=40)
@given(
    tokens=st.lists(st.integers(1, 150), min_size=1, max_size=60),
    least=st.integers(1, 4),
    topics=st.integers(1, 8),
)
def test_events_keep_the_limits(tokens: list[int], least: int, topics: int) -> None:
    units = units_of([n // 3 % topics for n in range(len(tokens))], tokens=tokens)
    limits = Limits(least=least, tokens=200)
    segmenter = make_segmenter(embedder_name="lexical-16", limits=limits)
    cuts = segmenter.cut(units)
    starts = [0, *places(cuts), len(units)]
    for number, (first, end) in enumerate(zip(starts, starts[1:], strict=False)):
        assert end - first == 1 or sum(tokens[first:end]) <= limits.tokens
        ended_by = cuts[number] if number < len(cuts) else None
        assert end - first >= least or ended_by is None or ended_by.forced


def test_a_change_of_topic_begins_an_event() -> None:
    units = units_of([0] * 8 + [3] * 8 + [7] * 8, scatter=0.1)
    cuts = make_segmenter(embedder_name="lexical-16").cut(units)
    assert {8, 16} <= set(places(cuts))
    assert len(cuts) <= 3


def test_a_long_answer_stays_with_its_question() -> None:
    units = units_of([0] * 6, tokens=[30, 5000] * 3)
    assert make_segmenter(embedder_name="lexical-16").cut(units) == []


def test_one_topic_is_one_event() -> None:
    assert make_segmenter(embedder_name="lexical-16").cut(units_of([4] * 30)) == []


def test_a_long_silence_and_a_clock_that_runs_back_force_a_boundary_at_once() -> None:
    units = units_of([0] * 6, minutes=[0, 1, 62, 63, 64, 50])
    cuts = make_segmenter(embedder_name="lexical-16").cut(units)
    assert [(cut.index, cut.forced, cut.probability) for cut in cuts] == [
        (2, True, 1),
        (5, True, 1),
    ]


def test_the_gap_is_a_setting() -> None:
    units = units_of([0] * 4, minutes=[0, 1, 62, 63])
    limits = Limits(gap=timedelta(hours=2))
    assert make_segmenter(embedder_name="lexical-16", limits=limits).cut(units) == []


def test_units_without_an_embedding_are_no_obstacle() -> None:
    units = units_of([0] * 5 + [3] * 5)
    pending = [Unit(u.id, np.zeros(1, np.float32), *_rest(u)) for u in units]
    segmenter = make_segmenter(embedder_name="lexical-16")
    assert segmenter.cut(pending) == []
    assert places(segmenter.cut([*units[:2], pending[2], *units[3:]])) == [5]


def _rest(unit: Unit) -> tuple[None, int, str, str]:
    return None, unit.tokens, unit.text, unit.speaker


def test_nothing_is_cut_from_nothing() -> None:
    for segmenter in SEGMENTERS.values():
        assert segmenter.cut([]) == []
        assert segmenter.cut(units_of([0])) == []


def test_fixed_events_have_their_size() -> None:
    assert places(FixedSegmenter(4).cut(units_of([0] * 14))) == [4, 8, 12]


def test_the_curve_holds_the_values_that_the_cuts_were_made_by() -> None:
    units = units_of([0] * 8 + [3] * 8 + [7] * 8, minutes=[*range(12), *range(200, 212)])
    segmenter = make_segmenter(embedder_name="lexical-16")
    assert isinstance(segmenter, OnlineSegmenter)
    cuts, curve = segmenter.curve(units)
    assert len(curve.value) == len(units)
    chosen = [cut for cut in cuts if not cut.forced]
    assert chosen
    for cut in chosen:
        assert curve.probability[cut.index] == cut.probability
        assert curve.value[cut.index] == cut.surprise
        assert curve.proposed[cut.index]
