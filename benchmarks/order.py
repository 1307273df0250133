"""Which of two retold segments of a long conversation came first, from the timeline.

    python benchmarks/order.py --embedder local

The conversation is generated (`diary.py`), hundreds of turns over months. Each segment is told
again in other words; the memory is cued with the retelling, the best turn names its event, and
the events' places on the timeline are compared. `accuracy` is the share of pairs put in the right
order (the same place for both is wrong), `located` that of retellings found in their segment.
The bare rankings stand beside it: chance for `accuracy` is a half.
"""

import argparse
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from baselines import Ranking, Turns
from diary import Diary, diary
from embedding_cache import CachedEmbedder
from report import Results, figure, table, write

from knowhen import MemoryManager
from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.factory import make_embedder

Place = tuple[int, int]
"""Number of the event, and of the turn, on the timeline."""
Locate = Callable[[str], Place | None]

SEGMENTS, PAIRS = 150, 1000
QUICK = 30


def locator(memory: MemoryManager, told: Diary) -> Locate:
    """The place of the turn that a cue recalls first."""
    number = {turn.id: index for index, turn in enumerate(told.turns)}
    events = sorted(memory.events(), key=lambda event: (event.start, number[event.first_turn]))
    firsts = np.array([number[event.first_turn] for event in events])

    def locate(cue: str) -> Place | None:
        items = memory.recall(cue, gate=False).items
        turn = next((number[item.id] for item in items if item.kind == "turn"), None)
        return None if turn is None else (int(np.searchsorted(firsts, turn, "right")), turn)

    return locate


def bare(rank: Callable[[str], Ranking]) -> Locate:
    """The place of the turn that a plain ranking puts first; each turn is its own event."""

    def locate(cue: str) -> Place | None:
        ranking = rank(cue)
        return (ranking[0], ranking[0]) if ranking else None

    return locate


def measure(
    told: Diary, locate: Locate, pairs: Sequence[tuple[int, int]]
) -> dict[str, list[float]]:
    """One value per pair and per segment."""
    places = [locate(segment.retold) for segment in told.segments]
    ids = [turn.id for turn in told.turns]
    located = [
        place is not None and ids[place[1]] in segment.turns
        for place, segment in zip(places, told.segments, strict=True)
    ]
    right = [_came_first(places[a], places[b]) == (a < b) for a, b in pairs]
    return {"accuracy": [float(r) for r in right], "located": [float(found) for found in located]}


def _came_first(one: Place | None, other: Place | None) -> bool | None:
    """Whether the first came first; None if that cannot be told."""
    if one is None or other is None or one == other:
        return None
    return one < other


def run(embedder: Embedder, *, segments: int, seed: int = 0) -> Results:
    told = diary(segments=segments, seed=seed)
    rng = np.random.default_rng(seed)
    pairs = np.array(list(combinations(range(segments), 2)))
    pairs = rng.permuted(pairs[rng.permutation(len(pairs))[:PAIRS]], axis=1)
    turns = Turns(told.turns, embedder)
    with MemoryManager.open(":memory:", embedder=embedder) as memory:
        memory.remember(told.turns)
        memory.settle()
        systems = {
            "knowhen": locator(memory, told),
            "bm25": bare(turns.bm25),
            "dense": bare(turns.dense),
        }
        return {
            name: {
                metric: figure(values)
                for metric, values in measure(told, locate, pairs.tolist()).items()
            }
            for name, locate in systems.items()
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--embedder", choices=("lexical", "local"), default="lexical")
    parser.add_argument("--json", type=Path, help="file to write the results to")
    parser.add_argument("--quick", action="store_true", help=f"only {QUICK} segments")
    parser.add_argument("--cache", type=Path, default=Path(".cache/embeddings.db"))
    parser.add_argument("--data", type=Path, help="not used: the conversation is generated")
    parser.add_argument("--seed", type=int, default=0, help="another conversation")
    options = parser.parse_args()
    embedder = CachedEmbedder(make_embedder(options.embedder), options.cache)
    segments = QUICK if options.quick else SEGMENTS
    found = run(embedder, segments=segments, seed=options.seed)
    print(f"order of {segments} segments, embedder {embedder.name}")
    print(table(found, ["accuracy", "located"]))
    settings = {"embedder": embedder.name, "segments": segments, "seed": options.seed}
    write(options.json, "order", settings, found)


if __name__ == "__main__":
    main()
