"""Any function, or any LangChain `Embeddings`, as an embedder."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from knowhen.memory.embedders.rows import unit_rows
from knowhen.memory.errors import EmbedderFailed, InvalidInput


@runtime_checkable
class DocumentEmbeddings(Protocol):
    """What LangChain's `Embeddings` offers."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]: ...


class FunctionEmbedder:
    """Vectors from `embed(texts)`, scaled to unit length and checked.

    Args:
        embed: a function of a list of texts, or a LangChain `Embeddings`.
        name: stable name of the model and its settings; stored beside the vectors.
        dimension: None asks once, by embedding a word.

    Queries go through `embed_documents` as well: one embedder has one space of vectors.
    """

    def __init__(
        self,
        embed: Callable[[list[str]], ArrayLike] | DocumentEmbeddings,
        *,
        name: str,
        dimension: int | None = None,
    ) -> None:
        if not name:
            raise InvalidInput("a FunctionEmbedder needs a `name`, which is kept with its vectors")
        if isinstance(embed, DocumentEmbeddings):
            self._embed: Callable[[list[str]], ArrayLike] = embed.embed_documents
        elif callable(embed):
            self._embed = embed
        else:
            raise InvalidInput(f"not a function and no `embed_documents`: {embed!r}")
        self.name = name
        self._dimension = dimension

    @property
    def dimension(self) -> int:
        if self._dimension is None:
            self.embed(["dimension"])
            assert self._dimension is not None
        return self._dimension

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        try:
            values = self._embed(list(texts))
        except Exception as error:  # whatever a user's function raises
            raise EmbedderFailed(f"embedder {self.name!r} failed: {error!r}") from error
        rows = unit_rows(values, count=len(texts), dimension=self._dimension)
        self._dimension = rows.shape[1]
        return rows
