"""The reranker seam: a query and candidate texts in, one relevance for each out."""

from collections.abc import Sequence
from typing import Protocol


class Reranker(Protocol):
    """Judges how well each text answers a query."""

    @property
    def name(self) -> str: ...

    def relevances(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """One relevance for each text, higher is better, in the reranker's own unit.

        Raises:
            ModelFailed: no usable judgement came back; recall keeps its own order and says so.
        """
        ...
