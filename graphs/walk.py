"""Personalized PageRank over a knowledge graph: by local push, or exactly.

`PushWalk` is what a recall walks with: its cost depends on where the walk starts and on the
tolerance, not on the size of the graph. `PowerWalk` and `PrpackWalk` visit every node; they are
there to check the push walk and for graphs that are small or walked seldom.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import local
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowhen.graphs.adjacency import Adjacency, Slots, Weights
from knowhen.graphs.errors import InvalidInput, InvalidRestart, MissingExtra
from knowhen.graphs.knowledge import KnowledgeGraph, kind_of

DAMPING = 0.5
"""Chance of walking on rather than restarting, as in HippoRAG 2."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Nodes by their share of the walk, best first; equal shares stand in the order of ids."""

    nodes: NDArray[np.object_]
    """Ids of the nodes that the walk reached."""
    scores: NDArray[np.float64]
    """Their shares, which sum to one."""
    error: float = 0.0
    """The scores are at most this far from the exact ones, all distances summed."""

    def score(self, node: str) -> float:
        """The share of `node`; 0 if the walk did not reach it. Looks through the ranking."""
        found = np.flatnonzero(self.nodes == node)
        return float(self.scores[found[0]]) if found.size else 0.0

    def top(self, limit: int, kind: str | None = None) -> list[tuple[str, float]]:
        """The first `limit` nodes (of `kind`, if given) with their scores."""
        top: list[tuple[str, float]] = []
        for node, score in self:
            if len(top) == limit:
                break
            if kind is None or kind_of(node) == kind:
                top.append((node, score))
        return top

    def scores_by_node(self) -> dict[str, float]:
        return dict(zip(self.nodes.tolist(), self.scores.tolist(), strict=True))

    def __iter__(self) -> Iterator[tuple[str, float]]:
        return zip(self.nodes, map(float, self.scores), strict=True)

    def __len__(self) -> int:
        return len(self.nodes)


class Walk(Protocol):
    """Ranks the nodes of a graph by personalized PageRank."""

    def rank(
        self,
        graph: KnowledgeGraph,
        restart: Mapping[str, float],
        *,
        damping: float = DAMPING,
        kinds: Mapping[str, float] | None = None,
    ) -> Ranking:
        """Where a walker is found who restarts by `restart` with chance 1 - `damping` a step.

        `restart` gives nodes masses, which are scaled to sum to one; nodes that are not in the
        graph are left out. `kinds` multiplies the weights of edges by kind (1 if not named, 0 to
        leave a kind out). A walker with nowhere to go restarts. Without any restart left in the
        graph the ranking is empty.

        Raises:
            InvalidRestart: a mass is negative or not finite, or `damping` is not in [0, 1).
            InvalidEdge: a factor in `kinds` is negative or not finite.
        """
        ...


def seeds(
    graph: KnowledgeGraph, restart: Mapping[str, float], damping: float
) -> tuple[Slots, Weights]:
    """Slots and masses of a restart, the masses summing to one; empty if no node is known.

    Raises:
        InvalidRestart: as for `Walk.rank`.
    """
    check_damping(damping)
    masses = np.fromiter(restart.values(), np.float64, len(restart))
    if not (np.isfinite(masses).all() and (masses >= 0).all()):
        raise InvalidRestart("the masses of a restart must be finite and not negative")
    slots = np.array(
        [-1 if (slot := graph.slot(node)) is None else slot for node in restart], np.int64
    )
    kept = (slots >= 0) & (masses > 0)
    slots, masses = slots[kept], masses[kept]
    return slots, masses / masses.sum() if masses.size else masses


def check_damping(damping: float) -> None:
    """Raise InvalidRestart unless 0 <= damping < 1."""
    if not 0.0 <= damping < 1.0:
        raise InvalidRestart(f"damping must be at least 0 and below 1, not {damping!r}")


def spread_out(slots: Slots, masses: Weights, size: int) -> Weights:
    """The masses of `slots` in an array as long as the graph, shape (size,)."""
    start = np.zeros(size)
    np.add.at(start, slots, masses)
    return start


def ranking(graph: KnowledgeGraph, slots: Slots, scores: Weights, error: float = 0.0) -> Ranking:
    """A ranking of the slots with a score above zero."""
    reached = scores > 0
    slots, scores = slots[reached], scores[reached]
    order = np.argsort(-scores)
    names, scores = graph.names(slots[order]), scores[order]
    for start, end in _ties(scores):
        names[start:end] = sorted(names[start:end])
    return Ranking(names, scores, error)


