"""The ranked turns of a recall, and what is said beside them."""

from dataclasses import dataclass, replace

from knowhen.memory.recall.currency import Currency
from knowhen.memory.recall.engine import Findings

REMARKED = 30
"""First turns whose remarks are looked up."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A turn with its score, its best part, and a mark for the reader."""

    turn: int
    score: float
    part: int
    mark: str = ""


def ranked_turns(findings: Findings, limit: int) -> list[Ranked]:
    """The best turns of a search, best first."""
    return [Ranked(turn, score, part) for turn, score, part in findings.turns(limit)]


def with_remarks(ranked: list[Ranked], findings: Findings, currency: Currency) -> list[Ranked]:
    """Let the turn that overtook or disputes another stand right above it, and mark both.

    A reader who gets the outdated statement gets the current one as well, first and at the same
    worth; of two that contradict each other undecided, both are shown.
    """
    corpus = findings.corpus
    places = {entry.turn: entry for entry in ranked}
    marks: dict[int, dict[str, None]] = {}
    above: dict[int, list[int]] = {}
    for entry in ranked[:REMARKED]:
        turn_id = corpus.turns[entry.turn].turn.id
        for remark in currency.remarks(turn_id, findings.query.terms):
            other = corpus.position.get(remark.other)
            if other is None or other not in places:
                continue
            word = "outdated by" if remark.outdated else "disputed by"
            marks.setdefault(entry.turn, {})[f"{word} {remark.other}"] = None
            back = f"updates {turn_id}" if remark.outdated else f"disputed by {turn_id}"
            marks.setdefault(other, {})[back] = None
            above.setdefault(entry.turn, []).append(other)
    if not marks:
        return ranked
    order: dict[int, Ranked] = {}
    for entry in ranked:
        for other in above.get(entry.turn, ()):
            if other not in order:
                order[other] = replace(places[other], score=max(entry.score, places[other].score))
        order.setdefault(entry.turn, entry)
    return [
        replace(entry, mark="".join(f"; {word}" for word in marks.get(turn, ())))
        for turn, entry in order.items()
    ]
