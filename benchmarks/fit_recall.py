"""Fits the weights of recall's cues on LoCoMo and BEAM together, and checks them.

    python benchmarks/fit_recall.py --data FOLDER --embedder local
    python benchmarks/fit_recall.py --data FOLDER --embedder local --rejected
    python benchmarks/fit_recall.py --data FOLDER --embedder local --write

A logistic model of "this part is evidence", each question weighing the same, with an L2
penalty. Every figure is for a conversation that was left out of the fit it is measured with.
Printed are: all cues; fits on one benchmark carried over to the other; and the paired change
when a cue is taken out (or, with `--rejected`, a rejected one added) and the rest fitted anew.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from conversations import Conversation, Question, beam, locomo
from embedding_cache import CachedEmbedder
from numpy.typing import NDArray
from recalling import holds
from rejected_cues import REJECTED
from report import Figure, Results, arguments, figure, paired, write

from knowhen import MemoryManager
from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.factory import make_embedder
from knowhen.memory.recall.packing import Candidate, pack
from knowhen.memory.recall.pipeline import CANDIDATES, worth
from knowhen.memory.search.cues import BIAS, CUES, WALK, reach
from knowhen.memory.search.scoring import Findings
from knowhen.memory.tokens import EstimatedCounter

Floats = NDArray[np.float64]

PENALTY = 3.0
NEAREST, RANDOM = 150, 60
"""Parts per question that the fit sees: the nearest by two cues, a random few, all evidence."""
BUDGETS = {"locomo": (512, 1024), "beam": (1024, 2048)}
WEIGHTS = Path(__file__).parent.parent / "memory" / "search" / "weights.json"

SHIPPED = [*CUES, WALK]


@dataclass(frozen=True)
class Case:
    """A question, what was found, and what each cue said of every part."""

    benchmark: str
    conversation: str
    question: Question
    findings: Findings
    values: Mapping[str, Floats]
    evidence: NDArray[np.bool_]
    sample: NDArray[np.bool_]


def cases(
    benchmark: str, conversations: Sequence[Conversation], embedder: Embedder, names: Sequence[str]
) -> list[Case]:
    """Search every question once and keep the cues' values."""
    known = {**CUES, **REJECTED}
    found = []
    rng = np.random.default_rng(0)
    for conversation in conversations:
        memory = MemoryManager.open(":memory:", embedder=embedder)
        memory.remember(conversation.turns)
        memory.settle()
        for question in conversation.questions:
            findings = memory.search(question.text)
            corpus, walked = findings.corpus, findings.reached
            values = {n: known[n](findings.evidence) for n in names if n in known}
            values[WALK] = reach(np.zeros(len(corpus)) if walked is None else walked)
            ids = [stored.turn.id for stored in corpus.turns]
            evidence = np.isin(np.array(ids)[corpus.turn_of], list(question.evidence))
            near = np.argsort(-values["turn"] - values["dense"], kind="stable")[:NEAREST]
            sample = evidence | (rng.random(len(corpus)) < RANDOM / len(corpus))
            sample[near] = True
            found.append(
                Case(benchmark, conversation.name, question, findings, values, evidence, sample)
            )
    return found


def fit(train: Sequence[Case], names: Sequence[str]) -> dict[str, float]:
    """Weights by Newton's method; the bias is not penalised.

    More of a cue never counts against a part: a cue whose weight comes out negative says
    nothing that the others do not say better, so it gets 0 and the rest are fitted anew.
    """
    weights = newton(train, names)
    kept = [name for name in names if weights[name] > 0]
    if len(kept) < len(names):
        weights = dict.fromkeys(names, 0.0) | newton(train, kept)
    return weights


def newton(train: Sequence[Case], names: Sequence[str]) -> dict[str, float]:
    """Plain weights of the penalised logistic model."""
    rows = np.concatenate(
        [
            np.stack([c.values[n][c.sample] for n in names] + [np.ones(c.sample.sum())], 1)
            for c in train
        ]
    )
    hits = np.concatenate([case.evidence[case.sample] for case in train]).astype(float)
    share = np.concatenate(
        [np.full(case.sample.sum(), 1 / max(1, case.evidence.sum())) for case in train]
    )
    penalty = np.eye(len(names) + 1) * PENALTY
    penalty[-1, -1] = 0.0
    weights = np.zeros(len(names) + 1)
    for _ in range(15):
        chance = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (share * (chance - hits)) + penalty @ weights
        bend = (rows * (share * chance * (1 - chance) + 1e-9)[:, None]).T @ rows + penalty
        weights -= np.linalg.solve(bend, slope)
    return dict(zip([*names, BIAS], weights.tolist(), strict=True))


