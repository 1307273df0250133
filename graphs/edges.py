"""The edge, as it is put into a graph and as it is given back."""

from dataclasses import dataclass
from typing import Literal, get_args

EdgeKind = Literal["fact", "mention", "synonym", "contiguity", "source", "member"]
"""The kinds that knowhen makes; a graph takes any other name too."""

EDGE_KINDS: tuple[EdgeKind, ...] = get_args(EdgeKind)


@dataclass(frozen=True, slots=True)
class Edge:
    """An undirected weighted edge of the knowledge graph."""

    source: str
    target: str
    kind: str
    weight: float = 1.0


def kind_of(node: str) -> str:
    """What a node is: the part of its id before the first colon, such as `turn`."""
    return node.partition(":")[0]
