"""The ranked turns of a recall, and what is said beside them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from knowhen.memory.recall.comparison import compare
from knowhen.memory.search.scoring import Findings
from knowhen.memory.view.corpus import Corpus
from knowhen.memory.view.thought_table import ThoughtTable

REMARKED = 30
"""First turns that a remark may be about, or name."""
COMPARED = 12
"""First turns that are compared with each other when the query is known."""
NAMED = 3
"""How many turns a mark names in one respect: those that rank best."""

Word = Literal["updates", "outdated by", "disputed by", "later", "earlier"]
BACK: dict[Word, Word] = {
    "outdated by": "updates",
    "disputed by": "disputed by",
    "later": "earlier",
    "earlier": "later",
    "updates": "outdated by",
}
_ABOVE: tuple[Word, ...] = ("outdated by", "disputed by", "later")


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


def with_remarks(
    ranked: list[Ranked],
    findings: Findings,
    thoughts: ThoughtTable,
    *,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> list[Ranked]:
    """Let the turn that overtook or disputes another stand right above it, and mark both.

    A reader who gets the outdated statement gets the current one as well, first and at the same
    worth; of two that contradict each other undecided, both are shown.
    """
    corpus = findings.corpus
    places = {entry.turn: place for place, entry in enumerate(ranked)}
    marks = _Marks(places)
    asked = findings.query.terms
    first = {corpus.turns[entry.turn].turn.id: entry.turn for entry in ranked[:REMARKED]}
    for turn_id, turn in first.items():
        for remark in thoughts.remarks(turn_id, asked, first, as_of=as_of, known_at=known_at):
            marks.add(turn, remark.word, first[remark.other])
    for earlier, word, later in compare(
        findings.query, [corpus.turns[entry.turn] for entry in ranked[:COMPARED]]
    ):
        one, other = corpus.position[earlier], corpus.position[later]
        if not marks.related(one, other):
            marks.add(one, word, other)
    if not marks:
        return ranked
    order: dict[int, Ranked] = {}
    for entry in ranked:
        if entry.turn not in marks:
            order.setdefault(entry.turn, entry)
            continue
        score = max([entry.score, *(ranked[places[i]].score for i in marks.rivals(entry.turn))])
        entry = replace(entry, score=score)
        for other in marks.above(entry.turn):
            if other not in order:
                found = ranked[places[other]]
                order[other] = replace(found, score=max(entry.score, found.score))
        order.setdefault(entry.turn, entry)
    return [
        replace(entry, mark=marks.text(turn, corpus)) if turn in marks else entry
        for turn, entry in order.items()
    ]


class _Marks:
    """What is said beside each turn; of many in one respect, those that rank best."""

    def __init__(self, places: dict[int, int]) -> None:
        self._places = places
        self._found: dict[tuple[int, Word], set[int]] = {}
        self._marked: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._found)

    def __contains__(self, turn: int) -> bool:
        return turn in self._marked

    def add(self, turn: int, word: Word, other: int) -> None:
        """Mark a turn, and the other in return."""
        self._found.setdefault((turn, word), set()).add(other)
        self._found.setdefault((other, BACK[word]), set()).add(turn)
        self._marked.update((turn, other))

    def related(self, one: int, other: int) -> bool:
        return any(other in self._found.get((one, word), ()) for word in BACK)

    def above(self, turn: int) -> Iterable[int]:
        """The turns that overtook or dispute it, as far as they are named."""
        for word in _ABOVE:
            yield from self._named(turn, word)

    def rivals(self, turn: int) -> Iterable[int]:
        """The turns that dispute it, as far as they are named."""
        return self._named(turn, "disputed by")

    def text(self, turn: int, corpus: Corpus) -> str:
        return "".join(
            f"; {word} " + ", ".join(corpus.turns[i].turn.id for i in self._named(turn, word))
            for word in BACK
            if (turn, word) in self._found
        )

    def _named(self, turn: int, word: Word) -> list[int]:
        found = self._found.get((turn, word), set())
        return sorted(found, key=self._places.__getitem__)[:NAMED]
