"""The graph for other tools: JSON, networkx and GraphML."""

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from knowhen.graphs.edges import Edge, kind_of
from knowhen.graphs.errors import InvalidInput, MissingExtra
from knowhen.graphs.knowledge import KnowledgeGraph
from knowhen.graphs.walk.base import Ranking

if TYPE_CHECKING:
    import networkx

FORMAT = "knowhen-graph"
VERSION = 1


def neighbourhood(
    graph: KnowledgeGraph,
    ranking: Ranking,
    *,
    limit: int = 40,
    restart: Mapping[str, float] | None = None,
) -> tuple[str, ...]:
    """The nodes around a query: those of the restart and the best of its ranking."""
    best = dict.fromkeys(node for node in restart or () if node in graph)
    best |= dict.fromkeys(node for node, _ in ranking.top(limit) if node in graph)
    return tuple(best)[:limit]


def edges_among(graph: KnowledgeGraph, nodes: Collection[str]) -> tuple[Edge, ...]:
    """The edges between the given nodes, each once."""
    chosen = set(nodes)
    with graph.lock:
        return tuple(
            edge
            for node in sorted(chosen)
            for edge in graph.neighbours(node)
            if edge.source < edge.target and edge.target in chosen
        )


def to_json(graph: KnowledgeGraph, nodes: Collection[str] | None = None) -> dict[str, object]:
    """Nodes and edges (of `nodes` only, if given) as JSON holds them, in a fixed order."""
    with graph.lock:
        chosen = sorted(graph.nodes if nodes is None else set(nodes))
        edges: Iterable[Edge] = graph.edges() if nodes is None else edges_among(graph, chosen)
        rows = sorted((edge.source, edge.target, edge.kind, edge.weight) for edge in edges)
    return {
        "format": FORMAT,
        "version": VERSION,
        "nodes": [{"id": node, "kind": kind_of(node)} for node in chosen],
        "edges": [
            {"source": source, "target": target, "kind": kind, "weight": weight}
            for source, target, kind, weight in rows
        ],
    }


def from_json(data: Mapping[str, object], source: str = "import") -> KnowledgeGraph:
    """A graph with the nodes and edges that `to_json` gave, all from one source.

    Raises:
        InvalidInput: the data has another format, or lacks a part.
        InvalidEdge: as for `KnowledgeGraph.add`.
    """
    if data.get("format") != FORMAT or data.get("version") != VERSION:
        raise InvalidInput(f"this is not the JSON of a knowhen graph of version {VERSION}")
    nodes, edges = data.get("nodes"), data.get("edges")
    if not isinstance(nodes, list) or not isinstance(edges, list):
        raise InvalidInput("the JSON of a graph needs lists of nodes and edges")
    graph = KnowledgeGraph()
    try:
        graph.add(
            source,
            [
                Edge(str(row["source"]), str(row["target"]), str(row["kind"]), float(row["weight"]))
                for row in edges
            ],
            [str(row["id"]) for row in nodes],
        )
    except (KeyError, TypeError) as error:
        raise InvalidInput(f"a node or an edge lacks a part: {error}") from error
    return graph


def to_networkx(
    graph: KnowledgeGraph,
    nodes: Collection[str] | None = None,
    *,
    scores: Mapping[str, float] | None = None,
    restart: Mapping[str, float] | None = None,
) -> "networkx.MultiGraph[str]":
    """A networkx multigraph whose edge keys are the kinds; scores become node attributes.

    Raises:
        MissingExtra: networkx is not installed.
    """
    try:
        import networkx
    except ImportError as error:
        raise MissingExtra("networkx", "graph") from error
    net: networkx.MultiGraph[str] = networkx.MultiGraph()
    with graph.lock:
        chosen = sorted(graph.nodes if nodes is None else set(nodes))
        edges: Iterable[Edge] = graph.edges() if nodes is None else edges_among(graph, chosen)
        for node in chosen:
            net.add_node(node, kind=kind_of(node))
            if scores is not None:
                net.nodes[node]["score"] = scores.get(node, 0.0)
            if restart is not None:
                net.nodes[node]["restart"] = restart.get(node, 0.0)
        for edge in edges:
            net.add_edge(
                edge.source, edge.target, key=edge.kind, kind=edge.kind, weight=edge.weight
            )
    return net


def write_graphml(
    graph: KnowledgeGraph,
    path: str | Path,
    nodes: Collection[str] | None = None,
    *,
    scores: Mapping[str, float] | None = None,
    restart: Mapping[str, float] | None = None,
) -> None:
    """Write the graph as GraphML, for Gephi, Cytoscape, yEd and others.

    Raises:
        MissingExtra: networkx is not installed.
    """
    net = to_networkx(graph, nodes, scores=scores, restart=restart)
    import networkx

    networkx.write_graphml_xml(net, str(path))


def write_json(
    graph: KnowledgeGraph, path: str | Path, nodes: Collection[str] | None = None
) -> None:
    """Write `to_json` to a file."""
    text = json.dumps(to_json(graph, nodes), ensure_ascii=False, indent=1)
    Path(path).write_text(text + "\n", encoding="utf-8")
