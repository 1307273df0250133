"""Tier 1 in a recall: advice on a close decision, and the same search in other words."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from knowhen.memory.gate.advice import ask_advice, follow
from knowhen.memory.gate.gate import Gate
from knowhen.memory.models.base import ChatModel
from knowhen.memory.records import Decision
from knowhen.memory.search.scoring import Findings


def consult(
    model: ChatModel,
    gate: Gate,
    findings: Findings,
    decision: Decision,
    search: Callable[[str], Findings],
) -> tuple[Findings, Decision]:
    """Findings and decision after one cheap call, if the decision was close.

    Where memory is needed it is searched with the rewritten queries too: each passage keeps its
    best score, and the probabilities are those of the wording that found most.
    """
    if not decision.grey:
        return findings, decision
    advice = ask_advice(model, findings.query.text)
    if advice is None:
        note = "a model was asked because it was close, and gave no usable advice"
        return findings, replace(decision, reasons=(*decision.reasons, note))
    decision = follow(decision, advice)
    if decision.action != "recall":
        return findings, decision
    scores, best = findings.scores, decision
    for query in advice.queries:
        found = search(query)
        if len(found.scores) != len(scores):
            continue  # another process has just added to the memory
        scores = np.maximum(scores, found.scores)
        again = gate.decide(found)
        if again.have > best.have:
            best = replace(best, have=again.have, trust=again.trust)
    return replace(findings, scores=scores), best
