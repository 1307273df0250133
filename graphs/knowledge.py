"""The knowledge graph: what every source said, added up, and taken back exactly."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from knowhen.graphs.adjacency import Adjacency, Slots, Weights, grown, quantise
from knowhen.graphs.errors import InvalidEdge

EdgeKind = Literal[
    "fact", "mention", "named", "speaker", "synonym", "contiguity", "source", "member"
]
"""The kinds that knowhen makes; a graph takes any other name too."""

EDGE_KINDS: tuple[EdgeKind, ...] = get_args(EdgeKind)


ENTITY = "entity:"
"""What the id of an entity's node begins with; its normalised name follows."""


@dataclass(frozen=True, slots=True)
class Edge:
    """An undirected weighted edge of the knowledge graph."""

    source: str
    target: str
    kind: str
    weight: float = 1.0


def kind_of(node: str) -> str:
    """What a node is: the part of its id before the first colon, such as `turn`."""
    return node.partition(":")[0]


MAX_KINDS = 255
NO_NODE = -1
SHOWN = 9
"""Decimals of weights as they are given back: 0.8 is kept as the nearest unit, shown as 0.8."""

Names = NDArray[np.object_]
Rows = NDArray[np.float64]
"""Contributions, shape (n, 4): slot, slot or NO_NODE, kind, weight."""


class Roster:
    """Names in numbered slots; a name whose last use ends leaves its slot to the next one."""

    def __init__(self) -> None:
        self.slots: dict[str, int] = {}
        self.size = 0
        """Every slot is below it."""
        self._names: Names = np.zeros(0, object)
        self._uses: Slots = np.zeros(0, np.int64)
        self._free: list[int] = []

    def copy(self) -> "Roster":
        """The same names in the same slots, to be changed apart."""
        twin = Roster()
        twin.slots, twin.size = {**self.slots}, self.size
        twin._names, twin._uses = self._names.copy(), self._uses.copy()
        twin._free = self._free[:]
        return twin

    def enter(self, name: str) -> int:
        """The slot of `name`; it stays unused until `use`."""
        slot = self.slots.get(name)
        if slot is None:
            if self._free:
                slot = self._free.pop()
            else:
                slot, self.size = self.size, self.size + 1
                if slot == len(self._names):
                    self._names = grown(self._names, 2 * slot + 8)
                    self._uses = grown(self._uses, 2 * slot + 8)
            self.slots[name] = slot
            self._names[slot] = name
        return slot

    def use(self, slots: Slots, times: int) -> None:
        """Count `times` (negative to take back) uses of each slot; names without any leave."""
        np.add.at(self._uses, slots, times)
        if times < 0:
            for slot in np.unique(slots[self._uses[slots] == 0]).tolist():
                del self.slots[self._names[slot]]
                self._names[slot] = 0
                self._free.append(slot)

    def names(self, slots: NDArray[np.int32] | Slots) -> Names:
        return self._names[slots]


