"""Fit the gate's heads on development data and write `memory/gate/weights.json`.

    python benchmarks/fit_gate.py --data FOLDER --embedder lexical
    python benchmarks/fit_gate.py --data FOLDER --embedder local

Need tells real questions from world questions and small talk; Have tells real questions from
those that the memory cannot answer; Detail tells them from the same questions put to a memory that
never heard their evidence; Know and Grounded tell world questions that a frozen model
answered rightly alone, and with a retrieved passage. The threshold comes from scores of
conversations that were left out.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from embedding_cache import CachedEmbedder
from fitting import fit_head
from gating import Row, rows, scenes
from numpy.typing import NDArray
from report import arguments
from tables import TABLES, Item, load

from knowhen.memory.embedders.factory import make_embedder
from knowhen.memory.gate.heads import Head, family_of, gain, question_features

WEIGHTS = Path(__file__).parents[1] / "memory" / "gate" / "weights.json"
NEED = (
    *("named", "familiar", "personal", "recalling", "question", "request"),
    *("met", "matched", "similar", "short", "length", "size"),
)
HAVE = (
    *("named", "familiar", "foreign", "personal", "recalling", "length", "size", "known"),
    *("best_known", "wide", "density", "lift", "dated", "near_time", "top", "mean"),
    *("background", "attributed", "second", "other_reply", "sentence_lead", "fact_lead"),
    *("ownership", "own_i", "own_you", "other_you", "own_dense", "other_dense"),
)
DETAIL = ("odds", "lead", "reach", "size")
# A swapped question is the commonest mistake in use, one about the other speaker the rarest.
SHARES: Mapping[str, float] = {"swapped": 3.0, "other": 2.0, "exchanged": 0.25, "adversarial": 0.25}
FOLDS = 5
SKIPPED = 0.11
"""Share of world questions for which retrieval is skipped: those where it gains least."""
Floats = NDArray[np.float64]


def fitted_on(row: Row) -> bool:
    """What was asked before is measured, and not fitted on: its questions are there once."""
    return row.setting != "asked"


def for_need(row: Row) -> bool:
    return row.case.kind in ("real", "world", "smalltalk") and fitted_on(row)


def for_have(row: Row) -> bool:
    return row.case.kind not in ("world", "smalltalk", "abstention", "erased") and fitted_on(row)


def for_detail(row: Row) -> bool:
    """Questions in the memories that also exist without their evidence, and in young ones."""
    where = row.setting.split()[0] in ("full", "beam", "young", "erased")
    return row.case.kind in ("real", "erased") and where


def shares(found: Sequence[Row]) -> Floats:
    """Weights that make both classes equal and no set drown another."""
    sizes = Counter((row.case.kind, row.setting) for row in found)
    weights = np.array(
        [
            SHARES.get(row.case.kind, 1.0) * sizes[row.case.kind, row.setting] ** -0.4
            for row in found
        ]
    )
    real = np.array([row.case.kind == "real" for row in found])
    weights[real] *= weights[~real].sum() / weights[real].sum()
    return np.asarray(weights / weights.mean())


def fit(found: Sequence[Row], names: Sequence[str]) -> Head:
    """A head that tells the real ones among these rows."""
    return fit_head(
        [row.features for row in found],
        [row.case.kind == "real" for row in found],
        names,
        weights=shares(found),
        penalty=5.0,
    )


def left_out(found: Sequence[Row], names: Sequence[str], chosen: Callable[[Row], bool]) -> Floats:
    """Log-odds of every row by a head that saw neither its conversation nor its query."""
    groups = {name: index % FOLDS for index, name in enumerate(sorted({r.group for r in found}))}
    scores = np.zeros(len(found))
    for fold in range(FOLDS):
        for half in (0, 1):
            seen = [
                row
                for row in found
                if chosen(row) and groups[row.group] != fold and row.case.half in (2, half)
            ]
            head = fit(seen, names)
            for index, row in enumerate(found):
                if groups[row.group] == fold and row.case.half != half:
                    scores[index] = head.logit(row.features)
    return scores


def fit_world(items: Sequence[Item]) -> dict[str, object]:
    """Know and Grounded from a frozen model's answers, and the gain below which `SKIPPED` lie."""
    heads = {
        name: fit_head(
            [question_features(item.question) for item in items],
            labels,
            list(question_features("")),
            penalty=100.0,
        )
        for name, labels in (
            ("know", [item.alone for item in items]),
            ("grounded", [item.helped for item in items]),
        )
    }
    gains = [
        gain(question_features(item.question), heads["know"], heads["grounded"]) for item in items
    ]
    return {
        **{name: _plain(head) for name, head in heads.items()},
        "gain_cut": round(float(np.quantile(gains, SKIPPED)), 4),
    }


def chances(logits: Floats) -> Floats:
    """Probabilities from log-odds."""
    return np.asarray(1 / (1 + np.exp(-logits)))


def levels(found: Sequence[Row], need: Floats, have: Floats) -> list[float]:
    """Quantiles of Need times Have of real questions; every setting weighs the same."""
    worth = chances(need) * chances(have)
    real = np.array([row.case.kind == "real" for row in found])
    settings = np.array([row.setting for row in found])
    shares = np.linspace(0.0, 1.0, 101)
    quantiles = [np.quantile(worth[real & (settings == s)], shares) for s in sorted({*settings})]
    return [round(float(level), 4) for level in np.mean(quantiles, axis=0)]


def main() -> None:
    options = arguments(__doc__).parse_args()
    embedder = CachedEmbedder(make_embedder(options.embedder), options.cache)
    every = rows(scenes(options.data, quick=options.quick), embedder)
    found = list(filter(fitted_on, every))
    need = left_out(found, NEED, for_need)
    have = left_out(found, HAVE, for_have)
    fitted: dict[str, object] = {
        "need": _plain(fit([row for row in found if for_need(row)], NEED)),
        "have": _plain(fit([row for row in found if for_have(row)], HAVE)),
        "detail": _plain(fit([row for row in found if for_detail(row)], DETAIL)),
        "levels": levels(found, need, have),
    }
    weights = json.loads(WEIGHTS.read_text(encoding="utf-8")) if WEIGHTS.exists() else {}
    family = family_of(embedder.name)
    weights[family] = weights.get(family, {}) | fitted  # `near` and `grip` are set by hand
    weights["world"] = fit_world([item for name in TABLES for item in load(options.data, name)])
    WEIGHTS.write_text(json.dumps(weights, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"fitted on {len(found)} queries, embedder {embedder.name}")
    print(json.dumps(fitted, indent=1))


def _plain(head: Head) -> dict[str, object]:
    return {"weights": dict(head.weights), "typical": dict(head.typical)}


if __name__ == "__main__":
    main()
