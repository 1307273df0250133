"""Vectors from OpenAI or any endpoint that speaks its protocol."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.embedders.rows import unit_rows
from knowhen.memory.errors import EmbedderFailed
from knowhen.memory.models.endpoint import Endpoint, Refusal

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types import CreateEmbeddingResponse

# Models that cut their vectors to a size on request; other endpoints refuse the parameter.
_RESIZABLE = "text-embedding-3"


class OpenAIEmbedder:
    """Vectors of `model` at OpenAI, or at `base_url` (vLLM, Ollama, llama.cpp, ...).

    Args:
        dimension: None learns it from the first answer; a number asks for it where the model
            can be cut, and is checked everywhere.
        api_key: None reads OPENAI_API_KEY; endpoints of one's own need none.

    Raises:
        MissingExtra: the openai package is not installed.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        dimension: int | None = None,
        batch_size: int = 128,
        timeout: float = 60.0,
        retries: int = 3,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._endpoint = Endpoint(
            base_url=base_url,
            api_key=api_key,
            timeout=timeout,
            retries=retries,
            sleep=sleep,
            failure=EmbedderFailed,
        )
        self.name = model
        self._dimension = dimension
        self._size = dimension if model.startswith(_RESIZABLE) else None
        self._batch_size = batch_size

    @property
    def dimension(self) -> int:
        if self._dimension is None:
            self._dimension = self._embed(["dimension"]).shape[1]
        return self._dimension

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        batches = [
            self._embed(texts[start : start + self._batch_size])
            for start in range(0, len(texts), self._batch_size)
        ]
        return np.concatenate(batches)

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        # The protocol refuses an empty text; a space says the same.
        inputs = [text or " " for text in texts]

        def request(client: "OpenAI") -> "CreateEmbeddingResponse":
            if self._size is None:
                return client.embeddings.create(model=self.name, input=inputs)
            return client.embeddings.create(model=self.name, input=inputs, dimensions=self._size)

        try:
            answer = self._endpoint.call(request)
        except Refusal as refusal:
            raise EmbedderFailed(f"{self.name!r} refused the texts: {refusal}") from refusal
        data = getattr(answer, "data", None)
        if not data:
            raise EmbedderFailed(f"{self.name!r} answered without vectors")
        # Answers carry their place; not every endpoint keeps the order.
        rows = [item.embedding for item in sorted(data, key=lambda item: item.index)]
        vectors = unit_rows(rows, count=len(texts), dimension=self._dimension)
        self._dimension = vectors.shape[1]
        return vectors
