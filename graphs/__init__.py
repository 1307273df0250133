"""Graph memory: a knowledge graph of sources, and personalized PageRank over it."""

from knowhen.graphs.errors import InvalidEdge, InvalidRestart
from knowhen.graphs.explain import Path, Step, explain
from knowhen.graphs.knowledge import EDGE_KINDS, Edge, EdgeKind, KnowledgeGraph, kind_of
from knowhen.graphs.names import entities_in, normalise
from knowhen.graphs.passages import Fact, Passage, PassageGraph, facts_from
from knowhen.graphs.retrieval import KNOWHEN, Cues, Recipe, Retrieval, retrieve
from knowhen.graphs.synonyms import SynonymChange, SynonymFinder
from knowhen.graphs.walk import DAMPING, PowerWalk, PrpackWalk, PushWalk, Ranking, Walk

__all__ = [
    "DAMPING",
    "EDGE_KINDS",
    "KNOWHEN",
    "Cues",
    "Edge",
    "EdgeKind",
    "Fact",
    "InvalidEdge",
    "InvalidRestart",
    "KnowledgeGraph",
    "Passage",
    "PassageGraph",
    "Path",
    "PowerWalk",
    "PrpackWalk",
    "PushWalk",
    "Ranking",
    "Recipe",
    "Retrieval",
    "Step",
    "SynonymChange",
    "SynonymFinder",
    "Walk",
    "entities_in",
    "explain",
    "facts_from",
    "kind_of",
    "normalise",
    "retrieve",
]
