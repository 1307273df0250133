"""The ranked turns of a recall, and what is said beside them.

Thoughts relate statements of which a rule can tell, without a query, that they are about the
same. A query narrows that: two turns of one speaker that answer it with another value, or of
which one denies what the other tells, are worth reading side by side.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import combinations
from typing import Literal

import numpy as np

from knowhen.memory.language.registry import language_of
from knowhen.memory.language.sentences import sentences
from knowhen.memory.language.terms import terms
from knowhen.memory.records import Thought
from knowhen.memory.search.query import Query
from knowhen.memory.search.scoring import Findings
from knowhen.memory.stores.base import StoredTurn
from knowhen.memory.thoughts.clauses import clauses
from knowhen.memory.thoughts.current import Values, asked_slots, values
from knowhen.memory.thoughts.features import Features, Value, of_text
from knowhen.memory.thoughts.relations import canonical, owner
from knowhen.memory.thoughts.resolution import known_at as known_then
from knowhen.memory.thoughts.resolution import true_at
from knowhen.memory.thoughts.slots import is_personal
from knowhen.memory.view.corpus import NONE, Corpus
from knowhen.memory.view.thought_table import ThoughtTable
from knowhen.memory.view.view import View

REMARKED = 30
"""First turns that a remark may be about, or name."""
COMPARED = 20
"""First turns that are compared with each other when the query is known."""
NAMED = 3
"""How many turns a mark names in one respect: those that rank best."""

LEAST = 0.004
"""Share of the odds of all turns before it that a turn has at least to be worth its tokens."""
AGAIN = 12
"""First turns of which one may tell anew what another told."""
BESIDE = 3.0
"""Log-odds below the best turn within which such a turn lies."""
NEAR = 1.0
"""Standard deviations above the mean cosine from which two turns are about the same."""
SAMPLE = 1_000
"""Parts from which the mean cosine is taken, about."""
HALF_A_DAY = 43_200.0
"""Seconds between two turns from which the second is a later word."""
HABIT = "habit"
"""What a person does regularly: the one attribute that any activity fills."""
ANSWERS = 3
"""Thoughts that fill what is asked for that are told, and turns that go to the top, at the most."""
DEPTH = 0.25
"""Log-odds that each further turn of one event loses where a question collects."""
MANY = 4
"""Turns of one event after which the next ones lose no more."""
TOLD = 4
"""Thoughts that are told at the most."""
SIMILAR = 0.45
"""Cosine from which a thought speaks of what is asked."""
HOLDS = 0.4
"""Share of a query's words from which a thought that holds them speaks of what is asked."""

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


def above_floor(ranked: Sequence[Ranked]) -> list[Ranked]:
    """The turns that add to those above them: the rest would only fill a budget.

    A turn stays out whose odds are a small part of the odds of all before it. Where one turn
    stands out few go with it, and where all are about alike there is room for many.
    """
    best = max((entry.score for entry in ranked), default=0.0)
    total, kept = 0.0, []
    for entry in sorted(ranked, key=lambda entry: -entry.score):
        odds = math.exp(entry.score - best)
        if odds < LEAST * total:
            break
        total += odds
        kept.append(entry)
    return kept


def over_places(ranked: Sequence[Ranked], findings: Findings) -> list[Ranked]:
    """The turns as a question that collects several things wants them: breadth before depth.

    Each further turn of one event counts less, since its members were seldom told at one place.
    """
    corpus, taken = findings.corpus, Counter[int]()
    spread = []
    for entry in ranked:
        event = int(corpus.event[entry.turn])
        spread.append(replace(entry, score=entry.score - DEPTH * min(taken[event], MANY)))
        taken[event] += event != NONE
    return sorted(spread, key=lambda entry: -entry.score)


