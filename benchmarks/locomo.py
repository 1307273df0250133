"""Evidence recall on LoCoMo: are the turns that hold the answer among those recalled?

    python benchmarks/locomo.py --data FOLDER --embedder local
    python benchmarks/locomo.py --data FOLDER --ablate walk --ablate event
    python benchmarks/locomo.py --data FOLDER --ablate events --add edges

`R@k` is the share of evidence turns among the first k, `R@Bt` the share packed within B tokens
(headers included, a token being four characters for every system), `any` and `all` the share
of questions with any or all of their evidence packed. The gate is off. `--ablate events` takes out
all that comes of events, and shows what an event's score adds to the plain scores of turns.
"""

from conversations import locomo
from recalling import run

CATEGORIES = ("multi_hop", "temporal", "open", "single_hop")


def main() -> None:
    run(
        __doc__,
        "LoCoMo",
        locomo,
        budgets=(256, 512, 1024, 2048, 4096),
        deltas=(512, 1024),
        shown=[f"R@1024t/{category}" for category in CATEGORIES],
        quick=1,
    )


if __name__ == "__main__":
    main()
