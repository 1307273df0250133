"""Packing what was found into a context that never exceeds its token budget.

A long turn is shown in part: the sentences around what the query asks about.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from knowhen.memory.fence import plain_line
from knowhen.memory.language.terms import overlap, words
from knowhen.memory.records import ContextLine, Thought
from knowhen.memory.stores.base import StoredTurn
from knowhen.memory.tokens import TokenCounter
from knowhen.memory.view.corpus import NONE, Corpus

HEADER = 20
"""Characters of speaker and id, about."""
LENGTH_POWER = 0.5
"""A turn's worth is divided by its length to this power before the budget is spent."""
SAME = 0.8
"""Overlap of words (Jaccard) from which a turn says what one before it says."""
LEAST = 8
"""Tokens below which no turn is worth looking at: speaker and id alone take that much."""
SHORT_REPLY = 80
"""Characters up to which a reply is hard to understand without the question before it."""
ASKS = 0.5
"""Share of a turn's sentences that ask, from which it counts as a question."""
WHOLE = 600
"""Longer turns may be shown in part."""
SHARE = 1 / 3
"""A piece is at least this share of its turn, so that it can be understood."""
MOST = 3000
"""Characters that a piece needs at the most: a third of a whole document would fill a prompt."""
PIECE = 160
"""Characters of the pieces that a passage is put together from; they end at sentences."""
TOLD = 0.3
"""Share of the budget that thoughts may take."""
NOTED = "[noted]"
"""Stands above the thoughts."""
SHOWN = 2
"""Turns that are named behind a thought."""
_GAP = "[…]"
_NONE: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A turn that may be packed: its position, its worth from 0 to 1, and its best part."""

    turn: int
    worth: float
    part: int
    mark: str = ""
    """Said beside the speaker, such as that a later turn outdates this one."""


@dataclass(slots=True)
class Packing:
    """What went into the context, and what stayed out and why."""

    context: str = ""
    tokens: int = 0
    packed: dict[int, str] = field(default_factory=dict)
    """Verbatim text by turn position."""
    notes: list[str] = field(default_factory=list)
    lines: list[ContextLine] = field(default_factory=list)
    """Where in the context each packed turn and thought stands."""
    told: dict[str, str] = field(default_factory=dict)
    """Text of the thoughts that stand in the context, by id."""
    repeated: frozenset[int] = frozenset()
    """Turns that were left out because another one says the same."""


def pack(
    corpus: Corpus,
    candidates: Sequence[Candidate],
    *,
    budget: int,
    counter: TokenCounter,
    weights: Mapping[str, float] = _NONE,
    thoughts: Sequence[Thought] = (),
) -> Packing:
    """Spend the budget on the candidates that are worth most for their length, in time order.

    `weights` of the query's terms choose which piece of a long turn is shown. Thoughts stand
    first, in their order, with the day since which they hold and the turns that they rest on.
    """
    packer = _Packer(corpus, budget, counter, weights)
    packer.tell(thoughts)
    packer.offer_all(sorted(candidates, key=lambda c: -packer.density(c)))
    packer.offer_questions()
    return packer.finish()


class _Packer:
    def __init__(
        self, corpus: Corpus, budget: int, counter: TokenCounter, weights: Mapping[str, float]
    ) -> None:
        self._corpus, self._budget, self._counter = corpus, budget, counter
        self._weights = weights
        self._chosen: dict[int, tuple[Candidate, int, int]] = {}
        self._days: set[str] = set()
        self._seen: list[frozenset[str]] = []
        self._spent = 0
        self._told: list[Thought] = []
        self._too_long: set[int] = set()
        self._repeated: set[int] = set()

    def tell(self, thoughts: Sequence[Thought]) -> None:
        """Take the thoughts that fit into their share of the budget."""
        for thought in thoughts:
            new = "" if self._told else NOTED + "\n"
            cost = self._counter.count(new + "".join(_statement(thought)) + "\n")
            if self._spent + cost <= self._budget * TOLD:
                self._told.append(thought)
                self._spent += cost

    def density(self, candidate: Candidate) -> float:
        length = likely_length(len(self._corpus.turns[candidate.turn].turn.text))
        return candidate.worth / float((length + HEADER) ** LENGTH_POWER)

    def offer_all(self, candidates: Sequence[Candidate]) -> None:
        """Take what fits into the budget, in that order."""
        for candidate in candidates:
            if self._budget - self._spent < LEAST:
                self._too_long.add(candidate.turn)  # nothing fits any more: only count
            else:
                self._offer(candidate)

    def _offer(self, candidate: Candidate) -> None:
        text = self._corpus.turns[candidate.turn].turn.text
        if self._spent + self._counter.count(text[: int(likely_length(len(text)))]) > self._budget:
            self._too_long.add(candidate.turn)  # without looking closer: it cannot fit
            return
        start, end = self._span(candidate)
        stored = self._corpus.turns[candidate.turn]
        day = _day(stored)
        new = "" if day in self._days else day + "\n"
        # One token more than the parts add up to: rounding and the line break between them.
        cost = self._counter.count(new + _line(stored, start, end, candidate.mark) + "\n")
        if self._spent + cost > self._budget:
            self._too_long.add(candidate.turn)
            return
        said = frozenset(words(stored.turn.text[start:end]))
        if said and any(overlap(said, other) >= SAME for other in self._seen):
            self._repeated.add(candidate.turn)
            return
        self._spent += cost
        self._days.add(day)
        self._seen.append(said)
        self._chosen[candidate.turn] = (candidate, start, end)

    def _span(self, candidate: Candidate) -> tuple[int, int]:
        return passage(self._corpus, candidate.turn, candidate.part, self._weights)

    def offer_questions(self) -> None:
        """What is left of the budget goes to the questions that short replies answer."""
        corpus = self._corpus
        for candidate, start, end in list(self._chosen.values()):
            first = int(np.searchsorted(corpus.turn_of, candidate.turn))
            before = int(corpus.before[first])
            if before == NONE or end - start > SHORT_REPLY or corpus.question[before] < ASKS:
                continue
            asked = int(corpus.turn_of[before])
            if asked not in self._chosen:
                self._offer(Candidate(asked, 0.0, before))

    def finish(self) -> Packing:
        packing = Packing()
        while True:
            packing.context, packing.lines = self._render()
            packing.tokens = self._counter.count(packing.context)
            if packing.tokens <= self._budget or not (self._chosen or self._told):
                break
            if not self._chosen:
                self._told.pop()
                continue
            worst = min(self._chosen, key=lambda turn: self._chosen[turn][0].worth)
            del self._chosen[worst]
            self._too_long.add(worst)
        for turn, (_, start, end) in self._chosen.items():
            packing.packed[turn] = self._corpus.turns[turn].turn.text[start:end].strip("\n")
        packing.told = {thought.id: thought.text for thought in self._told}
        packing.repeated = frozenset(self._repeated)
        if too_long := self._too_long - self._chosen.keys() - self._repeated:
            packing.notes.append(f"{len(too_long)} more found, left out by the budget")
        if self._repeated:
            packing.notes.append(f"{len(self._repeated)} left out as repetitions")
        return packing

    def _render(self) -> tuple[str, list[ContextLine]]:
        """The context, and where in it each turn stands."""
        text: list[str] = [NOTED] if self._told else []
        lines: list[ContextLine] = []
        place = sum(len(line) + 1 for line in text)
        for thought in self._told:
            head, words, tail = _statement(thought)
            end = place + len(head + words + tail)
            begin = place + len(head)
            lines.append(
                ContextLine("thought", thought.id, place, end, begin, 0, len(thought.text))
            )
            text.append(head + words + tail)
            place = end + 1
        day = ""
        for turn in sorted(self._chosen, key=self._order):
            candidate, start, end = self._chosen[turn]
            stored = self._corpus.turns[turn]
            if _day(stored) != day:
                day = _day(stored)
                text.append(day)
                place += len(text[-1]) + 1
            head, first, last = _head(stored, start, candidate.mark), *_trimmed(stored, start, end)
            text.append(_line(stored, start, end, candidate.mark))
            lines.append(
                ContextLine(
                    "turn",
                    stored.turn.id,
                    place,
                    place + len(text[-1]),
                    place + len(head),
                    first,
                    last,
                )
            )
            place += len(text[-1]) + 1
        return "\n".join(text), lines

    def _order(self, turn: int) -> tuple[float, int]:
        """The order in which turns were said; those without a time come first."""
        stored = self._corpus.turns[turn]
        time = stored.turn.time
        return (time.timestamp() if time else -math.inf, stored.seq)


def _statement(thought: Thought) -> tuple[str, str, str]:
    """What stands in front of a thought's text, the text, and what stands behind it."""
    day = thought.valid_from.strftime("%Y-%m-%d: ") if thought.valid_from else ""
    turns = list(dict.fromkeys(source.turn_id for source in thought.sources))[:SHOWN]
    return day, plain_line(thought.text), f" ({', '.join(turns)})" if turns else ""


