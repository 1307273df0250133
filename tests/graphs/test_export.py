"""The graph in other formats says what the graph says."""

import json
from pathlib import Path

import networkx
import pytest

from knowhen.graphs import Edge, KnowledgeGraph, PushWalk
from knowhen.graphs.errors import InvalidInput
from knowhen.graphs.export import (
    from_json,
    neighbourhood,
    to_json,
    to_networkx,
    write_graphml,
    write_json,
)

EDGES = {
    Edge("entity:ann", "entity:bob", "fact", 2.5),
    Edge("entity:ann", "entity:bob", "synonym", 0.8),
    Edge("entity:bob", "turn:<1> & \u5317\u4eac", "mention", 1.0),
}


@pytest.fixture
def graph() -> KnowledgeGraph:
    graph = KnowledgeGraph()
    graph.add("all", EDGES, ["turn:alone"])
    return graph


def test_json_comes_back_as_the_same_graph(graph: KnowledgeGraph, tmp_path: Path) -> None:
    write_json(graph, tmp_path / "graph.json")
    again = from_json(json.loads((tmp_path / "graph.json").read_text(encoding="utf-8")))
    assert set(again.edges()) == EDGES
    assert set(again.nodes) == set(graph.nodes)
    assert to_json(again) == to_json(graph)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"format": "knowhen-graph", "version": 99, "nodes": [], "edges": []},
        {"format": "knowhen-graph", "version": 1, "nodes": [], "edges": {}},
        {"format": "knowhen-graph", "version": 1, "nodes": [{}], "edges": []},
        {"format": "knowhen-graph", "version": 1, "nodes": [], "edges": [{"source": "a"}]},
        {"format": "knowhen-graph", "version": 1, "nodes": ["entity:a"], "edges": []},
    ],
)
def test_json_of_another_shape_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        from_json(data)


def test_networkx_keeps_kinds_apart(graph: KnowledgeGraph) -> None:
    net = to_networkx(graph, scores={"entity:ann": 0.5}, restart={"entity:ann": 1.0})
    assert net.number_of_nodes() == 4 and net.number_of_edges() == 3
    assert net.edges["entity:ann", "entity:bob", "fact"]["weight"] == 2.5
    assert net.nodes["entity:ann"] == {"kind": "entity", "score": 0.5, "restart": 1.0}
    assert net.nodes["turn:alone"]["score"] == 0.0


def test_graphml_can_be_read_back(graph: KnowledgeGraph, tmp_path: Path) -> None:
    write_graphml(graph, tmp_path / "graph.graphml", scores={"entity:ann": 0.5})
    net = networkx.read_graphml(tmp_path / "graph.graphml", force_multigraph=True)
    weights = {(data["kind"], data["weight"]) for _, _, data in net.edges(data=True)}
    assert weights == {(edge.kind, edge.weight) for edge in EDGES}
    assert set(net.nodes) == set(graph.nodes)


def test_a_part_of_the_graph_holds_the_edges_inside_it(graph: KnowledgeGraph) -> None:
    part = to_json(graph, ["entity:ann", "entity:bob"])
    assert isinstance(part["edges"], list) and len(part["edges"]) == 2
    assert set(to_networkx(graph, ["entity:ann"]).nodes) == {"entity:ann"}


def test_the_neighbourhood_holds_seeds_first_and_the_best_after(graph: KnowledgeGraph) -> None:
    restart = {"turn:alone": 0.1, "entity:ann": 1.0, "entity:gone": 1.0}
    ranking = PushWalk().rank(graph, restart)
    assert neighbourhood(graph, ranking, limit=3, restart=restart) == (
        "turn:alone",
        "entity:ann",
        "entity:bob",
    )
