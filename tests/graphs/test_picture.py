"""A picture of a walk."""

from pathlib import Path

import pytest

from knowhen.graphs import Edge, KnowledgeGraph, PushWalk
from knowhen.graphs.errors import InvalidInput
from knowhen.graphs.picture import draw

RESTART = {"entity:ann": 1.0, "entity:$5": 0.5}


@pytest.fixture
def graph() -> KnowledgeGraph:
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


def test_a_png_is_drawn(graph: KnowledgeGraph, tmp_path: Path) -> None:
    draw(graph, PushWalk().rank(graph, RESTART), RESTART, tmp_path / "walk.png")
    assert (tmp_path / "walk.png").read_bytes().startswith(b"\x89PNG")


def test_an_svg_shows_labels_and_is_the_same_each_time(
    graph: KnowledgeGraph, tmp_path: Path
) -> None:
    for name in ("a.svg", "b.svg"):
        ranking = PushWalk().rank(graph, RESTART)
        draw(graph, ranking, RESTART, tmp_path / name, labels={"turn:1": "I play $1"})
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert b"</svg>" in (tmp_path / "a.svg").read_bytes()


def test_one_node_alone_can_be_drawn(tmp_path: Path) -> None:
    graph = KnowledgeGraph()
    graph.add("s", (), ["turn:1"])
    restart = {"turn:1": 1.0}
    draw(graph, PushWalk().rank(graph, restart), restart, tmp_path / "one.svg")
    assert (tmp_path / "one.svg").stat().st_size > 0


def test_other_endings_and_empty_walks_are_refused(graph: KnowledgeGraph, tmp_path: Path) -> None:
    ranking = PushWalk().rank(graph, RESTART)
    with pytest.raises(InvalidInput):
        draw(graph, ranking, RESTART, tmp_path / "walk.gif")
    with pytest.raises(InvalidInput):
        draw(graph, PushWalk().rank(graph, {}), {}, tmp_path / "walk.png")
