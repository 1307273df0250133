"""The three walks give one answer, and it is a distribution."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.graphs import Edge, KnowledgeGraph, PowerWalk, PrpackWalk, PushWalk

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
