import numpy as np
import pytest
from openai_server import Failure, OpenAIServer

from knowhen.memory.embedders.openai import OpenAIEmbedder
from knowhen.memory.errors import EmbedderFailed


def test_rows_follow_the_texts_whatever_order_the_answer_has(openai_server: OpenAIServer) -> None:
    embedder = OpenAIEmbedder("toy", base_url=openai_server.url, batch_size=2)
    vectors = embedder.embed(["aaa", "bbb", "ccc", "aab", "a"])
    assert len(openai_server.requests) == 3
    assert np.allclose(vectors[0], vectors[4])
    assert vectors[0] @ vectors[1] == pytest.approx(0)
    assert vectors[0] @ vectors[3] == pytest.approx(2 / 5**0.5)


def test_the_dimension_is_learned_from_the_first_answer(openai_server: OpenAIServer) -> None:
    embedder = OpenAIEmbedder("toy", base_url=openai_server.url)
    assert embedder.name == "toy"
    assert embedder.dimension == openai_server.dimension
    embedder.embed(["x"])
    assert [body["input"] for body in openai_server.bodies("/embeddings")] == [["dimension"], ["x"]]


def test_a_size_is_asked_for_only_where_it_can_be(openai_server: OpenAIServer) -> None:
    cut = OpenAIEmbedder("text-embedding-3-small", base_url=openai_server.url, dimension=5)
    assert cut.embed(["x"]).shape == (1, 5)
    with pytest.raises(EmbedderFailed, match="8 numbers a text, not 5"):
        OpenAIEmbedder("toy", base_url=openai_server.url, dimension=5).embed(["x"])
    assert ["dimensions" in body for body in openai_server.bodies("/embeddings")] == [True, False]


def test_passing_failures_are_retried_and_lasting_ones_named(openai_server: OpenAIServer) -> None:
    pauses: list[float] = []
    embedder = OpenAIEmbedder("toy", base_url=openai_server.url, sleep=pauses.append)
    openai_server.enqueue(Failure(429), Failure(503))
    assert len(embedder.embed(["x"])) == 1
    assert pauses == [0.5, 1.0]
    for status in (400, 401):
        openai_server.enqueue(Failure(status, "text too long"))
        with pytest.raises(EmbedderFailed, match="text too long"):
            embedder.embed(["x"])


@pytest.mark.parametrize("body", [b"{", b"{}", b'{"object": "list", "data": []}'])
def test_an_answer_without_vectors_fails(openai_server: OpenAIServer, body: bytes) -> None:
    openai_server.enqueue(*[Failure(200, body=body)] * 2)
    embedder = OpenAIEmbedder(
        "toy", base_url=openai_server.url, retries=1, sleep=lambda seconds: None
    )
    with pytest.raises(EmbedderFailed):
        embedder.embed(["x"])
