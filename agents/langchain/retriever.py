"""A memory as a LangChain retriever."""

import asyncio

from knowhen.agents.extras import extra
from knowhen.memory.manager import MemoryManager
from knowhen.memory.records import Recollection

with extra("langchain"):
    from langchain_core.callbacks import (
        AsyncCallbackManagerForRetrieverRun,
        CallbackManagerForRetrieverRun,
    )
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
    from pydantic import ConfigDict


class KnowhenRetriever(BaseRetriever):
    """Recalls the turns and documents that answer a query, best first.

    Each document's text is the turn's own, verbatim; `metadata` holds id, score, time (ISO),
    speaker, kind and sources.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    memory: MemoryManager
    k: int = 5
    """How many documents; at most the memory's own `limit`, 50 unless it was opened otherwise."""
    gate: bool = False
    """Give nothing when the gate decides that memory has no part in the query."""

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun | None = None,
        k: int | None = None,
    ) -> list[Document]:
        recall = self.memory.recall(query, gate=self.gate)
        if self.gate and recall.decision.action != "recall":
            return []
        turns = [item for item in recall.items if item.kind == "turn"]
        return [_document(item) for item in turns[: self.k if k is None else k]]

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun | None = None,
        k: int | None = None,
    ) -> list[Document]:
        return await asyncio.to_thread(self._get_relevant_documents, query, k=k)


def _document(item: Recollection) -> Document:
    return Document(
        id=item.id,
        page_content=item.text,
        metadata={
            "id": item.id,
            "kind": item.kind,
            "score": item.score,
            "time": item.time.isoformat() if item.time else None,
            "speaker": item.speaker,
            "sources": list(item.sources),
        },
    )
