"""The generated conversation, and telling from the timeline what came first."""

from itertools import pairwise
from pathlib import Path

import pytest

from knowhen.memory.embedders.lexical import LexicalEmbedder
from knowhen.memory.language.terms import terms

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))


def test_the_conversation_is_long_in_order_and_the_same_every_time() -> None:
    from diary import diary

    told = diary(segments=150)
    assert told == diary(segments=150) != diary(segments=150, seed=1)
    assert len(told.turns) > 600
    times = [turn.time for turn in told.turns]
    assert all(a < b for a, b in pairwise(times) if a and b)
    assert times[0] and times[-1] and (times[-1] - times[0]).days > 150


def test_a_retelling_shares_few_words_with_its_segment_beyond_the_details() -> None:
    from diary import TOPICS

    for topic in TOPICS:
        details = {"name": "", "town": "", "thing": ""}
        said = set(terms(" ".join(topic.said).format(**details)))
        for line in topic.retold:
            own = set(terms(line.format(**details)))
            assert len(own & said) <= len(own) / 4, line


def test_segments_on_one_topic_are_told_at_many_times() -> None:
    from diary import diary

    told = diary(segments=60)
    married = [s for s in told.segments if "marriage" in s.retold or "tied the knot" in s.retold]
    assert len(married) == 5
    assert len({s.retold for s in told.segments}) == 60


def test_the_timeline_tells_which_segment_came_first() -> None:
    from order import run

    found = run(LexicalEmbedder(), segments=40)
    assert found["knowhen"]["accuracy"]["value"] >= 0.9
    assert found["knowhen"]["accuracy"]["n"] == 780


def test_a_memory_that_finds_everything_in_one_place_is_never_right() -> None:
    from diary import diary
    from order import measure

    told = diary(segments=4)
    found = measure(told, lambda cue: (0, 0), [(0, 1), (1, 0), (2, 3)])
    assert found["accuracy"] == [0.0, 0.0, 0.0]
    assert found["located"] == [0.0] * 4
