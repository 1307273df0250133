"""Why a walk reached a node: the likeliest path to it from each seed, and the most telling one."""

import heapq
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, pairwise

from knowhen.graphs.knowledge import Edge, KnowledgeGraph, kind_of
from knowhen.graphs.walk import DAMPING, check_damping

EFFORT = 5_000
"""Edges looked at before the search gives up on seeds further away."""


@dataclass(frozen=True, slots=True)
class Step:
    """One edge of a path, walked from its source to its target."""

    edge: Edge
    chance: float
    """Chance that a walker at the source takes this edge, restarts not counted."""


@dataclass(frozen=True, slots=True)
class Path:
    """How a walker gets from a seed to a node."""

    seed: str
    mass: float
    """The seed's share of the restart."""
    steps: tuple[Step, ...]
    """Empty if the seed is the node itself."""
    weight: float
    """The part of the node's score that came this very way, (1 - d) x mass x (d x chance) ..."""

    def __str__(self) -> str:
        parts = [f"{self.seed} ({self.mass:.3g})"]
        parts += [f"-[{s.edge.kind} {s.chance:.3g}]-> {s.edge.target}" for s in self.steps]
        return " ".join(parts)


def explain(
    graph: KnowledgeGraph,
    restart: Mapping[str, float],
    node: str,
    *,
    damping: float = DAMPING,
    kinds: Mapping[str, float] | None = None,
    limit: int | None = 5,
    effort: int = EFFORT,
) -> tuple[Path, ...]:
    """The likeliest path from each seed to `node`, those with the largest part in it first.

    Seeds that cannot be reached within `effort` edges have no path.

    Raises:
        KeyError: `node` is not in the graph.
        InvalidRestart: as for `Walk.rank`.
        InvalidEdge: as for `Walk.rank`.
    """
    check_damping(damping)
    with graph.lock:
        masses = {seed: mass for seed, mass in restart.items() if seed in graph and mass > 0}
        total = math.fsum(masses.values())
        paths = []
        for seed, steps, chance in _paths_to(graph, node, set(masses), damping, kinds, effort):
            mass = masses[seed] / total
            paths.append(Path(seed, mass, steps, (1.0 - damping) * mass * chance))
    return tuple(sorted(paths, key=lambda path: (-path.weight, path.seed))[:limit])


@dataclass(frozen=True, slots=True)
class Telling:
    """How one name leads to another, as a person would tell it."""

    names: tuple[str, ...]
    """Entities from a seed on, without what stands before the colon of a node."""
    through: tuple[str, ...]
    """Nodes that link each name to the next, and the last one to what was reached."""


TELLING_HOPS = 4
_UNTOLD = frozenset({"contiguity", "member"})
"""Kinds of edges that say nothing: being said next, or in the same event."""


def telling_path(
    graph: KnowledgeGraph,
    seeds: Collection[str],
    node: str,
    *,
    hops: int = TELLING_HOPS,
    effort: int = EFFORT,
) -> Telling | None:
    """The shortest way from an entity among `seeds` to `node` over names, at most `hops` of them.

    None if there is no such way, or if it would take more than `effort` edges to find.

    Raises:
        KeyError: `node` is not in the graph.
    """
    onward: dict[str, str] = {node: ""}
    frontier = [node]
    with graph.lock:
        for _ in range(2 * hops):  # from a text to a name, and from that name to a text
            reached: list[str] = []
            for place in frontier:
                for edge in graph.neighbours(place):
                    effort -= 1
                    if edge.target in onward or edge.kind in _UNTOLD:
                        continue
                    onward[edge.target] = place
                    if edge.target in seeds and kind_of(edge.target) == "entity":
                        return _told(onward, edge.target)
                    reached.append(edge.target)
                if effort <= 0:
                    return None
            frontier = reached
    return None


def _told(onward: Mapping[str, str], seed: str) -> Telling:
    way = [seed]
    while onward[way[-1]]:
        way.append(onward[way[-1]])
    names = [place for place in way if kind_of(place) == "entity"]
    through = [after for before, after in pairwise(way) if kind_of(before) == "entity"]
    return Telling(tuple(name.partition(":")[2] for name in names), tuple(through))


def _paths_to(
    graph: KnowledgeGraph,
    node: str,
    seeds: set[str],
    damping: float,
    kinds: Mapping[str, float] | None,
    effort: int,
) -> Iterator[tuple[str, tuple[Step, ...], float]]:
    """Dijkstra's search backwards from `node`, a step costing -log(damping x chance)."""
    chances = _Chances(graph, kinds)
    onward: dict[str, Step | None] = {}
    order = count()
    queue: list[tuple[float, str, int, Step | None]] = [(0.0, node, next(order), None)]
    left = set(seeds)
    while queue and left and effort > 0:
        cost, place, _, step = heapq.heappop(queue)
        if place in onward:
            continue
        onward[place] = step
        if place in left:
            left.remove(place)
            yield place, _follow(onward, place), math.exp(-cost)
        for back in chances.into(place):
            effort -= 1
            if back.edge.source not in onward and damping * back.chance > 0.0:
                further = cost - math.log(damping * back.chance)
                heapq.heappush(queue, (further, back.edge.source, next(order), back))


def _follow(onward: Mapping[str, Step | None], place: str) -> tuple[Step, ...]:
    steps = []
    while (step := onward[place]) is not None:
        steps.append(step)
        place = step.edge.target
    return tuple(steps)


class _Chances:
    """Chances of single steps, with the strength of each node worked out once."""

    def __init__(self, graph: KnowledgeGraph, kinds: Mapping[str, float] | None) -> None:
        graph.factors(kinds)  # refuses bad ones
        self._graph, self._factors = graph, kinds or {}
        self._strengths: dict[str, float] = {}

    def into(self, node: str) -> Iterator[Step]:
        for edge in self._graph.neighbours(node):
            weight = edge.weight * self._factors.get(edge.kind, 1.0)
            if weight > 0.0:
                turned = Edge(edge.target, node, edge.kind, edge.weight)
                yield Step(turned, weight / self._strength(edge.target))

    def _strength(self, node: str) -> float:
        if node not in self._strengths:
            self._strengths[node] = self._graph.strength(node, self._factors)
        return self._strengths[node]
