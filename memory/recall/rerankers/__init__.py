"""Reading the first candidates again, closer, before they are packed; none by default."""

from knowhen.memory.recall.rerankers.base import Reranker
from knowhen.memory.recall.rerankers.cross_encoder import CrossEncoderReranker
from knowhen.memory.recall.rerankers.overlap import OverlapReranker

__all__ = [
    "CrossEncoderReranker",
    "OverlapReranker",
    "Reranker",
]
