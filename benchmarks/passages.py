"""Does the retriever's first passage hold the answer? PopQA with recorded Contriever scores."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fitting import fit_head
from numpy.typing import NDArray

from knowhen.memory.gate.calibration import threshold
from knowhen.memory.gate.heads import question_features
from knowhen.memory.language.terms import terms

FOLDS = 5
ERROR = 0.1
"""Share of good passages that the conformal threshold may lose."""
_TITLE = 8
"""First terms of a passage taken for its title."""
_SHAPE = ("who", "where", "country", "kin", "life", "work_of")


@dataclass(frozen=True, slots=True)
class Probe:
    """A question with its passage: what the gate sees, and whether the answer is in it."""

    features: dict[str, float]
    score: float
    popularity: float
    hit: bool


def load(data: Path) -> list[Probe]:
    """The probes of a data folder; none where the file is missing."""
    file = data / "gate" / "popqa_retrieval_dev.jsonl"
    if not file.exists():
        return []
    return [_probe(json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


def _probe(record: dict[str, object]) -> Probe:
    question, passage = str(record["question"]), str(record["contriever_passage"])
    answers = record["possible_answers"]
    assert isinstance(answers, list)
    score = float(str(record["contriever_score"]))
    asked, found = set(terms(question)), terms(passage)
    title = set(found[:_TITLE])
    rare = {term for term in asked if len(term) > 3}
    values = {
        "score": score,
        "held": len(asked & set(found)) / (len(asked) or 1),
        "titled": len(asked & title) / (len(asked) or 1),
        "rare": len(rare & title) / (len(rare) or 1),
        "missing": float(len(asked - set(found))),
        "length": float(np.log1p(len(found))),
        **{name: value for name, value in question_features(question).items() if name in _SHAPE},
    }
    hit = any(str(answer).casefold() in passage.casefold() for answer in answers)
    return Probe(values, score, float(str(record["s_pop"])), hit)


def left_out(probes: Sequence[Probe]) -> tuple[NDArray[np.float64], list[float]]:
    """Log-odds that a passage holds the answer by heads that did not see it; and coverage.

    Coverage is per good passage of each fold: 1 where it is kept by the threshold that the
    scores of the other folds' good passages give.
    """
    fold = np.random.default_rng(0).permutation(len(probes)) % FOLDS
    names = list(probes[0].features)
    scores = np.zeros(len(probes))
    for out in range(FOLDS):
        seen = [probe for probe, number in zip(probes, fold, strict=True) if number != out]
        head = fit_head([p.features for p in seen], [p.hit for p in seen], names, penalty=5.0)
        for index in np.flatnonzero(fold == out).tolist():
            scores[index] = head.logit(probes[index].features)
    hits = np.array([probe.hit for probe in probes])
    kept: list[float] = []
    for out in range(FOLDS):
        cut = threshold(scores[hits & (fold != out)].tolist(), ERROR)
        kept += (scores[hits & (fold == out)] >= cut).astype(float).tolist()
    return scores, kept
