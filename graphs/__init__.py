"""Graph memory: a knowledge graph of sources, personalized PageRank, and HippoRAG's recipes."""

from knowhen.graphs.cues import Cues, entities_in
from knowhen.graphs.edges import EDGE_KINDS, Edge, EdgeKind, kind_of
from knowhen.graphs.errors import InvalidEdge, InvalidRestart
from knowhen.graphs.explain import Path, Step, explain
from knowhen.graphs.facts import Fact, facts_from
from knowhen.graphs.knowledge import KnowledgeGraph
from knowhen.graphs.names import normalise
from knowhen.graphs.passages import Passage, PassageGraph
from knowhen.graphs.recipes import HIPPORAG, HIPPORAG2, KNOWHEN, RECIPES, Recipe
from knowhen.graphs.retrieval import Retrieval, retrieve
from knowhen.graphs.synonyms import SynonymChange, SynonymFinder
from knowhen.graphs.walk import DAMPING, PowerWalk, PrpackWalk, PushWalk, Ranking, Walk

__all__ = [
    "DAMPING",
    "EDGE_KINDS",
    "HIPPORAG",
    "HIPPORAG2",
    "KNOWHEN",
    "RECIPES",
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
