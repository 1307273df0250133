"""Comparing the first turns of a recall with each other, now that the query says about what.

Thoughts relate statements of which a rule can tell, without a query, that they are about the
same. A query narrows that: two turns of one speaker that answer it with another value, or of
which one denies what the other tells, are worth reading side by side.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Literal

from knowhen.memory.language.registry import language_of
from knowhen.memory.language.sentences import sentences
from knowhen.memory.search.query import Query
from knowhen.memory.stores.base import StoredTurn
from knowhen.memory.thoughts.clauses import clauses
from knowhen.memory.thoughts.features import Features, Value, of_text

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
        if _answers(first, asked)
        for second in other
        if _answers(second, asked)
        for a in first.values
        for b in second.values
    )


SHARED = 2
"""Content words that a statement shares with the query, and with the other statement."""


def _answers(told: Features, asked: frozenset[str]) -> bool:
    shared = len(told.stems & asked)
    return not told.negative and shared >= max(SHARED, ANSWERED * len(asked))


def _competing(a: Value, b: Value, one: Features, other: Features, asked: frozenset[str]) -> bool:
    if a.kind != b.kind or a.number == b.number or a.head != b.head:
        return False
    about_a, about_b = a.near & asked, b.near & asked
    return bool(about_a & about_b) and len(one.stems & other.stems & asked) >= SHARED


def _disputed(
    denying: Sequence[Features], telling: Sequence[Features], asked: frozenset[str]
) -> bool:
    """Whether one turn denies what is asked, and the other tells of it."""
    for denial in denying:
        denied = frozenset().union(*denial.never)
        if len(denied & asked) < SHARED:
            continue
        deeds = [deed.stems for deed in telling if not deed.negative]
        for told in map(frozenset.union, deeds, [*deeds[1:], frozenset[str]()]):
            if any(_covers(told, part & asked) for part in (denied, *denial.never)):
                return True
    return False


def _covers(told: frozenset[str], denied: frozenset[str]) -> bool:
    return len(told & denied) >= max(SHARED, len(denied) * 0.6)
