"""What every walk keeps to, and that the three of them give one answer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.graphs import (
    Edge,
    InvalidEdge,
    InvalidRestart,
    KnowledgeGraph,
    PowerWalk,
    PrpackWalk,
    PushWalk,
    Walk,
)
from knowhen.graphs.errors import InvalidInput
from knowhen.graphs.testing import StandingWalk

WALKS: list[Walk] = [PushWalk(), PowerWalk(), PrpackWalk(), StandingWalk()]
REAL = WALKS[:3]


@pytest.fixture
def graph() -> KnowledgeGraph:
    graph = KnowledgeGraph()
    graph.add(
        "all",
        [
            Edge("entity:ann", "entity:bob", "fact", 2.0),
            Edge("entity:bob", "turn:1", "mention"),
            Edge("entity:ann", "turn:2", "mention"),
            Edge("entity:ann", "entity:anne", "synonym", 0.9),
        ],
        ["turn:alone"],
    )
    return graph


@pytest.mark.parametrize("walk", WALKS)
@pytest.mark.parametrize("restart", [{}, {"entity:nobody": 1.0}, {"entity:ann": 0.0}])
def test_without_a_restart_in_the_graph_nothing_is_reached(
    walk: Walk, graph: KnowledgeGraph, restart: dict[str, float]
) -> None:
    assert len(walk.rank(graph, restart)) == 0
    assert len(walk.rank(KnowledgeGraph(), restart)) == 0


@pytest.mark.parametrize("walk", WALKS)
@pytest.mark.parametrize("mass", [-1.0, float("nan"), float("inf")])
def test_a_bad_mass_is_refused(walk: Walk, graph: KnowledgeGraph, mass: float) -> None:
    with pytest.raises(InvalidRestart):
        walk.rank(graph, {"entity:ann": mass})


@pytest.mark.parametrize("walk", WALKS)
@pytest.mark.parametrize("damping", [-0.1, 1.0, 2.0, float("nan")])
def test_a_bad_damping_is_refused(walk: Walk, graph: KnowledgeGraph, damping: float) -> None:
    with pytest.raises(InvalidRestart):
        walk.rank(graph, {"entity:ann": 1.0}, damping=damping)


@pytest.mark.parametrize("walk", WALKS)
def test_a_bad_factor_is_refused(walk: Walk, graph: KnowledgeGraph) -> None:
    with pytest.raises(InvalidEdge):
        walk.rank(graph, {"entity:ann": 1.0}, kinds={"fact": -1.0})


@pytest.mark.parametrize("walk", REAL)
def test_a_kind_at_zero_is_not_walked(walk: Walk, graph: KnowledgeGraph) -> None:
    ranking = walk.rank(graph, {"entity:ann": 1.0}, kinds={"fact": 0.0})
    assert ranking.score("entity:bob") == 0.0
    assert ranking.score("turn:2") > 0.0


@pytest.mark.parametrize("walk", REAL)
def test_a_heavier_kind_draws_more(walk: Walk, graph: KnowledgeGraph) -> None:
    plain = walk.rank(graph, {"entity:ann": 1.0})
    heavy = walk.rank(graph, {"entity:ann": 1.0}, kinds={"synonym": 5.0})
    assert heavy.score("entity:anne") > plain.score("entity:anne")


@pytest.mark.parametrize("walk", REAL)
def test_a_node_without_edges_keeps_its_mass(walk: Walk, graph: KnowledgeGraph) -> None:
    assert walk.rank(graph, {"turn:alone": 1.0}).top(3) == [("turn:alone", pytest.approx(1.0))]


def test_a_walk_does_not_change_the_graph(graph: KnowledgeGraph) -> None:
    version, nodes = graph.version, set(graph.nodes)
    PushWalk().rank(graph, {"entity:new": 1.0, "entity:ann": 1.0})
    assert (graph.version, set(graph.nodes)) == (version, nodes)


def test_equal_scores_stand_in_the_order_of_ids() -> None:
    graph = KnowledgeGraph()
    graph.add("s", [Edge("entity:hub", f"turn:{i}", "mention") for i in (3, 1, 2)])
    ranking = PushWalk().rank(graph, {"entity:hub": 1.0})
    assert [node for node, _ in ranking.top(3, "turn")] == ["turn:1", "turn:2", "turn:3"]


def test_push_looks_at_a_part_of_the_graph_that_does_not_grow_with_it() -> None:
    reached = []
    for size in (2_000, 20_000):
        graph = KnowledgeGraph()
        ends = np.arange(size)
        nodes = [f"entity:{i}" for i in range(size)]
        graph.add_arrays("ring", nodes, (ends, np.roll(ends, 1)), "fact")
        reached.append(len(PushWalk().rank(graph, {"entity:0": 1.0}, damping=0.85)))
    assert reached[0] == reached[1] < 200


@pytest.mark.parametrize("tolerance", [0.0, -1.0, float("nan")])
def test_push_needs_a_positive_tolerance(tolerance: float) -> None:
    with pytest.raises(InvalidInput):
        PushWalk(tolerance)


def test_an_interrupted_walk_leaves_no_trace_in_the_next(
    graph: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = PushWalk().rank(graph, {"entity:ann": 1.0}).scores_by_node()
    with monkeypatch.context() as patch:
        patch.setattr(graph.adjacency, "gather", lambda rows: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            PushWalk().rank(graph, {"entity:bob": 1.0})
    assert PushWalk().rank(graph, {"entity:ann": 1.0}).scores_by_node() == before


def test_the_standing_walk_remembers_what_it_was_asked(graph: KnowledgeGraph) -> None:
    walk = StandingWalk()
    ranking = walk.rank(graph, {"turn:1": 3.0, "turn:2": 1.0})
    assert ranking.top(2) == [("turn:1", 0.75), ("turn:2", 0.25)]
    assert walk.history == [{"turn:1": 3.0, "turn:2": 1.0}]


NODES = [f"entity:{i}" for i in range(9)]
edges = st.builds(
    Edge,
    st.sampled_from(NODES),
    st.sampled_from(NODES),
    st.sampled_from(["fact", "mention", "synonym"]),
    st.floats(0.01, 50.0),
)
restarts = st.dictionaries(
    st.sampled_from([*NODES, "entity:unknown"]), st.floats(0.0, 5.0), max_size=5
)
factors = st.none() | st.fixed_dictionaries({"fact": st.sampled_from([0.0, 0.5, 1.0, 3.0])})


def graph_of(drawn: list[Edge]) -> KnowledgeGraph:
    graph = KnowledgeGraph()
    graph.add("all", drawn, NODES)
    return graph


@settings(deadline=None, max_examples=150)
@given(st.lists(edges, max_size=25), restarts, st.sampled_from([0.1, 0.5, 0.85]), factors)
def test_push_power_and_prpack_agree_and_sum_to_one(
    drawn: list[Edge],
    restart: dict[str, float],
    damping: float,
    kinds: dict[str, float] | None,
) -> None:
    graph = graph_of(drawn)
    exact = PowerWalk().rank(graph, restart, damping=damping, kinds=kinds)
    for walk in (PrpackWalk(), PushWalk(), PushWalk(1e-3)):
        ranking = walk.rank(graph, restart, damping=damping, kinds=kinds)
        distance = sum(abs(ranking.score(node) - exact.score(node)) for node in graph.nodes)
        assert distance <= ranking.error + exact.error + 1e-9
        if any(mass > 0 and node in graph for node, mass in restart.items()):
            assert np.isclose(ranking.scores.sum(), 1.0)
        else:
            assert len(ranking) == 0


def test_two_nodes_have_the_closed_form() -> None:
    graph = graph_of([Edge("entity:0", "entity:1", "fact", 2.0)])
    for walk in (PowerWalk(), PushWalk(1e-12), PrpackWalk()):
        ranking = walk.rank(graph, {"entity:0": 3.0}, damping=0.5)
        assert ranking.score("entity:0") == pytest.approx(2 / 3)
        assert ranking.score("entity:1") == pytest.approx(1 / 3)
