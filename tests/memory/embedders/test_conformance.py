"""Every embedder keeps what all of them promise."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from openai_server import OpenAIServer

from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.function import FunctionEmbedder
from knowhen.memory.embedders.lexical import LexicalEmbedder
from knowhen.memory.embedders.local import LocalEmbedder
from knowhen.memory.embedders.openai import OpenAIEmbedder
from knowhen.memory.testing.embedder_suite import EmbedderSuite
from knowhen.memory.testing.toy_embedder import ToyEmbedder


def lengths(texts: list[str]) -> list[list[float]]:
    return [[len(text), len(set(text)), 3.0] for text in texts]


@pytest.fixture(
    params=["lexical", "local", "openai", "function", "langchain", "toy"],
)
def embedder(
    request: pytest.FixtureRequest, openai_server: OpenAIServer, tmp_path: Path, local: Embedder
) -> Iterator[Embedder]:
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


class TestEmbedders(EmbedderSuite):
    """Every embedder that ships."""
