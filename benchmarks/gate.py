"""The retrieval gate: does it recall when memory is needed, and only then?

    python benchmarks/gate.py --data FOLDER --embedder local

Three parts. (a) Real questions against sets that need no recall (see `gating.py`): `auroc/SET` of
need times have (of `detail` for the erased ones), `false_injection@95/SET` where 95 % of the real
ones are kept, `kept@3/SET` where 3 % of world questions are let through, `injected/SET` by the
decisions as shipped, `ece/HEAD`, and `coverage` of the conformal threshold. The system
`knowhen` has the shipped weights; `left out` refits them without the conversation it is measured
on, which is the honest figure on the data that the weights were fitted on. (b) Recorded answers
of a frozen model: accuracy against retrieval rate. (c) PopQA: does the passage hold the answer?
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import passages
from embedding_cache import CachedEmbedder
from fit_gate import (
    DETAIL,
    FOLDS,
    HAVE,
    NEED,
    chances,
    fit_world,
    for_detail,
    for_have,
    for_need,
    left_out,
    shares,
)
from fitting import calibration_error, diagram, reliability
from gating import Row, rows, scenes
from numpy.typing import NDArray
from report import Figure, Results, arguments, figure, table, write
from tables import TABLES, Item, load

from knowhen.memory.embedders.factory import make_embedder
from knowhen.memory.gate.calibration import threshold
from knowhen.memory.gate.heads import (
    Heads,
    family_of,
    gain,
    question_features,
    read_heads,
    shipped_heads,
)
from knowhen.memory.recall.answering import standing

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
SETS = ("world", "smalltalk", "other", "swapped", "exchanged", "adversarial")
RESAMPLES = 500
KEPT = 0.95
LET_THROUGH = 0.03
ERROR = 0.1
"""Error of the conformal threshold whose coverage is measured."""
BUDGET = 1024


def auroc(positive: Floats, negative: Floats, *, seed: int = 0) -> Figure:
    """Area under the ROC curve with a bootstrap interval over both sides."""
    rng = np.random.default_rng(seed)
    samples = [
        _area(rng.choice(positive, len(positive)), rng.choice(negative, len(negative)))
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(samples, [0.025, 0.975])
    return {
        "value": _area(positive, negative),
        "ci95": [float(low), float(high)],
        "n": len(positive) + len(negative),
    }


def _area(positive: Floats, negative: Floats) -> float:
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left")
    ties = np.searchsorted(ordered, positive, "right") - below
    return float((below + 0.5 * ties).mean() / len(negative))


class Queries:
    """All rows with masks for the sets that are compared."""

    def __init__(self, found: Sequence[Row]) -> None:
        self.found = found
        self.kind = np.array([row.case.kind for row in found])
        self.setting = np.array([row.setting for row in found])
        self.names = np.array([row.names for row in found])
        self.texts = np.array([row.case.text for row in found])

    def of(self, kind: str, setting: str) -> Mask:
        return (self.kind == kind) & (self.setting == setting)

    def pairs(self) -> dict[str, tuple[Mask, Mask]]:
        """Real ones and the others, by metric."""
        real = self.of("real", "full")
        sets = {kind: (real, self.of(kind, "full")) for kind in SETS}
        origins = {row.case.origin for row in self.found if row.case.kind == "exchanged"}
        sets["exchanged"] = (real & np.isin(self.texts, list(origins)), sets["exchanged"][1])
        # Category 5 against real ones that name one speaker, as it nearly always does itself.
        one = self.names == 1
        sets["adversarial"] = (real & one, sets["adversarial"][1] & one)
        sets["adversarial_all"] = (real, self.of("adversarial", "full"))
        sets["absent"] = (self.of("real", "small"), self.of("absent", "small"))
        sets["first_person"] = (self.of("real", "first person"), self.of("swapped", "first person"))
        sets["asked"] = (self.of("real", "asked"), self.of("asked", "asked"))
        sets["abstention"] = (self.of("real", "beam"), self.of("abstention", "beam"))
        sets["erased/locomo"] = (real, self.of("erased", "erased"))
        sets["erased/beam"] = (self.of("real", "beam"), self.of("erased", "erased beam"))
        sets["young"] = (self.of("real", "young"), self.of("world", "young"))
        sets["everyday"] = (self.of("real", "everyday"), self.of("world", "everyday"))
        sets["beam_world"] = (self.of("real", "beam"), self.of("world", "beam"))
        sets["beam_other"] = (self.of("real", "beam"), self.of("other", "beam"))
        return {name: pair for name, pair in sets.items() if pair[0].any() and pair[1].any()}


def separation(queries: Queries, score: Floats) -> dict[str, Figure]:
    """AUROC and false injection at 95 % kept, for every set."""
    figures: dict[str, Figure] = {}
    for name, (real, other) in queries.pairs().items():
        figures[f"auroc/{name}"] = auroc(score[real], score[other])
        if name in ("world", "beam_world"):
            cut = float(np.quantile(score[other], 1 - LET_THROUGH))
            figures[f"kept@3/{name}"] = figure((score[real] >= cut).astype(float).tolist())
        cut = float(np.quantile(score[real], 1 - KEPT))
        figures[f"false_injection@95/{name}"] = figure((score[other] >= cut).astype(float).tolist())
    return figures


def erased(queries: Queries, detail: Floats) -> dict[str, Figure]:
    """How well Detail alone tells questions whose evidence the memory never heard."""
    return {
        f"auroc/{name}": auroc(detail[real], detail[other])
        for name, (real, other) in queries.pairs().items()
        if name.startswith("erased")
    }


def calibration(queries: Queries, need: Floats, have: Floats) -> dict[str, Figure]:
    """ECE of both heads with both classes weighing the same, and conformal coverage."""
    figures: dict[str, Figure] = {}
    for name, score, chosen in (("need", need, for_need), ("have", have, for_have)):
        inside = [index for index, row in enumerate(queries.found) if chosen(row)]
        weights = shares([queries.found[index] for index in inside])
        figures[f"ece/{name}"] = _ece(
            score[inside], queries.kind[inside] == "real", weights, title=name
        )
    figures["coverage"] = figure(_coverage(queries, need * have))
    figures["coverage/have"] = figure(_coverage(queries, have))
    return figures


def _ece(predicted: Floats, observed: Mask, weights: Floats, *, title: str = "") -> Figure:
    def error(index: NDArray[np.int64]) -> float:
        bars = reliability(
            predicted[index].tolist(), observed[index].tolist(), weights=weights[index].tolist()
        )
        return calibration_error(bars)

    rng = np.random.default_rng(0)
    size = len(predicted)
    samples = [error(rng.integers(0, size, size)) for _ in range(100)]
    low, high = np.quantile(samples, [0.025, 0.975])
    if title:
        bars = reliability(predicted.tolist(), observed.tolist(), weights=weights.tolist())
        print(f"\nreliability of {title}\n{diagram(bars)}")
    return {
        "value": error(np.arange(size)),
        "ci95": [float(low), float(high)],
        "n": size,
    }


def _coverage(queries: Queries, worth: Floats) -> list[float]:
    """Real questions of each fold kept by the threshold of the other folds' scores."""
    real = np.flatnonzero(queries.of("real", "full"))
    fold = np.random.default_rng(0).permutation(len(real)) % FOLDS
    kept: list[float] = []
    for out in range(FOLDS):
        cut = threshold(worth[real[fold != out]].tolist(), ERROR)
        kept += (worth[real[fold == out]] >= cut).astype(float).tolist()
    return kept