def score(case: Case, weights: Mapping[str, float]) -> list[float]:
    """Evidence recall of a case within the budgets of its benchmark."""
    total = sum(weights[name] * case.values[name] for name in weights if name != BIAS)
    findings = Findings(
        case.findings.query,
        case.findings.corpus,
        case.findings.evidence,
        np.asarray(total + weights[BIAS], float),
        {},
    )
    ranked = [Candidate(t, worth(s), part) for t, s, part in findings.turns(CANDIDATES)]
    shares = []
    for budget in BUDGETS[case.benchmark]:
        packed = pack(
            findings.corpus,
            ranked,
            budget=budget,
            counter=EstimatedCounter(),
            weights=findings.evidence.term_weights,
        ).packed
        texts = {findings.corpus.turns[turn].turn.id: text for turn, text in packed.items()}
        hits = [
            holds(findings.corpus.turns[findings.corpus.position[i]].turn.text, texts.get(i))
            for i in case.question.evidence
        ]
        shares.append(sum(hits) / len(hits))
    return shares


def left_out(found: Sequence[Case], names: Sequence[str]) -> dict[str, list[float]]:
    """Shares per question and metric, each conversation under weights that never saw it."""
    shares: dict[str, list[float]] = {}
    for conversation in dict.fromkeys(case.conversation for case in found):
        weights = fit([case for case in found if case.conversation != conversation], names)
        _collect(shares, [c for c in found if c.conversation == conversation], weights)
    return shares


def carried(found: Sequence[Case], names: Sequence[str]) -> dict[str, list[float]]:
    """The same with weights fitted on the other benchmark alone."""
    shares: dict[str, list[float]] = {}
    for benchmark in BUDGETS:
        weights = fit([case for case in found if case.benchmark != benchmark], names)
        _collect(shares, [case for case in found if case.benchmark == benchmark], weights)
    return shares


def _collect(
    shares: dict[str, list[float]], found: Sequence[Case], weights: Mapping[str, float]
) -> None:
    for case in found:
        for budget, share in zip(BUDGETS[case.benchmark], score(case, weights), strict=True):
            shares.setdefault(f"{case.benchmark}/R@{budget}t", []).append(share)


def changes(
    found: Sequence[Case], whole: dict[str, list[float]], rejected: Sequence[str]
) -> Results:
    """Paired change against all shipped cues: each taken out, each rejected one added."""
    shipped = SHIPPED
    variants = {f"- {cue}": [name for name in shipped if name != cue] for cue in shipped}
    variants |= {f"+ {cue}": [*shipped, cue] for cue in rejected}
    results: Results = {}
    for label, names in variants.items():
        shares = left_out(found, names)
        results[label] = {metric: paired(shares[metric], whole[metric]) for metric in whole}
        print(row(label, results[label]), flush=True)
    return results


def row(label: str, figures: Mapping[str, Figure]) -> str:
    cells = "".join(
        f"{100 * f['value']:>9.1f} [{100 * f['ci95'][0]:5.1f} {100 * f['ci95'][1]:5.1f}]"
        for f in figures.values()
    )
    return f"{label:<18}{cells}"


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--rejected", action="store_true", help="add each rejected cue as well")
    parser.add_argument("--no-ablation", action="store_true", help="only fit and check")
    parser.add_argument("--write", action="store_true", help="ship the weights of this fit")
    options = parser.parse_args()
    embedder = CachedEmbedder(make_embedder(options.embedder), options.cache)
    rejected = list(REJECTED) if options.rejected else []
    names = [*SHIPPED, *rejected]
    loaders: dict[str, Callable[[Path], list[Conversation]]] = {"locomo": locomo, "beam": beam}
    found: list[Case] = []
    for benchmark, load in loaders.items():
        conversations = load(options.data)[: 2 if options.quick else None]
        found += cases(benchmark, conversations, embedder, names)
    whole = left_out(found, SHIPPED)
    results: Results = {"all cues": {metric: figure(values) for metric, values in whole.items()}}
    print(f"{'':<18}" + "".join(f"{metric:>24}" for metric in whole))
    print(row("all cues", results["all cues"]))
    other = carried(found, SHIPPED)
    results["carried over"] = {metric: figure(values) for metric, values in other.items()}
    print(row("carried over", results["carried over"]))
    if not options.no_ablation:
        results |= changes(found, whole, rejected)
    weights = {name: round(value, 3) for name, value in fit(found, SHIPPED).items()}
    print(json.dumps(weights))
    if options.write:
        family = "lexical" if options.embedder == "lexical" else "semantic"
        shipped = json.loads(WEIGHTS.read_text(encoding="utf-8"))
        shipped[family] = weights
        WEIGHTS.write_text(json.dumps(shipped, indent=2) + "\n", encoding="utf-8")
    write(options.json, "fit_recall", {"embedder": embedder.name, "penalty": PENALTY}, results)


if __name__ == "__main__":
    main()
