"""What every embedder promises."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from openai_server import OpenAIServer

from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.cache import CachedEmbedder
from knowhen.memory.embedders.function import FunctionEmbedder
from knowhen.memory.embedders.lexical import LexicalEmbedder
from knowhen.memory.embedders.local import LocalEmbedder
from knowhen.memory.embedders.openai import OpenAIEmbedder
from knowhen.memory.embedders.toy import ToyEmbedder

TEXTS = [
    "Caroline went to the support group on Tuesday.",
    "hi",
    "我喜欢猫和狗",
    "?!…",
    "👍🏽",
    "naïve café — Straße\u0301",
    "long " * 400,
    "a\x00b\nc",
]


def lengths(texts: list[str]) -> list[list[float]]:
    return [[len(text), len(set(text)), 3.0] for text in texts]


@pytest.fixture(
    params=["lexical", "local", "openai", "function", "langchain", "toy", "cached"],
)
def embedder(
    request: pytest.FixtureRequest, openai_server: OpenAIServer, tmp_path: Path, local: Embedder
) -> Iterator[Embedder]:
    if request.param == "cached":
        cached = CachedEmbedder(LexicalEmbedder(), tmp_path / "cache" / "vectors.db")
        yield cached
        cached.close()
        return
    fake = DeterministicFakeEmbedding(size=12)
    yield {
        "lexical": lambda: LexicalEmbedder(),
        "local": lambda: local,
        "openai": lambda: OpenAIEmbedder("toy", base_url=openai_server.url, batch_size=3),
        "function": lambda: FunctionEmbedder(lengths, name="lengths"),
        "langchain": lambda: FunctionEmbedder(fake, name="fake"),
        "toy": lambda: ToyEmbedder(),
    }[request.param]()


@pytest.fixture(scope="module")
def local() -> Embedder:
    return LocalEmbedder(batch_size=3)


def test_vectors_are_unit_rows_of_the_promised_shape(embedder: Embedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    vectors = embedder.embed([])
    assert vectors.shape == (0, embedder.dimension)
    assert vectors.dtype == np.float32


def test_a_text_without_words_still_has_a_vector(embedder: Embedder) -> None:
    vectors = embedder.embed(["", " ", "…"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_vector_does_not_depend_on_its_neighbours(embedder: Embedder) -> None:
    together = embedder.embed(TEXTS)
    assert np.allclose(embedder.embed(TEXTS[::-1])[::-1], together, atol=1e-5)
    assert np.allclose([embedder.embed([text])[0] for text in TEXTS[:3]], together[:3], atol=1e-5)


def test_name_and_dimension_stay(embedder: Embedder) -> None:
    before = embedder.name, embedder.dimension
    embedder.embed(TEXTS[:2])
    assert (embedder.name, embedder.dimension) == before
    assert before[0]
