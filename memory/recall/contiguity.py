"""Neighbours of what was found: what was said right after it, then right before it.

EM-LLM, "Human-like Episodic Memory for Infinite Context LLMs", section 3.3: similar events take
one share of the budget, their neighbours in time another, and people go on to what came next
more often than back. Off unless `RecallSettings.contiguity` is above 0: the walk and the windows
carry contiguity already, and a share of .1 to .3 took evidence out of the context on LoCoMo and
BEAM (`benchmarks/locomo.py --add contiguity`).
"""

from collections.abc import Sequence

from knowhen.memory.recall.ranking import Ranked
from knowhen.memory.search.engine import Findings
from knowhen.memory.view.corpus import NONE, Ints

FOUND = 20
"""Best turns whose neighbours are looked at."""


def neighbours(ranked: Sequence[Ranked], findings: Findings) -> list[Ranked]:
    """The next and then the previous turn of each of the best ones, in the order of these.

    A neighbour comes once, with its own score; one that may not be known yet is left out.
    """
    corpus = findings.corpus
    found: dict[int, Ranked] = {}
    for entry in ranked[:FOUND]:
        for step in (corpus.after, corpus.before):
            part = _beside(entry.part, step, corpus.turn_of)
            if part == NONE or findings.scores[part] == -float("inf"):
                continue
            turn = int(corpus.turn_of[part])
            found.setdefault(turn, Ranked(turn, float(findings.scores[part]), part))
    return list(found.values())


def _beside(part: int, step: Ints, turn_of: Ints) -> int:
    """The nearest part of the turn beside the part's own in its session, or NONE."""
    own = turn_of[part]
    while part != NONE and turn_of[part] == own:
        part = int(step[part])
    return part
