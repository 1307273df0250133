"""The knowledge graph and personalized PageRank."""

from knowhen.graphs.edges import EDGE_KINDS, Edge, EdgeKind, kind_of
from knowhen.graphs.errors import InvalidEdge, InvalidRestart
from knowhen.graphs.knowledge import KnowledgeGraph
from knowhen.graphs.names import normalise
from knowhen.graphs.walk import DAMPING, PowerWalk, PrpackWalk, PushWalk, Ranking, Walk

__all__ = [
    "DAMPING",
    "EDGE_KINDS",
    "Edge",
    "EdgeKind",
    "InvalidEdge",
    "InvalidRestart",
    "KnowledgeGraph",
    "PowerWalk",
    "PrpackWalk",
    "PushWalk",
    "Ranking",
    "Walk",
    "kind_of",
    "normalise",
]
