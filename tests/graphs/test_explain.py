"""Paths from seeds to what was found, and how much of the score they carry."""

import pytest

from knowhen.graphs import Edge, InvalidRestart, KnowledgeGraph, PowerWalk
from knowhen.graphs.explain import explain


@pytest.fixture
def graph() -> KnowledgeGraph:
    graph = KnowledgeGraph()
    graph.add(
        "all",
        [
            Edge("entity:bob", "entity:lisbon", "fact", 1.0),
            Edge("entity:lisbon", "turn:7", "mention", 3.0),
            Edge("entity:bob", "turn:9", "mention", 1.0),
        ],
        ["entity:island"],
    )
    return graph


def test_the_path_names_each_edge_with_its_chance_and_the_share_it_carries(
    graph: KnowledgeGraph,
) -> None:
    (path,) = explain(graph, {"entity:bob": 2.0, "entity:island": 2.0}, "turn:7", damping=0.5)
    assert [(s.edge.source, s.edge.kind, s.edge.target, s.chance) for s in path.steps] == [
        ("entity:bob", "fact", "entity:lisbon", 0.5),
        ("entity:lisbon", "mention", "turn:7", 0.75),
    ]
    assert path.mass == 0.5
    assert path.weight == pytest.approx(0.5 * 0.5 * (0.5 * 0.5) * (0.5 * 0.75))
    assert str(path) == ("entity:bob (0.5) -[fact 0.5]-> entity:lisbon -[mention 0.75]-> turn:7")


def test_paths_never_carry_more_than_the_score(graph: KnowledgeGraph) -> None:
    restart = {"entity:bob": 1.0, "turn:9": 1.0, "turn:7": 0.5}
    score = PowerWalk().rank(graph, restart).score("turn:7")
    paths = explain(graph, restart, "turn:7")
    assert {path.seed for path in paths} == set(restart)
    assert 0 < sum(path.weight for path in paths) <= score
    assert list(paths) == sorted(paths, key=lambda path: -path.weight)
    assert explain(graph, restart, "turn:7", limit=1) == paths[:1]


def test_a_seed_is_its_own_path(graph: KnowledgeGraph) -> None:
    (path,) = explain(graph, {"turn:7": 1.0}, "turn:7")
    assert path.steps == () and path.weight == 0.5


def test_ways_of_equal_chance_are_told_apart() -> None:
    graph = KnowledgeGraph()
    middle = [f"entity:{i}" for i in range(4)]
    graph.add("s", [Edge("turn:1", each, "mention") for each in middle])
    graph.add("t", [Edge("turn:2", each, "mention") for each in middle])
    (path,) = explain(graph, {"turn:1": 1.0}, "turn:2")
    assert len(path.steps) == 2


def test_kinds_left_out_are_not_walked(graph: KnowledgeGraph) -> None:
    assert explain(graph, {"entity:bob": 1.0}, "turn:7", kinds={"fact": 0.0}) == ()


def test_the_search_gives_up_after_its_effort(graph: KnowledgeGraph) -> None:
    assert explain(graph, {"entity:bob": 1.0}, "turn:7", effort=1) == ()


def test_what_is_not_there_cannot_be_explained(graph: KnowledgeGraph) -> None:
    with pytest.raises(KeyError):
        explain(graph, {"entity:bob": 1.0}, "turn:8")
    with pytest.raises(InvalidRestart):
        explain(graph, {"entity:bob": 1.0}, "turn:7", damping=1.0)