def _ties(scores: Weights) -> list[tuple[int, int]]:
    equal = np.flatnonzero(np.diff(scores) == 0)
    if not equal.size:
        return []
    breaks = np.flatnonzero(np.diff(equal) != 1)
    starts, ends = equal[np.r_[0, breaks + 1]], equal[np.r_[breaks, len(equal) - 1]] + 2
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


TOLERANCE = 1.5e-5
"""A node is pushed while its unsettled mass is above this for each of its edges."""


class PushWalk:
    """Personalized PageRank by local push: near the restart, and as near as the tolerance asks.

    Args:
        tolerance: at most this much mass for each edge of a node is left unsettled, so that a
            walk costs at most 1 / (tolerance x (1 - damping)) edges. The mass left over is
            counted where it lies, and the ranking's `error` is a bound made of it.

    Raises:
        InvalidInput: the tolerance is not a positive number.
    """

    def __init__(self, tolerance: float = TOLERANCE) -> None:
        if not tolerance > 0.0:
            raise InvalidInput(f"the tolerance of a walk must be positive, not {tolerance!r}")
        self.tolerance = tolerance

    def rank(
        self,
        graph: KnowledgeGraph,
        restart: Mapping[str, float],
        *,
        damping: float = DAMPING,
        kinds: Mapping[str, float] | None = None,
    ) -> Ranking:
        with graph.lock:
            start, masses = seeds(graph, restart, damping)
            push = _Push(graph.adjacency, graph.factors(kinds), _SCRATCH, self.tolerance)
            try:
                slots, scores, error = push.run(start, masses, damping)
            except BaseException:
                _SCRATCH.drop()  # an interrupted walk has not zeroed what it touched
                raise
            return ranking(graph, slots, scores, error)


class _Scratch(local):
    """Zeroed arrays as long as the graph, one set per thread; each walk zeroes what it touched."""

    def __init__(self) -> None:
        self.drop()

    def drop(self) -> None:
        self.settled: Weights = np.zeros(0)
        self.residue: Weights = np.zeros(0)
        self.mark: Slots = np.zeros(0, np.int64)

    def reserve(self, size: int) -> None:
        if len(self.mark) < size:
            room = size + size // 4
            self.settled, self.residue = np.zeros(room), np.zeros(room)
            self.mark = np.zeros(room, np.int64)


_SCRATCH = _Scratch()


@dataclass(frozen=True, slots=True)
class _Push:
    """One walk over one state of the graph."""

    lists: Adjacency
    factors: Weights | None
    scratch: _Scratch
    tolerance: float

    def run(self, start: Slots, masses: Weights, damping: float) -> tuple[Slots, Weights, float]:
        """The slots reached, their scores, and the bound on the error."""
        self.scratch.reserve(self.lists.size)
        settled, residue = self.scratch.settled, self.scratch.residue
        np.add.at(residue, start, masses)
        touched = [self._distinct(start)]
        stuck = touched[0][self._strengths(touched[0]) <= 0.0]
        mass_stuck = float(residue[stuck].sum())
        settled[stuck] = (1.0 - damping) * residue[stuck]
        residue[stuck] = 0.0
        frontier = self._above(touched[0])
        while frontier.size:
            touched.append(self._spread(frontier, damping))
            frontier = self._above(touched[-1])
        slots = self._distinct(np.concatenate(touched))
        left = residue[slots]
        # A walker who is stuck restarts, so everything grows by the mass that comes round.
        growth = 1.0 / (1.0 - damping * mass_stuck)
        scores = growth * (settled[slots] + left)
        settled[slots] = residue[slots] = 0.0
        # |exact - scores| <= sum over v of left(v) |PPR(v) - e(v)|, and PPR(v)(v) >= 1 - damping.
        return slots, scores, growth * 2.0 * damping * float(left.sum())

    def _spread(self, frontier: Slots, damping: float) -> Slots:
        """Settle part of the mass of the frontier and give the rest to its neighbours."""
        settled, residue = self.scratch.settled, self.scratch.residue
        mass = residue[frontier]
        residue[frontier] = 0.0
        settled[frontier] += (1.0 - damping) * mass
        which, at = self.lists.gather(frontier)
        weights, columns = self.lists.weights[at], self.lists.columns[at]
        if self.factors is not None:
            weights *= self.factors[self.lists.kinds[at]]
        np.add.at(residue, columns, (damping * mass / self._strengths(frontier))[which] * weights)
        return self._distinct(columns)

    def _above(self, slots: Slots) -> Slots:
        return slots[self.scratch.residue[slots] > self.tolerance * self.lists.length[slots]]

    def _strengths(self, slots: Slots) -> Weights:
        return self.lists.strengths(slots, self.factors)

    def _distinct(self, slots: NDArray[np.int32] | Slots) -> Slots:
        """Each slot once, without sorting."""
        mark, order = self.scratch.mark, np.arange(len(slots))
        mark[slots] = order
        distinct: Slots = slots[mark[slots] == order]
        return distinct


