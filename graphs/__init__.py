"""Graph memory: a knowledge graph of sources, and personalized PageRank over it."""

from knowhen.graphs.errors import InvalidEdge, InvalidRestart
from knowhen.graphs.explain import Path, Step, explain
from knowhen.graphs.knowledge import EDGE_KINDS, Edge, EdgeKind, KnowledgeGraph, kind_of
from knowhen.graphs.names import entities_in, normalise
from knowhen.graphs.recognition import Fact
from knowhen.graphs.restart import fused, shared_out
from knowhen.graphs.synonyms import SynonymChange, SynonymFinder
from knowhen.graphs.walk import DAMPING, PowerWalk, PrpackWalk, PushWalk, Ranking, Walk

__all__ = [
    "DAMPING",
    "EDGE_KINDS",
    "Edge",
    "EdgeKind",
    "Fact",
    "InvalidEdge",
    "InvalidRestart",
    "KnowledgeGraph",
    "Path",
    "PowerWalk",
    "PrpackWalk",
    "PushWalk",
    "Ranking",
    "Step",
    "SynonymChange",
    "SynonymFinder",
    "Walk",
    "entities_in",
    "explain",
    "fused",
    "kind_of",
    "normalise",
    "shared_out",
]
