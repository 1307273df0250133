"""Cutting a conversation into events by surprise."""

from knowhen.memory.episodes.base import Cut, Limits, Segmenter, Unit
from knowhen.memory.episodes.describe import describe, event_vectors
from knowhen.memory.episodes.factory import make_segmenter
from knowhen.memory.episodes.online import OnlineSegmenter

__all__ = [
    "Cut",
    "Limits",
    "OnlineSegmenter",
    "Segmenter",
    "Unit",
    "describe",
    "event_vectors",
    "make_segmenter",
]