class KnowledgeGraph:
    """An undirected weighted graph of named nodes, made of what its sources contributed.

    A node's kind is the part of its id before the first colon (`turn:…`, `entity:…`). Edges of
    one kind between the same two nodes add up, over sources and within one. A node or an edge
    lives as long as some source contributes it. Weights are kept in units of 2**-32, so that
    sums are exact: the graph depends on what was contributed, never on order or batching.

    Safe to read and change from several threads.
    """

    def __init__(self) -> None:
        self.lock = RLock()
        self.adjacency = Adjacency()
        self.adjacency.reserve(0, len(EDGE_KINDS))
        self.version = 0
        """Grows with every change."""
        self._roster = Roster()
        self._kinds: dict[str, int] = {kind: i for i, kind in enumerate(EDGE_KINDS)}
        # Tuples, which a copy of the graph may share.
        self._contributions: dict[str, tuple[Rows, ...]] = {}

    def copy(self) -> "KnowledgeGraph":
        """The same graph, to be changed apart: a few flat arrays and dictionaries are copied."""
        twin = KnowledgeGraph()
        with self.lock:
            twin.adjacency, twin._roster = self.adjacency.copy(), self._roster.copy()
            twin._kinds, twin.version = {**self._kinds}, self.version
            twin._contributions = {**self._contributions}
        return twin

    def add(self, source: str, edges: Iterable[Edge] = (), nodes: Iterable[str] = ()) -> None:
        """Add what `source` says; a later call with the same source adds to it.

        An edge from a node to itself only makes sure that the node is there.

        Raises:
            InvalidEdge: a weight is not a positive finite number; nothing was added.
        """
        self.add_all([(source, edges, nodes)])

    def add_all(self, batch: Iterable[tuple[str, Iterable[Edge], Iterable[str]]]) -> None:
        """Add (source, edges, nodes) of many sources: the same graph, quicker than one by one."""
        checked = [(source, _checked(edges), tuple(nodes)) for source, edges, nodes in batch]
        with self.lock:
            self._enter_kinds(edge.kind for _, edges, _ in checked for edge in edges)
            self._contribute(
                [(source, self._rows(edges, nodes)) for source, edges, nodes in checked]
            )

    def add_arrays(
        self,
        source: str,
        names: Sequence[str],
        ends: tuple[Slots, Slots],
        kind: str,
        weights: Weights | None = None,
    ) -> None:
        """Add many edges of one kind at once, `ends` being places in `names`; weight 1 if None.

        Raises:
            InvalidEdge: a weight is not a positive finite number; nothing was added.
        """
        values = np.ones(len(ends[0])) if weights is None else np.asarray(weights, np.float64)
        if not (np.isfinite(values).all() and (values > 0).all()):
            raise InvalidEdge("the weight of an edge must be a positive finite number")
        with self.lock:
            self._enter_kinds([kind])
            slots = np.array([self._roster.enter(name) for name in names], np.int64)
            rows = np.zeros((len(names) + len(values), 4))
            rows[: len(names), 0], rows[: len(names), 1] = slots, NO_NODE
            edges = rows[len(names) :]
            edges[:, 0], edges[:, 1] = slots[ends[0]], slots[ends[1]]
            edges[:, 2], edges[:, 3] = self._kinds[kind], quantise(values)
            edges[edges[:, 0] == edges[:, 1], 1] = NO_NODE
            self._contribute([(source, rows)])

    def remove(self, source: str) -> bool:
        """Take back all that `source` added; False if it had added nothing."""
        with self.lock:
            rows = self._contributions.pop(source, None)
            if rows is None:
                return False
            self._apply(np.concatenate(rows), -1)
            return True

    def __contains__(self, node: object) -> bool:
        return node in self._roster.slots

    def __len__(self) -> int:
        return len(self._roster.slots)

    @property
    def nodes(self) -> tuple[str, ...]:
        """Ids of all nodes, in no particular order."""
        with self.lock:
            return tuple(self._roster.slots)

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source that contributes something."""
        with self.lock:
            return tuple(self._contributions)

    def edges(self, kinds: Collection[str] | None = None) -> Iterator[Edge]:
        """Every edge once (of `kinds` only, if given), its lesser end as source."""
        with self.lock:
            half = self.adjacency.half_edges()
            names, labels = self.names(np.arange(self._roster.size)), tuple(self._kinds)
        once = half.rows < half.columns
        for row, column, kind, weight in zip(*(part[once].tolist() for part in half), strict=True):
            if kinds is None or labels[kind] in kinds:
                first, second = sorted((names[row], names[column]))
                yield Edge(first, second, labels[kind], round(weight, SHOWN))

    def neighbours(self, node: str) -> tuple[Edge, ...]:
        """The edges of `node`, heaviest first, each with `node` as its source.

        Raises:
            KeyError: there is no such node.
        """
        with self.lock:
            _, at = self.adjacency.gather(np.array([self._roster.slots[node]]))
            labels, lists = tuple(self._kinds), self.adjacency
            edges = [
                Edge(node, name, labels[kind], round(weight, SHOWN))
                for name, kind, weight in zip(
                    self.names(lists.columns[at]),
                    lists.kinds[at].tolist(),
                    lists.weights[at].tolist(),
                    strict=True,
                )
            ]
        return tuple(sorted(edges, key=lambda edge: (-edge.weight, edge.target, edge.kind)))

    def degree(self, node: str) -> int:
        """How many edges `node` has.

        Raises:
            KeyError: there is no such node.
        """
        with self.lock:
            return int(self.adjacency.length[self._roster.slots[node]])

    def strength(self, node: str, kinds: Mapping[str, float] | None = None) -> float:
        """The summed weight of the edges of `node`, times the factors of their kinds.

        Raises:
            KeyError: there is no such node.
        """
        with self.lock:
            row = np.array([self._roster.slots[node]])
            return float(self.adjacency.strengths(row, self.factors(kinds))[0])

    def node_counts(self) -> dict[str, int]:
        """Number of nodes of each kind."""
        return dict(Counter(map(kind_of, self.nodes)))

    def edge_counts(self) -> dict[str, int]:
        """Number of edges of each kind that has any."""
        with self.lock:
            half = self.adjacency.half_edges()
            totals = np.bincount(half.kinds, minlength=len(self._kinds)) // 2
            return {
                kind: int(total) for kind, total in zip(self._kinds, totals, strict=True) if total
            }

    def slot(self, node: str) -> int | None:
        """Where the adjacency keeps `node`, for walks; None if it is not in the graph."""
        return self._roster.slots.get(node)

    def names(self, slots: NDArray[np.int32] | Slots) -> Names:
        """Ids of the nodes at `slots`, for walks."""
        return self._roster.names(slots)

    def factors(self, kinds: Mapping[str, float] | None) -> Weights | None:
        """What a walk multiplies each kind of edge by (1 if not named), None if all by 1.

        Raises:
            InvalidEdge: a factor is negative or not finite.
        """
        if kinds is None or all(factor == 1.0 for factor in kinds.values()):
            return None
        if any(not math.isfinite(factor) or factor < 0 for factor in kinds.values()):
            raise InvalidEdge(f"weights of edge kinds must be finite and not negative: {kinds!r}")
        return np.array([kinds.get(kind, 1.0) for kind in self._kinds])

    def _enter_kinds(self, kinds: Iterable[str]) -> None:
        new = dict.fromkeys(kinds).keys() - self._kinds.keys()
        if len(self._kinds) + len(new) > MAX_KINDS:
            raise InvalidEdge(f"a graph holds at most {MAX_KINDS} kinds of edges")
        for kind in sorted(new):
            self._kinds[kind] = len(self._kinds)

    def _rows(self, edges: Sequence[Edge], nodes: Sequence[str]) -> Rows:
        enter, kinds = self._roster.enter, self._kinds
        rows = [(float(enter(node)), float(NO_NODE), 0.0, 0.0) for node in nodes]
        for edge in edges:
            source, target = enter(edge.source), enter(edge.target)
            other = target if source != target else NO_NODE
            rows.append((source, other, kinds[edge.kind], edge.weight))
        array = np.array(rows, np.float64).reshape(-1, 4)
        array[:, 3] = quantise(array[:, 3])
        return array

    def _contribute(self, batch: Sequence[tuple[str, Rows]]) -> None:
        filled = [(source, rows) for source, rows in batch if len(rows)]
        for source, rows in filled:
            self._contributions[source] = (*self._contributions.get(source, ()), rows)
        if filled:
            self._apply(np.concatenate([rows for _, rows in filled]), 1)

    def _apply(self, rows: Rows, sign: int) -> None:
        slots = rows[:, :3].astype(np.int64)
        edges = slots[:, 1] != NO_NODE
        self.adjacency.reserve(self._roster.size, len(self._kinds))
        sources, targets, kinds = slots[edges].T
        self.adjacency.add(sources, targets, kinds, sign * rows[edges, 3])
        self._roster.use(slots[:, 0], sign)
        self._roster.use(slots[edges, 1], sign)
        self.version += 1


def _checked(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    checked = tuple(edges)
    for edge in checked:
        if not (math.isfinite(edge.weight) and edge.weight > 0):
            raise InvalidEdge(f"the weight of an edge must be positive and finite: {edge!r}")
    return checked