def decisions(queries: Queries) -> dict[str, Figure]:
    """What the shipped decisions do: recalls kept, contexts injected for nothing, tokens saved."""
    recalled = np.array([row.decision.action == "recall" for row in queries.found])
    tokens = np.array([float(row.tokens) for row in queries.found])
    figures = {}
    for name, (real, other) in queries.pairs().items():
        figures[f"injected/{name}"] = figure(recalled[other].astype(float).tolist())
        if name in ("world", "absent", "first_person", "asked", "abstention"):
            figures[f"kept/{name}"] = figure(recalled[real].astype(float).tolist())
    for kind in ("world", "smalltalk"):
        chosen = queries.of(kind, "full") & (tokens > 0)
        saved = np.where(recalled[chosen], 0.0, tokens[chosen]) / tokens[chosen].mean()
        figures[f"tokens_saved/{kind}"] = figure(saved.tolist())
    return figures


def conversations(data: Path, embedder: CachedEmbedder, *, quick: bool) -> Results:
    """Part (a), with two single cues as baselines."""
    queries = Queries(list(rows(scenes(data, quick=quick), embedder, budget=BUDGET)))
    need = np.array([row.decision.need for row in queries.found])
    have = np.array([row.decision.have for row in queries.found])
    detail = np.array([row.decision.features["detail"] for row in queries.found])
    results: Results = {
        "knowhen": separation(queries, need * have)
        | erased(queries, detail)
        | calibration(queries, need, have)
        | decisions(queries)
    }
    for name, feature in (("nearest cosine", "top"), ("content of one window", "window")):
        values = np.array([row.decision.features[feature] for row in queries.found])
        results[name] = separation(queries, values)
    if len({row.group for row in queries.found}) > 2:
        need = chances(left_out(queries.found, NEED, for_need))
        have = chances(left_out(queries.found, HAVE, for_have))
        detail = chances(left_out(queries.found, DETAIL, for_detail))
        results["left out"] = (
            separation(queries, need * have)
            | erased(queries, detail)
            | calibration(queries, need, have)
        )
    return results


