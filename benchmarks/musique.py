"""Recall of MuSiQue's gold passages over recorded triples, or without any model.

    python benchmarks/musique.py --data FOLDER --embedder local
    python benchmarks/musique.py --data FOLDER --embedder local --graph none

`R@k` is the share of a question's gold passages among the first k, `all@k` the share of
questions with all of them there. `knowhen` is `MemoryManager.learn` and `recall`; with triples a
model states those that were recorded. `hipporag` and `hipporag2` are the recipes of the papers with
an exact walk, synonyms by meaning alone, and no model that filters facts. `add_ms` and `recall_ms`
are CPU time of one thread to learn a passage and to recall for a question, embedding aside;
`peak_mb` is the memory of a process that does nothing else.
"""

import resource
import time
from argparse import Namespace
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from embedding_cache import CachedEmbedder
from multihop import load, memory_of, options, recalled, run
from report import Figure, Results, figure

from knowhen.memory.embedders.factory import make_embedder

CORPUS = "corpus_openie.json"
ADDED = 20
"""Passages learned once more under another id, one by one."""


def main() -> None:
    chosen = options(__doc__, graph="openie")
    run("musique", CORPUS, chosen, further=partial(_further, chosen))


def _further(chosen: Namespace) -> Results:
    """Costs, in a fresh process that holds no model and no other system."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return {"knowhen": pool.submit(costs, chosen).result()}


def costs(chosen: Namespace) -> dict[str, Figure]:
    """Milliseconds of CPU to add a passage and to answer a question; peak memory in MB."""
    corpus = load(chosen.data, "musique", CORPUS, quick=chosen.quick)
    embedder = CachedEmbedder(make_embedder(chosen.embedder), chosen.cache)
    embedder.embed([question.text for question in corpus.questions])
    memory = memory_of(corpus, embedder, graph=chosen.graph)
    rank = recalled(corpus, memory)
    rank(0)
    add, recall = [], []
    for number in range(len(corpus.questions)):
        start = time.process_time()
        rank(number)
        recall.append(1e3 * (time.process_time() - start))
    for place, document in enumerate(corpus.documents[:ADDED]):
        again = replace(document, id=f"again{place}")
        start = time.process_time()
        memory.learn(again)
        memory.warm()
        add.append(1e3 * (time.process_time() - start))
    return {
        "add_ms": figure(add),
        "recall_ms": figure(recall),
        "peak_mb": figure([_peak_mb()]),
    }


def _peak_mb() -> float:
    """The most memory this process has held since it began."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
