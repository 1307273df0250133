"""A tiny deterministic embedder for tests: how often each character occurs."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.embedders.rows import unit_rows


class ToyEmbedder:
    """Character frequencies, so that a test can work out by hand what is near to what.

    `embedded` holds every text that was asked for, in order.
    """

    def __init__(self, dimension: int = 32) -> None:
        self.dimension = dimension
        self.embedded: list[str] = []

    @property
    def name(self) -> str:
        return f"toy-{self.dimension}"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded.extend(texts)
        counts = np.zeros((len(texts), self.dimension))
        for row, text in enumerate(texts):
            for character in text.casefold():
                counts[row, ord(character) % self.dimension] += 1.0
        return unit_rows(counts, count=len(texts), dimension=self.dimension)
