"""The graph is the sum of what its sources contributed, and nothing else."""

from threading import Thread

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.graphs import Edge, InvalidEdge, KnowledgeGraph, PushWalk

NODES = [f"{kind}:{i}" for kind in ("turn", "entity") for i in range(5)]
edges = st.builds(
    Edge,
    st.sampled_from(NODES),
    st.sampled_from(NODES),
    st.sampled_from(["fact", "mention", "likes"]),
    st.floats(1e-3, 1e3),
)
contributions = st.tuples(
    st.sampled_from(["a", "b", "c", "d"]),
    st.lists(edges, max_size=8),
    st.lists(st.sampled_from(NODES), max_size=2),
)
Contribution = tuple[str, list[Edge], list[str]]
State = tuple[set[str], set[Edge]]


def state(graph: KnowledgeGraph) -> State:
    """Everything that can be seen of a graph, exactly."""
    listed = list(graph.edges())
    seen = {edge for node in graph.nodes for edge in graph.neighbours(node)}
    assert len(seen) == 2 * len(listed) == sum(map(graph.degree, graph.nodes))
    for node in graph.nodes:
        weights = [edge.weight for edge in graph.neighbours(node)]
        assert graph.strength(node) == pytest.approx(sum(weights))
    return set(graph.nodes), set(listed)


def built(parts: list[Contribution]) -> KnowledgeGraph:
    graph = KnowledgeGraph()
    for source, each, nodes in parts:
        graph.add(source, each, nodes)
    return graph


@settings(deadline=None, max_examples=150)
@given(st.lists(contributions, max_size=8), st.randoms(use_true_random=False))
def test_one_by_one_in_any_order_and_one_batch_make_the_same_graph(
    parts: list[Contribution], random: "np.random.Generator"
) -> None:
    batch = KnowledgeGraph()
    batch.add_all(parts)
    shuffled = list(parts)
    random.shuffle(shuffled)  # type: ignore[arg-type]
    assert state(built(parts)) == state(batch) == state(built(shuffled))


@settings(deadline=None, max_examples=150)
@given(st.lists(contributions, max_size=6), st.lists(edges, max_size=8))
def test_removing_what_was_added_leaves_nothing_of_it(
    parts: list[Contribution], more: list[Edge]
) -> None:
    graph = built(parts)
    before = state(graph)
    graph.add("new", more, ["turn:new"])
    assert graph.remove("new")
    assert state(graph) == before
    for source in ("a", "b", "c", "d"):
        graph.remove(source)
    assert state(graph) == (set(), set())


@settings(deadline=None, max_examples=50)
@given(st.lists(contributions, min_size=1, max_size=8))
def test_removing_one_source_leaves_the_graph_of_the_others(parts: list[Contribution]) -> None:
    graph = built(parts)
    graph.remove(parts[0][0])
    assert state(graph) == state(built([part for part in parts if part[0] != parts[0][0]]))


def test_slots_of_nodes_that_left_are_used_again() -> None:
    graph = KnowledgeGraph()
    for round_ in range(50):
        graph.add("s", [Edge(f"entity:{round_}", f"entity:{round_ + 1}", "fact")])
        graph.remove("s")
    assert graph.adjacency.size <= 4


def test_a_long_life_of_changes_keeps_the_pool_in_proportion() -> None:
    rng = np.random.default_rng(0)
    graph = KnowledgeGraph()
    graph.add_arrays("base", NODES, (np.arange(9), np.arange(1, 10)), "fact")
    before = state(graph)
    for i in range(400):
        ends = rng.integers(0, 60, (12, 2))
        graph.add(f"s{i}", [Edge(f"entity:x{a}", f"entity:x{b}", "fact") for a, b in ends])
        if i >= 5:
            graph.remove(f"s{i - 5}")
    assert len(graph.adjacency.columns) < 40 * graph.adjacency.edges + 4096
    for i in range(395, 400):
        graph.remove(f"s{i}")
    assert state(graph) == before


def test_arrays_make_the_same_graph_as_edges() -> None:
    weights = np.array([0.5, 2.0, 1.0])
    ends = (np.array([0, 1, 3]), np.array([1, 2, 3]))
    arrays, plain = KnowledgeGraph(), KnowledgeGraph()
    arrays.add_arrays("s", NODES, ends, "fact", weights)
    listed = [
        Edge(NODES[a], NODES[b], "fact", w) for a, b, w in zip(*ends, weights.tolist(), strict=True)
    ]
    plain.add("s", listed, NODES)
    assert state(arrays) == state(plain)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_bad_weight_is_refused_and_nothing_is_added(weight: float) -> None:
    graph = KnowledgeGraph()
    good = Edge("entity:a", "entity:b", "fact", 1.0)
    with pytest.raises(InvalidEdge):
        graph.add("s", [good, Edge("entity:a", "entity:c", "fact", weight)])
    with pytest.raises(InvalidEdge):
        graph.add_arrays("s", NODES, (np.array([0]), np.array([1])), "fact", np.array([weight]))
    assert len(graph) == 0
    assert graph.sources == ()


def test_a_source_that_added_nothing_has_nothing_to_remove() -> None:
    assert not KnowledgeGraph().remove("nobody")


def test_counts_kinds_and_neighbours() -> None:
    graph = built(
        [
            ("1", [Edge("turn:1", "entity:a", "mention")], []),
            ("1", [Edge("entity:a", "entity:b", "fact", 2)], []),
            ("2", [Edge("entity:b", "entity:a", "fact", 3)], ["turn:2"]),
        ]
    )
    assert graph.node_counts() == {"turn": 2, "entity": 2}
    assert graph.edge_counts() == {"fact": 1, "mention": 1}
    assert graph.neighbours("entity:a") == (
        Edge("entity:a", "entity:b", "fact", 5.0),
        Edge("entity:a", "turn:1", "mention", 1.0),
    )
    assert list(graph.edges(["mention"])) == [Edge("entity:a", "turn:1", "mention", 1.0)]
    assert graph.degree("turn:2") == 0
    assert "turn:2" in graph and "turn:3" not in graph
    with pytest.raises(KeyError):
        graph.neighbours("turn:3")


def test_readers_and_writers_on_many_threads_see_whole_states() -> None:
    graph = KnowledgeGraph()
    graph.add("base", [Edge(f"entity:{i}", f"entity:{(i + 1) % 30}", "fact") for i in range(30)])
    before, failures = state(graph), []
    walk = PushWalk()

    def write(name: int) -> None:
        for i in range(40):
            graph.add(f"{name}", [Edge(f"entity:{i % 30}", f"turn:{name}", "mention")])
            graph.remove(f"{name}")

    def read() -> None:
        for i in range(40):
            total = walk.rank(graph, {f"entity:{i % 30}": 1.0}).scores.sum()
            if abs(total - 1.0) > 1e-9:
                failures.append(total)

    threads = [Thread(target=write, args=(i,)) for i in range(3)]
    threads += [Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert state(graph) == before


@settings(deadline=None, max_examples=100)
@given(st.lists(contributions, max_size=6), st.lists(contributions, min_size=1, max_size=6))
def test_a_graph_and_its_copy_change_apart(
    parts: list[Contribution], more: list[Contribution]
) -> None:
    for first in (True, False):
        graph = built(parts)
        twin = graph.copy()
        before = state(graph)
        assert state(twin) == before
        changed, left = (graph, twin) if first else (twin, graph)
        changed.add_all(more)
        changed.remove(more[0][0])
        assert state(left) == before
        expected = [part for part in (*parts, *more) if part[0] != more[0][0]]
        assert state(changed) == state(built(expected))
