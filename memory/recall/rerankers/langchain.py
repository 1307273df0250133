"""Any LangChain document compressor as a reranker: cross-encoders, hosted rerankers and others."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from knowhen.memory.errors import MissingExtra, ModelFailed

if TYPE_CHECKING:
    from langchain_core.documents.compressor import BaseDocumentCompressor

_PLACE = "knowhen_place"


class CompressorReranker:
    """Takes the order in which a compressor gives documents back; those it drops come last."""

    def __init__(self, compressor: "BaseDocumentCompressor") -> None:
        self._compressor = compressor
        self.name = type(compressor).__name__

    def relevances(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """The place from the end in the compressor's order, as a share between 0 and 1."""
        try:
            from langchain_core.documents import Document
        except ImportError:
            raise MissingExtra("langchain-core", "langchain") from None
        documents = [
            Document(page_content=text, metadata={_PLACE: place})
            for place, text in enumerate(texts)
        ]
        try:
            kept = self._compressor.compress_documents(documents, query)
        except Exception as error:  # whatever the hosted service behind it raises
            raise ModelFailed(f"the reranker {self.name} failed: {error}") from error
        scores = [0.0] * len(texts)
        for rank, document in enumerate(kept):
            place = document.metadata.get(_PLACE)
            if isinstance(place, int) and 0 <= place < len(texts):
                scores[place] = 1.0 - rank / (len(texts) or 1)
        return scores
