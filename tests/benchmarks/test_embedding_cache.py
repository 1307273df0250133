from pathlib import Path

import numpy as np
import pytest

from knowhen.memory.errors import HomeUnavailable
from knowhen.memory.testing.toy_embedder import ToyEmbedder


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))


def test_a_text_is_embedded_once_even_over_processes(tmp_path: Path) -> None:
    from embedding_cache import CachedEmbedder

    toy = ToyEmbedder()
    first = CachedEmbedder(toy, tmp_path / "v.db")
    vectors = first.embed(["a", "b", "a"])
    assert toy.embedded == ["a", "b"]
    first.close()
    second = CachedEmbedder(toy, tmp_path / "v.db")
    assert np.array_equal(second.embed(["b", "c", "a"])[[2, 0]], vectors[:2])
    assert toy.embedded == ["a", "b", "c"]
    second.close()


def test_embedders_do_not_share_vectors(tmp_path: Path) -> None:
    from embedding_cache import CachedEmbedder

    for dimension in (8, 16):
        cached = CachedEmbedder(ToyEmbedder(dimension), tmp_path / "v.db")
        assert cached.embed(["a"]).shape == (1, dimension)
        cached.close()


def test_more_texts_than_a_statement_holds(tmp_path: Path) -> None:
    from embedding_cache import CachedEmbedder

    toy = ToyEmbedder(4)
    cached = CachedEmbedder(toy, tmp_path / "v.db")
    texts = [str(number) for number in range(2500)]
    assert np.array_equal(cached.embed(texts), cached.embed(texts))
    assert len(toy.embedded) == 2500
    cached.close()


def test_a_file_that_is_no_cache_is_refused(tmp_path: Path) -> None:
    from embedding_cache import CachedEmbedder

    file = tmp_path / "v.db"
    file.write_bytes(b"something else entirely " * 100)
    with pytest.raises(HomeUnavailable, match=r"v\.db"):
        CachedEmbedder(ToyEmbedder(), file)