def _day(stored: StoredTurn) -> str:
    """The line above what was said on a day; empty for what has no time."""
    time = stored.turn.time
    return time.strftime("[%Y-%m-%d %a]") if time else ""


def _line(stored: StoredTurn, start: int, end: int, mark: str) -> str:
    first, last = _trimmed(stored, start, end)
    after = f" {_GAP}" if end < len(stored.turn.text) else ""
    return _head(stored, start, mark) + plain_line(stored.turn.text[first:last]) + after


def _head(stored: StoredTurn, start: int, mark: str) -> str:
    """What stands in front of a turn's own words."""
    before = f"{_GAP} " if start > 0 else ""
    turn = stored.turn
    return f"{plain_line(turn.speaker)} ({plain_line(turn.id)}{mark}): {before}"


def _trimmed(stored: StoredTurn, start: int, end: int) -> tuple[int, int]:
    """The span without line breaks at its ends."""
    text = stored.turn.text
    while start < end and text[start] == "\n":
        start += 1
    while end > start and text[end - 1] == "\n":
        end -= 1
    return start, end


def likely_length(length: int) -> float:
    """About how many characters will be shown of a turn of that length."""
    return length if length <= WHOLE else min(length * SHARE, MOST) + PIECE / 2


def passage(corpus: Corpus, turn: int, part: int, weights: Mapping[str, float]) -> tuple[int, int]:
    """Span of a turn to show: all of a short one, else its most telling third.

    Of all runs of pieces that are long enough, the one whose terms weigh most for their length,
    and more so the more of the best part it holds; `weights` says what a query's term is worth.
    """
    text = corpus.turns[turn].turn.text
    if len(text) <= WHOLE:
        return 0, len(text)
    pieces = corpus.pieces(turn, PIECE)
    worths = [sum(weights.get(term, 0.0) for term in terms) for _, _, terms in pieces]
    part_start, part_end = int(corpus.start[part]), int(corpus.end[part])
    needed = min(len(text) * SHARE, MOST)
    best, best_value = (part_start, part_end), (-1.0, 0.0)
    last, worth = 0, 0.0
    for first, (start, _, _) in enumerate(pieces):
        while last < len(pieces) and (last <= first or pieces[last - 1][1] - start < needed):
            worth += worths[last]
            last += 1
        end = pieces[last - 1][1]
        if end - start < needed:
            break
        overlap = max(0, min(end, part_end) - max(start, part_start)) / (part_end - part_start)
        value = (worth / (end - start) * (0.5 + overlap), overlap)
        if value > best_value:
            best, best_value = (start, end), value
        worth -= worths[first]
    return best
