"""Recall of HotpotQA's gold passages from a graph that no model had a part in.

    python benchmarks/hotpotqa.py --data FOLDER --embedder local

`R@k` is the share of a question's gold passages among the first k, `all@k` the share of
questions with all of them there. `knowhen` is `MemoryManager.learn` and `recall`. The corpus has no
recorded triples, so `hipporag2`, which starts from facts, falls back to cosines alone.
"""

from multihop import options, run


def main() -> None:
    run("hotpotqa", "corpus.json", options(__doc__, graph="none"))


if __name__ == "__main__":
    main()
