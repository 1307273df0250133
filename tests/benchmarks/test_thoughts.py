"""The benchmark of hashing measures what it says."""

from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))


def test_queries_stand_at_the_stated_cosine() -> None:
    import thoughts

    rng = np.random.default_rng(0)
    vectors = thoughts.unit(rng.standard_normal((20, 64), np.float32))
    near = thoughts.around(vectors, rng)
    assert (near * vectors).sum(axis=1) == pytest.approx(np.full(20, 0.8), abs=1e-5)
    assert np.linalg.norm(near, axis=1) == pytest.approx(np.ones(20), abs=1e-5)


def test_hashing_finds_nearly_all_and_the_papers_table_misses_more() -> None:
    import thoughts

    found = thoughts.measured([2_000], seed=0, dimension=64, queries=40)
    assert found["exact"]["recall/2000"]["value"] == found["exact"]["scanned/2000"]["value"] == 1.0
    assert found["knowhen"]["recall/2000"]["value"] >= 0.9
    assert found["knowhen"]["scanned/2000"]["value"] < 0.5
    assert found["paper"]["recall/2000"]["value"] < found["knowhen"]["recall/2000"]["value"]
