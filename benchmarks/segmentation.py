"""Topic segmentation on DialSeg711 and TIAGE: Pk, WindowDiff, boundary F1 and count ratio.

    python benchmarks/segmentation.py --data FOLDER --embedder local --mode online

No system sees a label. All have one setting for both corpora, except those marked `at our rate`,
which are told how many boundaries knowhen made. `--stream` adds the cost of a long stream, and
`--sessions` LoCoMo's session boundaries: weak gold, as they are greetings more than topics.
"""

import resource
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
from boundaries import METRICS, Boundaries, Dialogue, dialogues, figures
from conversations import locomo
from embedding_cache import CachedEmbedder
from methods.scorers import other_segmenter
from report import Figure, Results, arguments, table, write

from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.factory import make_embedder
from knowhen.memory.episodes import (
    ASKED,
    CUES,
    Cue,
    Limits,
    Segmenter,
    Trailing,
    Unit,
    make_offline_segmenter,
    make_segmenter,
)
from knowhen.memory.episodes.refining import Refinement
from knowhen.memory.language.terms import terms

CORPORA = ("dialseg711", "tiage")
QUICK = 40
STREAM = (1_000, 100_000)
# A task dialogue is far shorter than an event may be, and has no times.
LIMITS = Limits(tokens=1024, gap=timedelta(minutes=60))

System = Callable[[Sequence[Unit]], Boundaries]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--mode", choices=("online", "offline"), default="online")
    parser.add_argument("--stream", action="store_true", help="time a stream of 100,000 turns")
    parser.add_argument("--sessions", action="store_true", help="also LoCoMo's session boundaries")
    options = parser.parse_args()
    embedder = CachedEmbedder(make_embedder(options.embedder), options.cache)
    found: Results = {}
    corpora = {name: dialogues(options.data, name) for name in CORPORA}
    if not any(corpora.values()):
        parser.error(f"no segmentation/{CORPORA[0]}*.json or {CORPORA[1]}*.json in {options.data}")
    if options.sessions:
        corpora["locomo"] = _sessions(options.data)
    for corpus, items in corpora.items():
        chosen = items[: QUICK if options.quick else None]
        if chosen:
            _measure(found, corpus, chosen, embedder, options.mode)
    if options.stream:
        found["knowhen"] |= _stream(embedder.name, options.quick)
    for corpus in corpora:
        print(f"{corpus}, {options.mode}, embedder {embedder.name}")
        print(table(found, [f"{corpus}/{metric}" for metric in METRICS]), end="\n\n")
    extra = [metric for metric in found["knowhen"] if metric.startswith(("stream", "cost"))]
    print(table({"knowhen": found["knowhen"]}, extra))
    settings = {"embedder": embedder.name, "mode": options.mode, "quick": options.quick}
    write(options.json, "segmentation", settings, found)


def _measure(
    found: Results, corpus: str, items: Sequence[Dialogue], embedder: Embedder, mode: str
) -> None:
    streams = _units(items, embedder)
    gold = [item.gold for item in items]
    started = time.process_time()
    ours = [_ours(embedder.name, mode)(units) for units in streams]
    spent = time.process_time() - started
    rate = sum(part.sum() for part in ours) / sum(len(part) - 1 for part in ours)
    guesses = {"knowhen": ours}
    for name, system in _systems(embedder.name, mode, float(rate)).items():
        guesses[name] = [system(units) for units in streams]
    for name, guess in guesses.items():
        own = found.setdefault(name, {})
        own |= {f"{corpus}/{metric}": value for metric, value in figures(gold, guess).items()}
    turns = sum(len(units) for units in streams)
    found["knowhen"][f"cost/{corpus}_ms_per_turn"] = _plain(1000 * spent / turns, turns)


