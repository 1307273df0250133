"""Evidence recall on LoCoMo: are the turns that hold the answer among those recalled?

    python benchmarks/locomo.py --data FOLDER --embedder local
    python benchmarks/locomo.py --data FOLDER --ablate walk --ablate event
    python benchmarks/locomo.py --data FOLDER --ablate events --add contiguity

`R@k` is the share of evidence turns among the first k, `R@Bt` the share packed within B tokens
(headers included, a token being four characters for every system), `any` and `all` the share
of questions with any or all of their evidence packed. The gate is off. `--ablate events` takes out
all that comes of events, and shows what an event's score adds to the plain scores of turns.
"""

from conversations import locomo
from recalling import RANKS, add_options, measure, results
from report import arguments, table, write

from knowhen.memory.embedders.cache import CachedEmbedder
from knowhen.memory.embedders.factory import make_embedder

BUDGETS = (256, 512, 1024, 2048, 4096)


def main() -> None:
    parser = arguments(__doc__)
    add_options(parser)
    options = parser.parse_args()
    embedder = CachedEmbedder(make_embedder(options.embedder), options.cache)
    conversations = locomo(options.data)[: 1 if options.quick else None]
    scores = measure(
        conversations, embedder, budgets=BUDGETS, ablate=options.ablate, add=options.add
    )
    found = results(scores)
    print(f"LoCoMo, {len(conversations)} conversations, embedder {embedder.name}")
    print(table(found, [f"R@{k}" for k in RANKS] + [f"R@{b}t" for b in BUDGETS]))
    print(table(found, [f"R@1024t/{c}" for c in ("multi_hop", "temporal", "open", "single_hop")]))
    if options.ablate or options.add:
        print(table(found, ["delta/R@512t", "delta/R@1024t"]))
    settings = {
        "embedder": embedder.name,
        "gate": False,
        "ablate": options.ablate,
        "add": options.add,
    }
    write(options.json, "locomo", settings, found)


if __name__ == "__main__":
    main()
