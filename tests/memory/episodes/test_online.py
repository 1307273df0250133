import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.memory.episodes import Segmenter, Unit, make_segmenter


def units_of(topics: list[int], *, noise: int = 0) -> list[Unit]:
    rng = np.random.default_rng(noise)
    centres = np.eye(16)
    result = []
    for number, topic in enumerate(topics):
        vector = centres[topic] + 0.25 * rng.normal(size=16)
        vector = (vector / np.linalg.norm(vector)).astype(np.float32)
        result.append(Unit(f"u{number}", vector, None, 20, f"turn {number}", "Ann"))
    return result


def streamed(segmenter: Segmenter, units: list[Unit], batches: list[int]) -> list[int]:
    found: list[int] = []
    opened = seen = 0
    for batch in [*batches, len(units)]:
        seen = min(len(units), seen + batch)
        begin = max(0, opened - segmenter.lookback)
        for cut in segmenter.cut(units[begin:seen], opened=opened - begin):
            found.append(cut.index + begin)
        opened = found[-1] if found else 0
    return found


def test_bocpd_finds_where_the_topic_changes() -> None:
    units = units_of([0] * 6 + [3] * 5 + [7] * 8)
    assert [cut.index for cut in make_segmenter(embedder_name="lexical-16").cut(units)] == [6, 11]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=60),
    st.lists(st.integers(1, 9), max_size=30),
    st.integers(0, 5),
)
def test_events_do_not_depend_on_how_the_stream_is_batched(
    topics: list[int], batches: list[int], noise: int
) -> None:
    units = units_of(sorted(topics), noise=noise)
    segmenter = make_segmenter(embedder_name="lexical-16")
    assert streamed(segmenter, units, batches) == [c.index for c in segmenter.cut(units)]
