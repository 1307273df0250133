"""The graph for other tools and for the eye: JSON, networkx, GraphML and a picture."""

import json
import math
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from warnings import catch_warnings, filterwarnings

from knowhen.graphs.errors import InvalidInput, MissingExtra
from knowhen.graphs.knowledge import Edge, KnowledgeGraph, kind_of
from knowhen.graphs.walk import Ranking

if TYPE_CHECKING:
    import networkx
    from matplotlib.figure import Figure


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


FORMATS = (".png", ".svg", ".pdf")
_COLOURS = {
    "fact": "#4c72b0",
    "mention": "#999999",
    "named": "#64b5cd",
    "speaker": "#dd8452",
    "synonym": "#c44e52",
    "contiguity": "#55a868",
    "source": "#8172b2",
    "member": "#ccb974",
}
_LABEL = 28


def draw(
    graph: KnowledgeGraph,
    ranking: Ranking,
    restart: Mapping[str, float],
    path: str | Path,
    *,
    limit: int = 40,
    labels: Mapping[str, str] | None = None,
) -> None:
    """Draw the seeds and best nodes of a walk: score is the size, share of restart the colour.

    Seeds have a thick rim. The file's ending (.png, .svg or .pdf) says what is drawn; the same
    walk gives the same picture. `labels` replaces ids, such as turns by their first words.
    Letters that no font has are drawn as boxes.

    Raises:
        InvalidInput: the ending is another one, or the walk reached nothing.
        MissingExtra: matplotlib or networkx is not installed.
    """
    if Path(path).suffix.lower() not in FORMATS:
        raise InvalidInput(f"a picture is one of {', '.join(FORMATS)}, not {str(path)!r}")
    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra("matplotlib", "plot") from error
    nodes = neighbourhood(graph, ranking, limit=limit, restart=restart)
    if not nodes:
        raise InvalidInput("the walk reached nothing that could be drawn")
    scores = ranking.scores_by_node()
    net = to_networkx(graph, nodes, scores=scores, restart=restart)
    # A salt and no date, so that equal walks make equal bytes.
    with rc_context({"svg.hashsalt": "knowhen"}), catch_warnings():
        # Letters that no installed font has are drawn as boxes.
        filterwarnings("ignore", message="Glyph", category=UserWarning)
        figure = Figure(figsize=(10, 8), layout="constrained")
        FigureCanvasAgg(figure)
        _draw_net(figure, net, labels or {})
        undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
        figure.savefig(path, dpi=150, metadata=undated.get(Path(path).suffix.lower()))


def _places(net: "networkx.MultiGraph[str]") -> dict[str, tuple[float, float]]:
    """A position for each node; parts without edges between them are kept near each other."""
    import networkx

    tied = networkx.Graph(net.edges())
    tied.add_nodes_from(net)
    heads = [
        max(part, key=lambda node: (net.nodes[node]["score"], node))
        for part in networkx.connected_components(tied)
    ]
    heads.sort(key=lambda node: (-net.nodes[node]["score"], node))
    tied.add_edges_from((heads[0], head) for head in heads[1:])
    start = networkx.circular_layout(sorted(tied))
    spread = 3.0 / math.sqrt(len(tied))
    return {
        node: (float(x), float(y))
        for node, (x, y) in networkx.spring_layout(
            tied, pos=start, k=spread, seed=0, iterations=300
        ).items()
    }


def _draw_net(figure: "Figure", net: "networkx.MultiGraph[str]", labels: Mapping[str, str]) -> None:
    axes = figure.add_subplot()
    places = _places(net)
    for source, target, kind in net.edges(keys=True):
        (x, y), (u, v) = places[source], places[target]
        axes.plot([x, u], [y, v], color=_COLOURS.get(kind, "#bbbbbb"), lw=1, alpha=0.6, zorder=1)
    order = list(net)
    scores = [float(net.nodes[node]["score"]) for node in order]
    masses = [float(net.nodes[node]["restart"]) for node in order]
    most = max(scores) or 1.0
    dots = axes.scatter(
        [places[node][0] for node in order],
        [places[node][1] for node in order],
        s=[60.0 + 900.0 * math.sqrt(score / most) for score in scores],
        c=[mass / (sum(masses) or 1.0) for mass in masses],
        cmap="YlOrRd",
        vmin=0.0,
        edgecolors="#333333",
        linewidths=[2.5 if mass > 0 else 0.6 for mass in masses],
        zorder=2,
    )
    for node in order:
        text = " ".join(labels.get(node, node.partition(":")[2] or node).split())
        short = text if len(text) <= _LABEL else text[: _LABEL - 1] + "…"
        axes.annotate(
            short.replace("$", r"\$"),
            places[node],
            xytext=(0, -9),
            textcoords="offset points",
            fontsize=7,
            ha="center",
            va="top",
            zorder=3,
        )
    used = sorted({kind for _, _, kind in net.edges(keys=True)})
    for kind in used:
        axes.plot([], [], color=_COLOURS.get(kind, "#bbbbbb"), label=kind)
    if used:
        figure.legend(loc="outside lower center", fontsize=8, ncols=len(used))
    colorbar = figure.colorbar(dots, ax=axes, shrink=0.6)
    colorbar.set_label("share of restart (size: score)")
    axes.set_axis_off()
