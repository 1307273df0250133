"""Personalized PageRank over a knowledge graph: local push, and two exact oracles."""

from knowhen.graphs.walk.base import DAMPING, Ranking, Walk
from knowhen.graphs.walk.fake import StandingWalk
from knowhen.graphs.walk.power import PowerWalk
from knowhen.graphs.walk.prpack import PrpackWalk
from knowhen.graphs.walk.push import PushWalk

__all__ = [
    "DAMPING",
    "PowerWalk",
    "PrpackWalk",
    "PushWalk",
    "Ranking",
    "StandingWalk",
    "Walk",
]
