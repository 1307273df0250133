"""The embedder seam: text in, unit vectors out."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """Turns texts into unit vectors. `name` and `dimension` are stored beside the vectors."""

    @property
    def name(self) -> str:
        """Stable name of the embedder and its settings, such as `lexical-1024`."""
        ...

    @property
    def dimension(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (len(texts), dimension).

        Raises:
            EmbedderFailed: no usable vectors came back.
        """
        ...
