from collections.abc import Callable

import numpy as np
import pytest

from knowhen.memory.embedders.function import FunctionEmbedder
from knowhen.memory.errors import EmbedderFailed, InvalidInput


def test_rows_are_scaled_to_unit_length() -> None:
    embedder = FunctionEmbedder(lambda texts: [[3.0, 4.0]] * len(texts), name="f")
    assert np.allclose(embedder.embed(["x"]), [[0.6, 0.8]])
    assert (embedder.name, embedder.dimension) == ("f", 2)


def test_a_row_of_zeros_becomes_an_axis() -> None:
    embedder = FunctionEmbedder(lambda texts: np.zeros((len(texts), 3)), name="f")
    assert embedder.embed(["x"]).tolist() == [[1.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    "function",
    [
        lambda texts: [[1.0]],
        lambda texts: [[1.0, float("nan")]] * len(texts),
        lambda texts: [[1.0], [1.0, 2.0]],
        lambda texts: [["a", "b"]] * len(texts),
        lambda texts: None,
        lambda texts: [[]] * len(texts),
        lambda texts: 1 / 0,
        lambda texts: [[1.0, 2.0, 3.0]] * len(texts),
    ],
)
def test_rows_that_cannot_be_used_are_refused(function: Callable[..., object]) -> None:
    embedder = FunctionEmbedder(function, name="f", dimension=2)  # type: ignore[arg-type]
    with pytest.raises(EmbedderFailed):
        embedder.embed(["x", "y"])


def test_a_name_and_something_callable_are_needed() -> None:
    with pytest.raises(InvalidInput, match="name"):
        FunctionEmbedder(lambda texts: [], name="")
    with pytest.raises(InvalidInput, match="embed_documents"):
        FunctionEmbedder("text", name="f")  # type: ignore[arg-type]
