"""Cutting a conversation into events by surprise.

A scorer says how strongly each turn looks like a beginning, `OnlineSegmenter` cuts the stream
where it proposes to and the limits allow, and `OfflineSegmenter` cuts a whole session anew.
"""

from knowhen.memory.episodes.base import Cut, Limits, Segmenter, Unit
from knowhen.memory.episodes.calibration import Calibration, calibrated, calibration_for
from knowhen.memory.episodes.causal_lm import CausalLanguageModel
from knowhen.memory.episodes.cues import ASKED, CUES, Cue
from knowhen.memory.episodes.describe import ask_title, describe, event_score, event_vectors
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
from knowhen.memory.episodes.outline import (
    Episode,
    Outline,
    came_first,
    locate,
    outline,
    outlines,
)
from knowhen.memory.episodes.plot import plot_surprise, save_plot
from knowhen.memory.episodes.refining import RefiningSegmenter
from knowhen.memory.episodes.thresholds import Constant, Trailing, surprising_tokens
from knowhen.memory.episodes.timeline import timeline, timeline_tree

__all__ = [
    "ASKED",
    "CUES",
    "DEFAULT_SCORER",
    "SCORERS",
    "Calibration",
    "CausalLanguageModel",
    "Constant",
    "Cue",
    "Cut",
    "EndpointLikelihood",
    "Episode",
    "FixedSegmenter",
    "Limits",
    "OfflineSegmenter",
    "OnlineSegmenter",
    "Outline",
    "RefiningSegmenter",
    "Segmenter",
    "Trailing",
    "Unit",
    "ask_title",
    "calibrated",
    "calibration_for",
    "came_first",
    "describe",
    "event_score",
    "event_vectors",
    "locate",
    "make_offline_segmenter",
    "make_segmenter",
    "outline",
    "outlines",
    "plot_surprise",
    "save_plot",
    "surprising_tokens",
    "timeline",
    "timeline_tree",
]
