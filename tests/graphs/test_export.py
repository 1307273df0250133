"""The graph in other formats says what the graph says."""

import json
from pathlib import Path

import networkx
import pytest

from knowhen.graphs import Edge, KnowledgeGraph, PushWalk
from knowhen.graphs.errors import InvalidInput
from knowhen.graphs.export import (
    draw,
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

WALKED = {"entity:ann": 1.0, "entity:$5": 0.5}


@pytest.fixture
def walked() -> KnowledgeGraph:
    graph = KnowledgeGraph()
    graph.add(
        "all",
        [
            Edge("entity:ann", "turn:1", "mention"),
            Edge("entity:ann", "entity:$5", "fact"),
            Edge("entity:ann", "entity:\u5317\u4eac", "likes"),
        ],
    )
    return graph


@pytest.fixture
def graph() -> KnowledgeGraph:
    graph = KnowledgeGraph()
    graph.add("all", EDGES, ["turn:alone"])
    return graph


def test_json_says_what_the_graph_says(graph: KnowledgeGraph, tmp_path: Path) -> None:
    write_json(graph, tmp_path / "graph.json")
    told = json.loads((tmp_path / "graph.json").read_text(encoding="utf-8"))
    assert told == to_json(graph)
    assert {Edge(**edge) for edge in told["edges"]} == EDGES
    assert {node["id"] for node in told["nodes"]} == set(graph.nodes)


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


def test_a_png_is_drawn(walked: KnowledgeGraph, tmp_path: Path) -> None:
    draw(walked, PushWalk().rank(walked, WALKED), WALKED, tmp_path / "walk.png")
    assert (tmp_path / "walk.png").read_bytes().startswith(b"\x89PNG")


def test_an_svg_shows_labels_and_is_the_same_each_time(
    walked: KnowledgeGraph, tmp_path: Path
) -> None:
    for name in ("a.svg", "b.svg"):
        ranking = PushWalk().rank(walked, WALKED)
        draw(walked, ranking, WALKED, tmp_path / name, labels={"turn:1": "I play $1"})
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert b"</svg>" in (tmp_path / "a.svg").read_bytes()


def test_one_node_alone_can_be_drawn(tmp_path: Path) -> None:
    graph = KnowledgeGraph()
    graph.add("s", (), ["turn:1"])
    restart = {"turn:1": 1.0}
    draw(graph, PushWalk().rank(graph, restart), restart, tmp_path / "one.svg")
    assert (tmp_path / "one.svg").stat().st_size > 0


def test_other_endings_and_empty_walks_are_refused(walked: KnowledgeGraph, tmp_path: Path) -> None:
    ranking = PushWalk().rank(walked, WALKED)
    with pytest.raises(InvalidInput):
        draw(walked, ranking, WALKED, tmp_path / "walk.gif")
    with pytest.raises(InvalidInput):
        draw(walked, PushWalk().rank(walked, {}), {}, tmp_path / "walk.png")
