"""Evidence recall on BEAM: long chats with an assistant, ten kinds of questions.

    python benchmarks/beam.py --data FOLDER --embedder local

Metrics as in `locomo.py`. A turn of 600 characters or more counts when a third of it is packed
in one piece.
"""

from conversations import beam
from recalling import RANKS, measure, results
from report import arguments, table, write

from knowhen.memory.embedders.cache import CachedEmbedder
from knowhen.memory.embedders.factory import make_embedder

BUDGETS = (512, 1024, 2048, 4096)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--ablate", action="append", default=[], metavar="CUE")
    options = parser.parse_args()
    embedder = CachedEmbedder(make_embedder(options.embedder), options.cache)
    chats = beam(options.data)[: 2 if options.quick else None]
    scores = measure(chats, embedder, budgets=BUDGETS, ablate=options.ablate, users=True)
    found = results(scores)
    print(f"BEAM, {len(chats)} chats, embedder {embedder.name}")
    print(table(found, [f"R@{k}" for k in RANKS] + [f"R@{b}t" for b in BUDGETS]))
    if options.ablate:
        print(table(found, ["delta/R@1024t", "delta/R@2048t"]))
    settings = {"embedder": embedder.name, "gate": False, "ablate": options.ablate}
    write(options.json, "beam", settings, found)


if __name__ == "__main__":
    main()