TOLERANCE = 1e-12


class PowerWalk:
    """Personalized PageRank of every node, iterated until the L1 error is below `tolerance`."""

    def __init__(self, tolerance: float = TOLERANCE) -> None:
        self.tolerance = tolerance

    def rank(
        self,
        graph: KnowledgeGraph,
        restart: Mapping[str, float],
        *,
        damping: float = DAMPING,
        kinds: Mapping[str, float] | None = None,
    ) -> Ranking:
        with graph.lock:
            slots, masses = seeds(graph, restart, damping)
            matrix = _Matrix(graph, kinds)
            start = spread_out(slots, masses, matrix.size)
            scores, error = self._iterate(matrix, start, damping)
            return ranking(graph, np.arange(matrix.size), scores, error)

    def _iterate(self, matrix: "_Matrix", start: Weights, damping: float) -> tuple[Weights, float]:
        if not start.any():
            return start, 0.0
        scores, error = start, 1.0
        while error > self.tolerance:
            spread = matrix.spread(scores)
            after = damping * (spread + (1.0 - spread.sum()) * start) + (1.0 - damping) * start
            # The map contracts by `damping`, so the distance to its fixed point is at most this.
            error = float(np.abs(after - scores).sum()) * damping / (1.0 - damping)
            scores = after
        return scores / scores.sum(), error


class _Matrix:
    """The steps of a walker who never restarts; who is stuck at a node is left out."""

    def __init__(self, graph: KnowledgeGraph, kinds: Mapping[str, float] | None) -> None:
        lists, factors = graph.adjacency, graph.factors(kinds)
        half = lists.half_edges()
        self.size = lists.size
        self._rows, self._columns = half.rows, half.columns
        weights = half.weights if factors is None else half.weights * factors[half.kinds]
        strength = np.bincount(half.rows, weights, minlength=self.size)
        with np.errstate(divide="ignore", invalid="ignore"):
            self._steps = np.where(weights > 0.0, weights / strength[half.rows], 0.0)

    def spread(self, scores: Weights) -> Weights:
        flow = scores[self._rows] * self._steps
        return np.bincount(self._columns, flow, minlength=self.size).astype(np.float64, copy=False)


PRPACK_NOISE = 1e-15
PRPACK_ERROR = 1e-8
"""PRPACK stops at residuals of about 1e-10; this is what it keeps in practice."""


class PrpackWalk:
    """Personalized PageRank of every node by igraph; an oracle, and `--walk exact`.

    Raises:
        MissingExtra: igraph is not installed.
    """

    def __init__(self) -> None:
        try:
            import igraph
        except ImportError as error:
            raise MissingExtra("igraph", "graph") from error
        self._igraph = igraph

    def rank(
        self,
        graph: KnowledgeGraph,
        restart: Mapping[str, float],
        *,
        damping: float = DAMPING,
        kinds: Mapping[str, float] | None = None,
    ) -> Ranking:
        with graph.lock:
            slots, masses = seeds(graph, restart, damping)
            factors, half = graph.factors(kinds), graph.adjacency.half_edges()
            size = graph.adjacency.size
            weights = half.weights if factors is None else half.weights * factors[half.kinds]
            once = (half.rows < half.columns) & (weights > 0.0)
            scores = spread_out(slots, masses, size)
            if scores.any():
                ends = np.column_stack([half.rows[once], half.columns[once]])
                net = self._igraph.Graph(n=size, edges=ends, directed=False)
                shares = net.personalized_pagerank(
                    damping=damping,
                    reset=scores.tolist(),
                    weights=weights[once].tolist(),
                    directed=False,
                    implementation="prpack",
                )
                # PRPACK leaves noise at nodes that no walker reaches.
                scores = np.where(np.array(shares) > PRPACK_NOISE, shares, 0.0)
            return ranking(graph, np.arange(size), scores, PRPACK_ERROR)


WALKS = ("push", "power", "exact", "none")


def make_walk(name: str) -> Walk | None:
    """`push` (local, default), `power` (exact, numpy), `exact` (igraph's prpack) or `none`.

    Raises:
        InvalidInput: no walk has that name.
    """
    if name == "none":
        return None
    if name == "push":
        return PushWalk()
    if name == "power":
        return PowerWalk()
    if name == "exact":
        return PrpackWalk()
    raise InvalidInput(f"no walk {name!r}; use one of {', '.join(WALKS)}")
