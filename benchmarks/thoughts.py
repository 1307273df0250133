"""Finding similar thoughts by hashing, beside comparing all, and beside TiM's own hashing.

    python benchmarks/thoughts.py

Random unit vectors, and queries at a cosine of .8 to one of them each; the 10 nearest are asked
for. Everything runs in one process, and times are CPU seconds, so that other work on the machine
counts for nothing. Systems: `knowhen` (several tables, several probes, exact ranking), `paper`
(one table, one probe, 16 buckets, as in Think-in-Memory), `exact`.

    recall/N     share of the planted neighbours that are found, N vectors
    scanned/N    share of all vectors that a query is compared with
    speedup/N    time of comparing all over ours
    build/N      time of hashing all vectors over one query that compares all
    crossover    smallest measured N from which on hashing is faster, if it ever is
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from methods.lsh import LshIndex, LshSettings
from numpy.typing import NDArray
from report import Figure, Results, figure, table, write

SIZES = (1_000, 5_000, 10_000, 20_000, 50_000, 100_000)
QUICK = (1_000, 5_000)
DIMENSION = 384
QUERIES = 100
LIMIT = 10
COSINE = 0.8
HASHED = LshSettings(exact_below=0)
PAPER = replace(HASHED, tables=1, buckets=16, probes=1)
EXACT = replace(HASHED, exact_below=10**9)

Vectors = NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, help="accepted and ignored: it needs none")
    parser.add_argument("--embedder", help="accepted and ignored")
    parser.add_argument("--json", type=Path, help="file to write the results to")
    parser.add_argument("--quick", action="store_true", help="only the smaller sizes")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    sizes = QUICK if options.quick else SIZES
    results = measured(sizes, seed=options.seed)
    for size in sizes:
        print(f"{size:,} vectors of dimension {DIMENSION}")
        names = ("recall", "scanned", "speedup", "build")
        print(table(results, [f"{name}/{size}" for name in names]), end="\n\n")
    if "crossover" in results["knowhen"]:
        print(f"hashing is faster from {results['knowhen']['crossover']['value']:,.0f} vectors on")
    settings = {"dimension": DIMENSION, "queries": QUERIES, "cosine": COSINE, "limit": LIMIT}
    write(options.json, "thoughts", settings, results)


def measured(
    sizes: Sequence[int], *, seed: int, dimension: int = DIMENSION, queries: int = QUERIES
) -> Results:
    """Figures of every system at every size, and where hashing begins to be faster."""
    results: Results = {"knowhen": {}, "paper": {}, "exact": {}}
    for size in sizes:
        rng = np.random.default_rng(seed)
        vectors = unit(rng.standard_normal((size, dimension), np.float32))
        planted = rng.choice(size, queries, replace=False)
        asked = around(vectors[planted], rng)
        slow = None
        for name, settings in (("exact", EXACT), ("knowhen", HASHED), ("paper", PAPER)):
            found, spent = _system(vectors, planted, asked, settings, size)
            slow = slow or spent
            found[f"speedup/{size}"] = figure(
                [all_ / ours for all_, ours in zip(slow[1:], spent[1:], strict=True)]
            )
            build = spent[0] / statistics.median(slow[1:])
            found[f"build/{size}"] = figure([build])
            results[name] |= found
    faster = [results["knowhen"][f"speedup/{size}"]["value"] > 1.0 for size in sizes]
    first = next((size for i, size in enumerate(sizes) if all(faster[i:])), None)
    if first is not None:
        results["knowhen"]["crossover"] = figure([first])
    return results


def _system(
    vectors: Vectors,
    planted: NDArray[np.int64],
    asked: Vectors,
    settings: LshSettings,
    size: int,
) -> tuple[dict[str, Figure], list[float]]:
    """Quality, and seconds: of building first, then of each query."""
    index = LshIndex(vectors.shape[1], settings)
    index.add(vectors)
    spent = [_seconds(lambda: index.candidates(asked[0])) if settings is not EXACT else 0.0]
    hits, scanned = [], []
    for row, query in zip(planted.tolist(), asked, strict=True):
        found = index.search(query, LIMIT)
        hits.append(float(row in found.rows))
        scanned.append(found.scanned / size)
        spent.append(_seconds(lambda q=query: index.search(q, LIMIT)))
    return {f"recall/{size}": figure(hits), f"scanned/{size}": figure(scanned)}, spent


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def unit(vectors: Vectors) -> Vectors:
    """The rows scaled to length 1."""
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def around(vectors: Vectors, rng: np.random.Generator) -> Vectors:
    """For each unit vector another one at a cosine of exactly `COSINE` to it."""
    noise = rng.standard_normal(vectors.shape, np.float32)
    noise -= (noise * vectors).sum(axis=1, keepdims=True) * vectors
    return (COSINE * vectors + np.sqrt(1 - COSINE**2) * unit(noise)).astype(np.float32)


if __name__ == "__main__":
    main()