def _units(items: Sequence[Dialogue], embedder: Embedder) -> list[list[Unit]]:
    texts = [text for item in items for text in item.utterances]
    vectors = iter(embedder.embed(texts))
    return [
        [
            Unit(str(index), next(vectors), None, -(-len(text) // 4), text, speaker)
            for index, (text, speaker) in enumerate(
                zip(item.utterances, item.speakers, strict=True)
            )
        ]
        for item in items
    ]


def _ours(embedder_name: str, mode: str, *, cues: Sequence[Cue] = CUES) -> System:
    if mode == "offline":
        return _whole(make_offline_segmenter(embedder_name=embedder_name, limits=LIMITS, cues=cues))
    segmenter = make_segmenter(embedder_name=embedder_name, limits=LIMITS, cues=cues)
    return lambda units: _turn_by_turn(segmenter, units)


def _turn_by_turn(segmenter: Segmenter, units: Sequence[Unit]) -> Boundaries:
    """As a manager calls it: after each turn, with the tail of the session."""
    found = np.zeros(len(units), dtype=bool)
    opened = 0
    for newest in range(1, len(units) + 1):
        begin = max(0, opened - segmenter.lookback)
        for cut in segmenter.cut(units[begin:newest], opened=opened - begin):
            found[begin + cut.index] = True
            last = begin + cut.index
            opened = last
    return found


def _whole(segmenter: Segmenter) -> System:
    def cut(units: Sequence[Unit]) -> Boundaries:
        found = np.zeros(len(units), dtype=bool)
        found[[cut.index for cut in segmenter.cut(units)]] = True
        return found

    return cut


def _systems(embedder_name: str, mode: str, rate: float) -> dict[str, System]:
    """Ablations of ours, its other scorers, and the baselines."""
    every = max(2, round(1 / max(rate, 1e-3)))

    def online(name: str, **settings: object) -> System:
        made = other_segmenter(name, embedder_name=embedder_name, limits=LIMITS, **settings)  # type: ignore[arg-type]
        return _whole(made)

    def moved(refine: Refinement) -> System:
        return _whole(make_segmenter(embedder_name=embedder_name, limits=LIMITS, refine=refine))

    systems = {
        "without words": _ours(embedder_name, mode, cues=[ASKED]),
        "without cues": _ours(embedder_name, mode, cues=()),
    }
    if mode == "online":
        systems |= {
            "modularity": moved("modularity"),
            "conductance": moved("conductance"),
            "window": online("window"),
            "window, modularity": online("window", refine="modularity"),
            "surprisal": online("surprisal"),
            "surprisal, modularity": online("surprisal", refine="modularity"),
            "surprisal, left": online("surprisal", refine="modularity-left"),
            "bayesian-surprise": online("bayesian-surprise"),
            "surprisal, trailing rule": online("surprisal", threshold=Trailing(gamma=0.5, least=4)),
        }
    systems |= {
        "texttiling": text_tiling,
        "fixed at our rate": online("fixed", size=every),
        "random at our rate": _random(rate),
        "no boundary": lambda units: np.zeros(len(units), dtype=bool),
    }
    return systems


def _random(rate: float) -> System:
    rng = np.random.default_rng(0)

    def cut(units: Sequence[Unit]) -> Boundaries:
        found: Boundaries = rng.random(len(units)) < rate
        found[:1] = False
        return found

    return cut


def text_tiling(units: Sequence[Unit], *, block: int = 2) -> Boundaries:
    """Hearst (1997): depth of the valleys in the word overlap of neighbouring blocks.

    Blocks of whole turns, as usual for dialogue; boundaries above mean - deviation / 2.
    """
    counts = [Counter(terms(unit.text)) for unit in units]
    scores = [_overlap(counts, gap, block) for gap in range(1, len(units))]
    depth = np.array([_depth(scores, gap) for gap in range(len(scores))])
    found = np.zeros(len(units), dtype=bool)
    if len(depth):
        found[1:] = (depth > depth.mean() - depth.std() / 2) & (depth > 0)
        for gap in range(2, len(found)):  # of two neighbours the deeper valley stays
            if found[gap] and found[gap - 1]:
                found[gap - 1 if depth[gap - 1] > depth[gap - 2] else gap] = False
    return found


def _overlap(counts: Sequence[Counter[str]], gap: int, block: int) -> float:
    before = sum(counts[max(0, gap - block) : gap], Counter[str]())
    after = sum(counts[gap : gap + block], Counter[str]())
    product = sum(count * after[term] for term, count in before.items())
    lengths = [np.sqrt(sum(value**2 for value in side.values())) for side in (before, after)]
    return float(product / max(lengths[0] * lengths[1], 1e-9))


def _depth(scores: Sequence[float], gap: int) -> float:
    left = right = scores[gap]
    for value in scores[gap::-1]:
        if value < left:
            break
        left = value
    for value in scores[gap:]:
        if value < right:
            break
        right = value
    return left + right - 2 * scores[gap]


def _sessions(folder: Path) -> list[Dialogue]:
    """LoCoMo's conversations as one stream each, their sessions as segments, without times."""
    found = []
    for conversation in locomo(folder):
        turns = conversation.turns
        gold = np.array(
            [False, *(a.session != b.session for a, b in zip(turns, turns[1:], strict=False))]
        )
        texts, speakers = tuple(t.text for t in turns), tuple(t.speaker for t in turns)
        found.append(Dialogue(texts, speakers, gold))
    return found


def _stream(embedder_name: str, quick: bool) -> dict[str, Figure]:
    """Cost a turn of a long stream over that of a short one, and the memory it takes.

    Vectors are drawn when they are needed and only the session's tail is kept, as a manager does.
    """
    short, long = STREAM[0], STREAM[1] // (20 if quick else 1)
    segmenter = make_segmenter(embedder_name=embedder_name, limits=LIMITS)
    _drive(segmenter, short)  # caches are warm for both
    first, _ = _drive(segmenter, short)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    second, kept = _drive(segmenter, long)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return {
        "stream/slope": _plain(second / first, long),
        "stream/ms_per_turn": _plain(1000 * second, long),
        "stream/units_kept": _plain(float(kept), long),
        "stream/memory_grown_mb": _plain(grown, long),
    }


def _drive(segmenter: Segmenter, turns: int) -> tuple[float, int]:
    """CPU seconds a turn in `cut`, and the most units that had to be kept."""
    rng = np.random.default_rng(0)
    topic = rng.normal(size=384)
    tail: list[Unit] = []
    opened, kept, spent = 0, 0, 0.0
    for number in range(turns):
        if rng.random() < 0.15:
            topic = rng.normal(size=384)
        vector = topic + 1.4 * rng.normal(size=384)
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        tail.append(Unit(str(number), unit, None, 20, f"turn {number} of a long talk", "A"))
        started = time.process_time()
        cuts = segmenter.cut(tail, opened=opened)
        spent += time.process_time() - started
        if cuts:
            begin = max(0, cuts[-1].index - segmenter.lookback)
            tail, opened = tail[begin:], cuts[-1].index - begin
        kept = max(kept, len(tail))
    return spent / turns, kept


def _plain(value: float, n: int) -> Figure:
    return {"value": value, "ci95": [value, value], "n": n}


if __name__ == "__main__":
    main()