def worlds(data: Path, heads: Heads) -> Results:
    """Part (b): our policy, never, always, random and the oracle, by look-up."""
    results: Results = {}
    found = {name: load(data, name) for name in TABLES}
    everything = [(name, item) for name, items in found.items() for item in items]
    rng = np.random.default_rng(0)
    fold = rng.permutation(len(everything)) % FOLDS
    refitted = [
        _with_world(
            heads, [item for (_, item), f in zip(everything, fold, strict=True) if f != out]
        )
        for out in range(FOLDS)
    ]
    for name, items in found.items():
        if not items:
            continue
        mine = fold[[index for index, (table, _) in enumerate(everything) if table == name]]
        policies: dict[str, list[tuple[bool, bool]]] = {
            "knowhen": [_policy(item, heads) for item in items],
            "left out": [
                _policy(item, refitted[f]) for item, f in zip(items, mine.tolist(), strict=True)
            ],
            "never": [(False, item.alone) for item in items],
            "always": [(True, item.helped) for item in items],
            "always, conflicts settled": [(True, _settled(item)) for item in items],
            "oracle": [(not item.alone, item.alone or item.helped) for item in items],
        }
        rate = float(np.mean([retrieved for retrieved, _ in policies["left out"]]))
        policies["random"] = [_random(item, rng.random() < rate) for item in items]
        for system, outcomes in policies.items():
            figures = results.setdefault(system, {})
            figures[f"{name}/accuracy"] = figure([float(right) for _, right in outcomes])
            figures[f"{name}/retrieval_rate"] = figure([float(did) for did, _ in outcomes])
    for system, chosen in (("knowhen", [heads] * FOLDS), ("left out", refitted)):
        know = np.array(
            [
                chosen[f].know.probability(question_features(item.question))
                for (_, item), f in zip(everything, fold.tolist(), strict=True)
            ]
        )
        alone = np.array([item.alone for _, item in everything])
        figures = results.setdefault(system, {})
        figures["ece/know"] = _ece(know, alone, np.ones(len(know)))
        figures["auroc/know"] = auroc(know[alone], know[~alone])
    return results


def _with_world(heads: Heads, items: Sequence[Item]) -> Heads:
    """The heads with those about the world refitted on these items."""
    plain = {"weights": heads.need.weights, "typical": {}}
    heads_of = {"need": plain, "have": plain, "detail": plain}
    data = {**heads_of, "near": heads.near, "grip": heads.grip, "levels": ()}
    return read_heads(data, fit_world(items))


def _policy(item: Item, heads: Heads) -> tuple[bool, bool]:
    """Retrieve where it is worth it; where the passage then says nothing, the draft stands."""
    if gain(question_features(item.question), heads.know, heads.grounded) < heads.gain_cut:
        return False, item.alone
    return True, _settled(item)


def _settled(item: Item) -> bool:
    stands = standing(item.question, memory=item.grounded, own=item.draft, personal=False)
    return item.alone if stands == "own" else item.helped


def _random(item: Item, retrieve: bool) -> tuple[bool, bool]:
    return retrieve, item.helped if retrieve else item.alone


def retrievals(data: Path) -> Results:
    """Part (c): whether the retriever's passage holds the answer, and conformal coverage."""
    probes = passages.load(data)
    if not probes:
        return {}
    hits = np.array([probe.hit for probe in probes])
    scores, kept = passages.left_out(probes)

    def area(values: Floats) -> Figure:
        return auroc(values[hits], values[~hits])

    ours: dict[str, Figure] = {
        "auroc/popqa_hit": area(scores),
        "coverage/popqa": figure(kept),
        "ece/popqa_hit": _ece(chances(scores), hits, np.ones(len(hits))),
    }
    return {
        "knowhen": ours,
        "retriever score": {"auroc/popqa_hit": area(np.array([p.score for p in probes]))},
        "popularity": {"auroc/popqa_hit": area(np.array([p.popularity for p in probes]))},
    }


def _merge(*parts: Results) -> Results:
    merged: Results = {}
    for part in parts:
        for system, figures in part.items():
            merged.setdefault(system, {}).update(figures)
    return merged


def _show(results: Results, wanted: Callable[[str], bool]) -> None:
    """A table of metrics as rows, since there are more of them than systems."""
    metrics = list(dict.fromkeys(m for figures in results.values() for m in figures if wanted(m)))
    for start in range(0, len(metrics), 6):
        chosen = metrics[start : start + 6]
        shown = {n: f for n, f in results.items() if any(metric in f for metric in chosen)}
        print(table(shown, chosen))


def main() -> None:
    options = arguments(__doc__).parse_args()
    embedder = CachedEmbedder(make_embedder(options.embedder), options.cache)
    heads = shipped_heads(family_of(embedder.name))
    results = _merge(
        conversations(options.data, embedder, quick=options.quick),
        worlds(options.data, heads),
        retrievals(options.data),
    )
    print(f"\nThe gate, embedder {embedder.name}")
    for prefix in (
        "auroc/",
        "kept@3/",
        "false_injection@95/",
        "injected/",
        "kept/",
        "tokens_saved/",
    ):
        _show(results, lambda metric, prefix=prefix: metric.startswith(prefix))
    _show(results, lambda metric: metric.startswith(("ece", "coverage", *TABLES)))
    write(options.json, "gate", {"embedder": embedder.name, "quick": options.quick}, results)


if __name__ == "__main__":
    main()
