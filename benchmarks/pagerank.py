"""Personalized PageRank: local push beside igraph's prpack and scipy power iteration.

    python benchmarks/pagerank.py

Weighted graphs of preferential attachment, five edges for each new node; damping .5, ten seeds.
All three rank the same seeds in one process, and times are CPU seconds, so that other work on
the machine counts for nothing. Power iteration gets no more steps than it needs to have the
first 50 right. Building is not timed: prpack and power iteration need a compiled graph, and
`rebuild` says what changing one edge costs them, `add` what it costs us.

    speedup/N         prpack's time over ours, N nodes
    speedup_scipy/N   power iteration's time over ours
    top10/N, top50/N  share of prpack's first 10 and 50 nodes that are among ours
    add/N             our time for adding one node of five edges, over our time for one walk
    rebuild/N         power iteration's time for compiling its matrix, over our time for one walk
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import igraph
import numpy as np
from numpy.typing import NDArray
from report import Figure, Results, figure, table, write
from scipy import sparse

from knowhen.graphs import Edge, KnowledgeGraph, PushWalk

SIZES = (10_000, 100_000, 1_000_000)
QUICK = (10_000,)
DAMPING = 0.5
SEEDS = 10
ATTACH = 5
QUERIES = 10
POWER_STEPS = 8
REPEATS = 5

Result = TypeVar("Result")
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Web:
    """One random graph, as plain arrays."""

    size: int
    sources: Integers
    targets: Integers
    weights: Floats


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, help="accepted and ignored: it needs none")
    parser.add_argument("--embedder", help="accepted and ignored")
    parser.add_argument("--json", type=Path, help="file to write the results to")
    parser.add_argument("--quick", action="store_true", help="only the smallest graph")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    sizes = QUICK if options.quick else SIZES
    found: dict[str, Figure] = {}
    for size in sizes:
        found |= measure(size, options.seed)
    results: Results = {"knowhen": found}
    for size in sizes:
        print(f"{size:,} nodes")
        names = [f"{name}/{size}" for name in ("speedup", "speedup_scipy", "top10", "top50")]
        print(table(results, [*names, f"add/{size}", f"rebuild/{size}"]), end="\n\n")
    settings = {
        "damping": DAMPING,
        "seeds": SEEDS,
        "queries": QUERIES,
        "power_steps": POWER_STEPS,
        "tolerance": PushWalk().tolerance,
        "quick": options.quick,
        "seed": options.seed,
    }
    write(options.json, "pagerank", settings, results)


def measure(size: int, seed: int) -> dict[str, Figure]:
    """The figures for one size."""
    rng = np.random.default_rng(seed)
    web = grow(size, rng)
    seeds = [rng.choice(size, SEEDS, replace=False) for _ in range(QUERIES)]
    ours, walked, added = _push(web, seeds)
    exact, prpack = _prpack(web, seeds)
    power, rebuilt = _power(web, seeds)
    ratio = {
        "speedup": [theirs / own for theirs, own in zip(prpack, walked, strict=True)],
        "speedup_scipy": [theirs / own for theirs, own in zip(power, walked, strict=True)],
        "add": [added / statistics.median(walked)],
        "rebuild": [rebuilt / statistics.median(walked)],
        "top10": [_overlap(a, b, 10) for a, b in zip(exact, ours, strict=True)],
        "top50": [_overlap(a, b, 50) for a, b in zip(exact, ours, strict=True)],
    }
    return {f"{name}/{size}": figure(values) for name, values in ratio.items()}


def grow(size: int, rng: np.random.Generator) -> Web:
    """Preferential attachment (Barabasi and Albert, 1999): a new node copies ends of old edges."""
    ends = (ATTACH + 1 + np.arange(size - ATTACH - 1)).repeat(ATTACH)
    first = np.repeat(np.arange(ATTACH + 1), ATTACH)
    second = np.concatenate([np.delete(np.arange(ATTACH + 1), i) for i in range(ATTACH + 1)])
    start = len(first)
    sources = np.concatenate([first, ends])
    targets = np.concatenate([second, np.zeros(len(ends), np.int64)])
    # A pick from the flat list of ends is a pick of a node by its degree.
    picks = (rng.random(len(ends)) * 2 * (start + (ends - ATTACH - 1) * ATTACH)).astype(np.int64)
    for place, pick in enumerate(picks.tolist(), start):
        targets[place] = sources[pick // 2] if pick % 2 else targets[pick // 2]
    lower, upper = np.minimum(sources, targets), np.maximum(sources, targets)
    pairs = np.unique(lower * size + upper)
    return Web(size, pairs // size, pairs % size, rng.uniform(0.1, 2.0, len(pairs)))


def _push(web: Web, seeds: list[Integers]) -> tuple[list[list[int]], list[float], float]:
    graph = KnowledgeGraph()
    names = [f"entity:{node}" for node in range(web.size)]
    graph.add_arrays("web", names, (web.sources, web.targets), "fact", web.weights)
    walk = PushWalk()
    orders, times = [], []
    walk.rank(graph, {names[0]: 1.0}, damping=DAMPING)
    for chosen in seeds:
        restart = {names[node]: 1.0 for node in chosen}
        ranking, seconds = _timed(lambda r=restart: walk.rank(graph, r, damping=DAMPING), REPEATS)
        orders.append([int(node.partition(":")[2]) for node in ranking.nodes[:50]])
        times.append(seconds)
    ends = iter(np.random.default_rng(1).integers(0, web.size, (REPEATS, ATTACH)).tolist())

    def add() -> None:
        row = next(ends)
        graph.add(f"new {row}", [Edge(f"entity:new {row}", names[end], "fact") for end in row])

    return orders, times, _timed(add, REPEATS)[1]


def _prpack(web: Web, seeds: list[Integers]) -> tuple[list[list[int]], list[float]]:
    net = igraph.Graph(n=web.size, edges=np.column_stack([web.sources, web.targets]))
    weights = web.weights.tolist()
    orders, times = [], []
    for chosen in seeds:
        mass = np.zeros(web.size)
        mass[chosen] = 1.0
        reset = mass.tolist()
        shares, seconds = _timed(
            lambda reset=reset: net.personalized_pagerank(
                damping=DAMPING,
                reset=reset,
                weights=weights,
                directed=False,
                implementation="prpack",
            )
        )
        orders.append(np.argsort(-np.array(shares))[:50].tolist())
        times.append(seconds)
    return orders, times


def _power(web: Web, seeds: list[Integers]) -> tuple[list[float], float]:
    def compiled() -> sparse.csr_matrix:
        ends = (
            np.concatenate([web.targets, web.sources]),
            np.concatenate([web.sources, web.targets]),
        )
        both = np.concatenate([web.weights, web.weights])
        matrix = sparse.csr_matrix((both, ends), shape=(web.size, web.size))
        matrix.data /= np.asarray(matrix.sum(axis=0)).ravel()[matrix.indices]
        return matrix

    matrix, rebuilt = _timed(compiled)

    def walk(chosen: Integers) -> Floats:
        start = np.zeros(web.size)
        start[chosen] = 1.0 / len(chosen)
        shares = start
        for _ in range(POWER_STEPS):
            shares = DAMPING * (matrix @ shares) + (1.0 - DAMPING) * start
        best = np.argpartition(-shares, 50)[:50]
        return best[np.argsort(-shares[best])]

    return [_timed(lambda c=chosen: walk(c))[1] for chosen in seeds], rebuilt


def _overlap(first: list[int], second: list[int], depth: int) -> float:
    return len(set(first[:depth]) & set(second[:depth])) / depth


def _timed(call: Callable[[], Result], repeats: int = 1) -> tuple[Result, float]:
    """The result, and the median CPU seconds of the repeats."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = call()
        times.append(time.process_time() - start)
    return result, statistics.median(times)


if __name__ == "__main__":
    main()
