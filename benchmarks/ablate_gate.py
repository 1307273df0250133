"""What each signal of the gate is worth: taken out, or, if it was rejected, put in.

    python benchmarks/ablate_gate.py --data FOLDER --embedder local

Every variant is fitted anew without the conversation it is measured on, as `left out` of `gate.py`
is. `auroc/SET` is of need times have (see `gating.py` for the sets), `auroc/know` and
`auroc/grounded` of the heads about the world; `accuracy/skipping` is that of recorded answers where
retrieval is skipped for the share of questions that `fit_gate.py` skips.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from embedding_cache import CachedEmbedder
from fit_gate import FOLDS, HAVE, NEED, SKIPPED, chances, for_have, for_need, left_out
from fitting import fit_head
from gate import Queries, auroc
from gating import rows, scenes
from numpy.typing import NDArray
from rejected_signals import COUNTED, REJECTED, relation_frequency, subject_frequency
from report import Figure, Results, arguments, figure, table, write
from tables import TABLES, load

from knowhen.memory.embedders.factory import make_embedder
from knowhen.memory.gate.heads import question_features

Floats = NDArray[np.float64]
SETS = (
    "world",
    "smalltalk",
    "other",
    "swapped",
    "exchanged",
    "adversarial",
    "absent",
    "first_person",
)
GROUPS: Mapping[str, tuple[str, ...]] = {
    "names": ("named", "familiar", "foreign"),
    "utterance": ("personal", "recalling", "question", "request", "short"),
    "length": ("length",),
    "coverage": ("known", "best_known", "wide", "density", "met", "matched"),
    "lift": ("lift",),
    "time": ("dated", "near_time"),
    "cosines": ("top", "mean", "background", "similar", "own_dense", "other_dense"),
    "attribution": (
        *("attributed", "second", "other_reply", "sentence_lead", "fact_lead", "ownership"),
        *("own_i", "own_you", "other_you", "own_dense", "other_dense", "best_known"),
    ),
    "size": ("size",),
}
RELATION = ("kin", "life", "work_of", "award", "country", "order", "where", "when", "who", "of")
"""Words of the relation among the features of a question about the world."""


def memories(data: Path, embedder: CachedEmbedder, *, quick: bool) -> Results:
    """Need and Have: the shipped signals, each group taken out, each rejected one added."""
    found = list(rows(scenes(data, quick=quick), embedder, probes=REJECTED))
    queries = Queries(found)
    pairs = queries.pairs()
    variants: dict[str, tuple[Sequence[str], Sequence[str]]] = {"shipped": (NEED, HAVE)}
    for name, group in GROUPS.items():
        need, have = ([n for n in names if n not in group] for names in (NEED, HAVE))
        variants[f"- {name}"] = (need, have)
    variants |= {f"+ {name}": (NEED, [*HAVE, name]) for name in REJECTED}
    results: Results = {}
    for label, (need_names, have_names) in variants.items():
        need, have = left_out(found, need_names, for_need), left_out(found, have_names, for_have)
        score = chances(need) * chances(have)
        results[label] = {
            f"auroc/{name}": auroc(score[real], score[other])
            for name, (real, other) in pairs.items()
            if name in SETS
        }
    return results


def worlds(data: Path) -> Results:
    """Know and Grounded with and without the frequency of subject and relation."""
    items = [item for name in TABLES for item in load(data, name)]
    if not items:
        return {}
    shape = [question_features(item.question) for item in items]
    plain = [name for name in shape[0] if name not in RELATION]
    variants: dict[str, tuple[list[dict[str, float]], list[str]]] = {
        "shipped": (shape, list(shape[0])),
        "- relation words": (shape, plain),
    }
    if COUNTED:
        subject = [subject_frequency(item.question) for item in items]
        relation = [relation_frequency(item.question) for item in items]
        both = [a | b | c for a, b, c in zip(shape, subject, relation, strict=True)]
        variants["+ subject frequency"] = (both, [*shape[0], *subject[0]])
        variants["+ relation frequency"] = (both, [*shape[0], *relation[0]])
        variants["+ both frequencies"] = (both, list(both[0]))
        variants["frequencies alone"] = (both, [*subject[0], *relation[0]])
    else:
        print("frequencies are left out: pip install wordfreq")
    alone = np.array([item.alone for item in items])
    helped = np.array([item.helped for item in items])
    results: Results = {}
    for label, (values, names) in variants.items():
        know, grounded = (_left_out(values, names, right) for right in (alone, helped))
        skipped = np.argsort(grounded - know)[: int(SKIPPED * len(items))]
        answered = helped.copy()
        answered[skipped] = alone[skipped]
        results[label] = {
            "auroc/know": auroc(know[alone], know[~alone]),
            "auroc/grounded": auroc(grounded[helped], grounded[~helped]),
            "accuracy/skipping": figure(answered.astype(float).tolist()),
        }
    return results


def _left_out(
    values: Sequence[Mapping[str, float]], names: Sequence[str], right: NDArray[np.bool_]
) -> Floats:
    """Chance of a right answer by heads that did not see the question."""
    fold = np.random.default_rng(0).permutation(len(values)) % FOLDS
    chance = np.zeros(len(values))
    for out in range(FOLDS):
        seen = np.flatnonzero(fold != out)
        head = fit_head([values[i] for i in seen], right[seen].tolist(), names, penalty=100.0)
        for index in np.flatnonzero(fold == out).tolist():
            chance[index] = head.probability(values[index])
    return chance


def _shown(results: Results) -> str:
    metrics: dict[str, Figure] = next(iter(results.values()))
    return table(results, list(metrics))


def main() -> None:
    options = arguments(__doc__).parse_args()
    embedder = CachedEmbedder(make_embedder(options.embedder), options.cache)
    about_memory = memories(options.data, embedder, quick=options.quick)
    print(f"Need and Have, embedder {embedder.name}\n{_shown(about_memory)}")
    about_world = worlds(options.data)
    if about_world:
        print(f"\nKnow and Grounded\n{_shown(about_world)}")
    merged = {
        name: about_memory.get(name, {}) | about_world.get(name, {})
        for name in (*about_memory, *about_world)
    }
    write(options.json, "ablate_gate", {"embedder": embedder.name}, merged)


if __name__ == "__main__":
    main()
