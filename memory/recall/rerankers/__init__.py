"""Reading the first candidates again, closer, before they are packed; none by default."""

from knowhen.memory.recall.rerankers.base import Reranker
from knowhen.memory.recall.rerankers.cross_encoder import CrossEncoderReranker
from knowhen.memory.recall.rerankers.langchain import CompressorReranker
from knowhen.memory.recall.rerankers.listwise import ListwiseReranker
from knowhen.memory.recall.rerankers.overlap import OverlapReranker

__all__ = [
    "CompressorReranker",
    "CrossEncoderReranker",
    "ListwiseReranker",
    "OverlapReranker",
    "Reranker",
]
