"""Cutting a conversation into events by surprise.

A scorer says how strongly each turn looks like a beginning, `OnlineSegmenter` cuts the stream
where it proposes to and the limits allow, and `OfflineSegmenter` cuts a whole session anew.
"""

from knowhen.memory.episodes.base import Cut, Limits, Segmenter, Unit
from knowhen.memory.episodes.calibration import (
    DEFAULT_SCORER,
    SCORERS,
    make_offline_segmenter,
    make_segmenter,
    measured,
    topics_for,
)
from knowhen.memory.episodes.cues import ASKED, CUES, Cue
from knowhen.memory.episodes.describe import describe
from knowhen.memory.episodes.lm import CausalLanguageModel, Constant, Trailing
from knowhen.memory.episodes.offline import OfflineSegmenter
from knowhen.memory.episodes.online import OnlineSegmenter
from knowhen.memory.episodes.refining import RefiningSegmenter
from knowhen.memory.episodes.timeline import (
    Episode,
    Outline,
    outline,
    outlines,
    plot_surprise,
    save_plot,
    timeline,
    timeline_tree,
)
from knowhen.memory.episodes.topics import TopicModel

__all__ = [
    "ASKED",
    "CUES",
    "DEFAULT_SCORER",
    "SCORERS",
    "CausalLanguageModel",
    "Constant",
    "Cue",
    "Cut",
    "Episode",
    "Limits",
    "OfflineSegmenter",
    "OnlineSegmenter",
    "Outline",
    "RefiningSegmenter",
    "Segmenter",
    "TopicModel",
    "Trailing",
    "Unit",
    "describe",
    "make_offline_segmenter",
    "make_segmenter",
    "measured",
    "outline",
    "outlines",
    "plot_surprise",
    "save_plot",
    "timeline",
    "timeline_tree",
    "topics_for",
]
