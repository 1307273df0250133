"""What every embedder promises."""

import numpy as np

from knowhen.memory.embedders.base import Embedder

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


class EmbedderSuite:
    """Inherit from it and give a fixture `embedder`."""

    def test_vectors_are_unit_rows_of_the_promised_shape(self, embedder: Embedder) -> None:
        vectors = embedder.embed(TEXTS)
        assert vectors.shape == (len(TEXTS), embedder.dimension)
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)

    def test_no_texts_give_no_rows(self, embedder: Embedder) -> None:
        vectors = embedder.embed([])
        assert vectors.shape == (0, embedder.dimension)
        assert vectors.dtype == np.float32

    def test_a_text_without_words_still_has_a_vector(self, embedder: Embedder) -> None:
        vectors = embedder.embed(["", " ", "…"])
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)

    def test_a_vector_does_not_depend_on_its_neighbours(self, embedder: Embedder) -> None:
        together = embedder.embed(TEXTS)
        assert np.allclose(embedder.embed(TEXTS[::-1])[::-1], together, atol=1e-5)
        assert np.allclose(
            [embedder.embed([text])[0] for text in TEXTS[:3]], together[:3], atol=1e-5
        )

    def test_name_and_dimension_stay(self, embedder: Embedder) -> None:
        before = embedder.name, embedder.dimension
        embedder.embed(TEXTS[:2])
        assert (embedder.name, embedder.dimension) == before
        assert before[0]
