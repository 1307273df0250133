"""Cutting a conversation into events by surprise.

A scorer says how strongly each turn looks like a beginning, `OnlineSegmenter` cuts the stream
where it proposes to and the limits allow, and `OfflineSegmenter` cuts a whole session anew.
"""

from knowhen.memory.episodes.base import Cut, Limits, Segmenter, Unit
from knowhen.memory.episodes.calibration import Calibration, calibrated, calibration_for
from knowhen.memory.episodes.causal_lm import CausalLanguageModel
from knowhen.memory.episodes.describe import describe, event_vectors
from knowhen.memory.episodes.endpoint import EndpointLikelihood
from knowhen.memory.episodes.factory import (
    DEFAULT_SCORER,
    SCORERS,
    make_offline_segmenter,
    make_segmenter,
)
from knowhen.memory.episodes.fixed import FixedSegmenter
from knowhen.memory.episodes.offline import OfflineSegmenter
from knowhen.memory.episodes.online import OnlineSegmenter
from knowhen.memory.episodes.refining import RefiningSegmenter
from knowhen.memory.episodes.thresholds import Constant, Trailing, surprising_tokens

__all__ = [
    "DEFAULT_SCORER",
    "SCORERS",
    "Calibration",
    "CausalLanguageModel",
    "Constant",
    "Cut",
    "EndpointLikelihood",
    "FixedSegmenter",
    "Limits",
    "OfflineSegmenter",
    "OnlineSegmenter",
    "RefiningSegmenter",
    "Segmenter",
    "Trailing",
    "Unit",
    "calibrated",
    "calibration_for",
    "describe",
    "event_vectors",
    "make_offline_segmenter",
    "make_segmenter",
    "surprising_tokens",
]