def what_holds(
    view: View,
    findings: Findings,
    *,
    now: datetime,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> Values:
    """What thoughts say of the attributes that the query asks for, now or at the given times.

    "What's Ada's job?" asks for what "I work as a court interpreter" fills, without a common word.
    """
    query, corpus = findings.query, view.corpus
    thoughts: Sequence[Thought] = view.thoughts.all()
    if known_at is not None:
        thoughts = known_then(thoughts, known_at)
    if as_of is not None:
        thoughts = [replace(thought, status="active") for thought in true_at(thoughts, as_of)]

    def speaker_of(turn_id: str) -> str:
        place = corpus.position.get(turn_id)
        return "" if place is None else corpus.turns[place].turn.speaker

    found = values(query.text, thoughts, asker=query.asker, now=as_of or now, speaker_of=speaker_of)
    # What somebody does is asked for by almost any verb: there the words have to agree.
    wanted, named = set(query.terms), {canonical(name) for name in query.speakers}
    current = [
        thought
        for thought in found.current
        if (thought.predicate != HABIT or wanted & set(terms(thought.text)))
        # Nora's dog answers no question about Ivo's.
        and (not named or not is_personal(thought.predicate) or owner(thought) in named)
    ]
    return replace(found, current=tuple(current))


def answering_thoughts(view: View, findings: Findings, holds: Values) -> list[Thought]:
    """Thoughts that a reader gets besides the turns, those that answer first.

    Beside what holds of the attributes that are asked for, these are thoughts that no turn says
    as it is, because somebody noted them by hand or several statements were merged.
    """
    wanted = set(findings.query.terms[: findings.query.own])
    found = dict.fromkeys(thought.id for thought in holds.current[:ANSWERS])
    known = {thought.id: thought for thought in holds.current}
    for hit in findings.facts:
        if not view.thoughts.stands_alone(hit.thought):
            continue
        shared = wanted & set(terms(hit.thought.text))
        if hit.cosine >= SIMILAR or (shared and len(shared) >= HOLDS * len(wanted)):
            found[hit.thought.id] = None
            known[hit.thought.id] = hit.thought
    return [known[thought_id] for thought_id in found][:TOLD]


def with_answers(ranked: list[Ranked], findings: Findings, holds: Values) -> list[Ranked]:
    """The turns that say what is asked for among the first, wherever they ranked."""
    corpus, top = findings.corpus, max((entry.score for entry in ranked), default=0.0)
    raised: dict[int, Ranked] = {}
    places = {entry.turn: entry for entry in ranked}
    for turn_id in (*holds.turns[:ANSWERS], *dict.fromkeys(holds.outdated_turns.values())):
        turn = corpus.position.get(turn_id)
        if turn is None or turn in raised:
            continue
        part = int(np.searchsorted(corpus.turn_of, turn))
        entry = places.get(turn) or Ranked(turn, top, part)
        if findings.scores[entry.part] > -np.inf:
            raised[turn] = replace(entry, score=max(entry.score, top))
    if not raised:
        return ranked
    rest = [entry for entry in ranked if entry.turn not in raised]
    return sorted([*raised.values(), *rest], key=lambda entry: -entry.score)


def with_remarks(
    ranked: list[Ranked],
    findings: Findings,
    view: View,
    holds: Values,
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
    _from_thoughts(marks, ranked, findings, view.thoughts, as_of=as_of, known_at=known_at)
    for old, new in holds.outdated_turns.items():
        one, other = corpus.position.get(old, NONE), corpus.position.get(new, NONE)
        if one in places and other in places:
            marks.add(one, "outdated by", other)
    _from_each_other(marks, ranked, findings, view)
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


def _from_thoughts(
    marks: "_Marks",
    ranked: Sequence[Ranked],
    findings: Findings,
    thoughts: ThoughtTable,
    *,
    as_of: datetime | None,
    known_at: datetime | None,
) -> None:
    """Mark the first turns whose statements were overtaken, or are disputed, by one another."""
    corpus, asked = findings.corpus, findings.query.terms
    slots = asked_slots(findings.query.text)
    first = {corpus.turns[entry.turn].turn.id: entry.turn for entry in ranked[:REMARKED]}
    for turn_id, turn in first.items():
        for remark in thoughts.remarks(
            turn_id, asked, first, slots=slots, as_of=as_of, known_at=known_at
        ):
            marks.add(turn, remark.word, first[remark.other])


def _from_each_other(
    marks: "_Marks", ranked: Sequence[Ranked], findings: Findings, view: View
) -> None:
    """Mark the first turns that give different answers, or tell again what another told."""
    corpus = findings.corpus
    for earlier, word, later in compare(
        findings.query, [corpus.turns[entry.turn] for entry in ranked[:COMPARED]]
    ):
        one, other = corpus.position[earlier], corpus.position[later]
        if not marks.related(one, other):
            marks.add(one, word, other)
    for one, other in _told_again(view, findings, ranked[:AGAIN]):
        if not marks.related(one, other):
            marks.note(one, "later", other)


def _told_again(
    view: View, findings: Findings, first: Sequence[Ranked]
) -> Iterator[tuple[int, int]]:
    """Pairs of the first turns, the earlier first, of which the later may tell something newer.

    A change that no rule understands still shows by time: of two turns that both answer a
    question for one thing, and are nearer to each other than to most, the reader is told which is
    the newest.
    """
    query, corpus = findings.query, view.corpus
    if query.collects or not query.one or "turn" not in view.rows:
        return
    ids, vectors = view.rows["turn"]
    top = first[0].score if first else 0.0
    told = [entry for entry in first if entry.score >= top - BESIDE]
    told.sort(key=lambda entry: np.nan_to_num(corpus.time[entry.turn], nan=-np.inf))
    rows = np.searchsorted(ids, corpus.part_id[[entry.part for entry in told]])
    if len(told) < 2 or rows.max() >= len(ids):
        return
    step = len(ids) // SAMPLE + 1
    mine = vectors[rows]
    others = np.asarray(vectors[::step] @ mine.T, np.float64)
    apart = others < 1 - 1e-6  # a turn is nearest to itself
    count = np.maximum(apart.sum(axis=0), 1)
    mean = (others * apart).sum(axis=0) / count
    spread = np.sqrt((((others - mean) * apart) ** 2).sum(axis=0) / count)
    scaled = (mine @ mine.T - mean) / (spread + 1e-6)
    for place, entry in enumerate(told):
        later = [
            other.turn
            for number, other in enumerate(told)
            if corpus.time[other.turn] - corpus.time[entry.turn] > HALF_A_DAY
            and min(scaled[place, number], scaled[number, place]) >= NEAR
        ]
        if later:
            yield entry.turn, later[-1]


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

    def note(self, turn: int, word: Word, other: int) -> None:
        """Mark a turn alone."""
        self._found.setdefault((turn, word), set()).add(other)
        self._marked.add(turn)

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


LONG = 400
"""Characters of a question beyond which it is no question, but text with one at its end."""
Compared = Iterator[tuple[str, Literal["later", "disputed by"], str]]


def compare(query: Query, turns: Sequence[StoredTurn]) -> Compared:
    """Pairs of turn ids, the earlier first, with what the later one is to the earlier."""
    wanted = language_of(query.text).read_question(query.text)
    if not wanted.value and not wanted.whether:
        return
    asked = of_text(query.bare, "", False).stems
    told = sorted((row for row in turns if row.turn.role == "user"), key=lambda row: row.seq)
    for one, other in combinations(told, 2):
        if one.turn.speaker != other.turn.speaker:
            continue
        first, second = statements(one.turn.text), statements(other.turn.text)
        if wanted.whether and (_disputed(first, second, asked) or _disputed(second, first, asked)):
            yield one.turn.id, "disputed by", other.turn.id
        elif wanted.value and _another_value(first, second, asked):
            yield one.turn.id, "later", other.turn.id


@lru_cache(maxsize=4_096)
def statements(text: str) -> tuple[Features, ...]:
    """Features of each clause in which a turn states something, or that a question takes as true.

    "How does my draft of 400 words read?" tells as much as it asks.
    """
    language = language_of(text)
    found = [(clause.start, clause.text) for clause in clauses(text)]
    for start, end in sentences(text):
        sentence = text[start:end]
        asks = sentence.endswith("?") and len(sentence) < LONG
        if asks and language.takes_as_true(sentence):
            found.append((start, sentence))
    return tuple(of_text(clause, "", language.denies(clause)) for _, clause in sorted(found))


ANSWERED = 0.4
"""Share of the query's content words in a statement that gives the value it asks for."""


def _another_value(
    one: Sequence[Features], other: Sequence[Features], asked: frozenset[str]
) -> bool:
    """Whether both answer what is asked with a value of one kind, and another number."""
    return any(
        _competing(a, b, first, second, asked)
        for first in one
        for second in other
        if _answer(first, second, asked)
        for a in first.values
        for b in second.values
    )


SHARED = 2
"""Content words that a statement shares with the query, and with the other statement."""


def _answer(one: Features, other: Features, asked: frozenset[str]) -> bool:
    """Whether both speak of what is asked, and at least one of them of most of it.

    Who moves a deadline seldom says again what it is the deadline of.
    """
    shared = [len(told.stems & asked) for told in (one, other)]
    told = not (one.negative or other.negative)
    return told and min(shared) >= SHARED and max(shared) >= ANSWERED * len(asked)


def _competing(a: Value, b: Value, one: Features, other: Features, asked: frozenset[str]) -> bool:
    """Whether two values differ that stand beside the same words of the question."""
    if a.kind != b.kind or a.number == b.number:
        return False
    counted = (
        a.head == b.head or (not a.head and b.head in a.near) or (not b.head and a.head in b.near)
    )
    return (
        counted and bool(a.near & b.near & asked) and len(one.stems & other.stems & asked) >= SHARED
    )


def _disputed(
    denying: Sequence[Features], telling: Sequence[Features], asked: frozenset[str]
) -> bool:
    """Whether one turn denies what is asked, and the other tells of it."""
    for denial in denying:
        denied = frozenset().union(*denial.never)
        if len(denied & asked) < SHARED:
            continue
        deeds = [deed for deed in telling if not deed.negative]
        if any(denial.names & denied & asked & deed.names for deed in deeds):
            return True  # the very thing, by its name
        stems = [deed.stems for deed in deeds]
        for told in map(frozenset.union, stems, [*stems[1:], frozenset[str]()]):
            if any(_covers(told, part & asked) for part in (denied, *denial.never)):
                return True
    return False


def _covers(told: frozenset[str], denied: frozenset[str]) -> bool:
    shared = len(told & denied)
    return shared > SHARED or shared >= max(SHARED, len(denied) * 0.6)
