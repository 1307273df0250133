"""The walk seam: personalized PageRank over a knowledge graph."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowhen.graphs.adjacency import Slots, Weights
from knowhen.graphs.edges import kind_of
from knowhen.graphs.errors import InvalidRestart
from knowhen.graphs.knowledge import KnowledgeGraph

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
