"""Proposing thoughts without a model: declarative sentences, read by rules."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time

from knowhen.memory.language.base import DateSpan
from knowhen.memory.language.dates import find_dates
from knowhen.memory.records import Source, Turn
from knowhen.memory.thoughts.base import WEIGHTS, Proposal, Proposals
from knowhen.memory.thoughts.clauses import Clause, clauses, is_single
from knowhen.memory.thoughts.statements import Statement, correction, read

_NUMBER = re.compile(r"[$€£]?\d+(?:[.,]\d+)*\s?%?")
_INSTEAD = re.compile(r",?\s+(?:not|instead of|rather than)\s+.*\Z", re.IGNORECASE)


def corrected(
    recent: Iterable[Statement], fragment: str, *, said_at: datetime | None
) -> Statement | None:
    """The latest statement that has something of the fragment's kind, with it put in.

    `recent` holds what the same speaker stated before, latest first.
    """
    value = _INSTEAD.sub("", fragment).strip(" .,!?")
    if not value:
        return None
    for statement in recent:
        wrong = _counterpart(statement, value, said_at)
        if wrong and wrong != value:
            return replace(
                statement,
                text=_put(statement.text, wrong, value),
                object=_put(statement.object, wrong, value),
                corrects=True,
            )
    return None


def _counterpart(statement: Statement, value: str, said_at: datetime | None) -> str | None:
    """The words of the statement's object that the value stands against."""
    if find_dates(value, base=said_at):
        spans = find_dates(statement.object, base=said_at)
        return spans[-1].text if spans else None
    if _NUMBER.search(value):
        numbers = _NUMBER.findall(statement.object)
        return str(numbers[-1]).strip() if len(numbers) == 1 else None
    return statement.object if is_single(statement.predicate) else None


def _put(text: str, wrong: str, value: str) -> str:
    if _NUMBER.fullmatch(wrong):
        number = _NUMBER.search(value)
        value = number.group().strip() if number else value
    elif value.lower().startswith("on ") and not wrong.lower().startswith("on "):
        value = value[3:]
    return text.replace(wrong, value)


class RuleProposer:
    """Reads statements off turns: costs no call, and keeps what it does not understand out.

    An agent's own turns count little (`WEIGHTS`), and only what it says it did is taken.
    """

    def propose(self, turns: Sequence[Turn]) -> Proposals:
        """Proposals in the order of the text; nothing fails.

        A correction is put into what its speaker stated last in these turns.
        """
        recent: dict[str, deque[Statement]] = {}
        items = [p for turn in turns for p in _of_turn(turn, recent)]
        return Proposals(items=tuple(items))


RECENT = 6
"""How many statements back a correction may reach."""


def _of_turn(turn: Turn, recent: dict[str, deque[Statement]]) -> Iterator[Proposal]:
    if turn.role in ("system", "document", "tool"):
        return
    speaker = turn.speaker or turn.role
    speaker = speaker[:1].upper() + speaker[1:]
    before = recent.setdefault(speaker, deque(maxlen=RECENT))
    for clause in clauses(turn.text):
        if turn.role == "assistant" and not _OWN_DEED.match(clause.text):
            continue
        fragment = correction(clause.text)
        if fragment is None:
            statement = read(clause.text, speaker)
        else:
            statement = corrected(before, fragment, said_at=turn.time)
        if statement is not None:
            before.appendleft(statement)
            yield _proposal(turn, clause, statement)


_OWN_DEED = re.compile(
    r"(?:I|I've|I have)\s+(?:also\s+|just\s+|already\s+)?"
    r"(?!need|look|hope|can|could|would|will|am|understand|see|think|suggest|recommend|have no"
    r"|don't|do not)"
    r"\w+(?:ed|ought|ent|ote|ade|ook|et|old)\b"
)


def _proposal(turn: Turn, clause: Clause, statement: Statement) -> Proposal:
    weight = round(WEIGHTS[turn.role] * statement.certainty, 4)
    dates = find_dates(clause.text, base=turn.time)
    return Proposal(
        text=_dated(statement.text, turn.time),
        subject=statement.subject,
        predicate=statement.predicate,
        object=statement.object,
        sources=(Source(turn.id, clause.start, clause.end, weight),),
        said_at=turn.time,
        polarity=statement.polarity,
        modality=statement.modality,
        kind=statement.kind,
        valid_from=_valid_from(statement, dates, turn.time),
        corrects=statement.corrects,
    )


def _valid_from(
    statement: Statement, dates: Sequence[DateSpan], said_at: datetime | None
) -> datetime | None:
    """The first day named for what has happened; None where only the turn's time is known."""
    if statement.modality != "asserted" or not dates:
        return None
    first = dates[0].first
    if said_at is not None and first > said_at.date():
        return None
    zone = said_at.tzinfo if said_at is not None else UTC
    return datetime.combine(first, time(), zone)


_PART_OF_DAY = re.compile(r"(?:night|morning|evening|afternoon)\Z", re.IGNORECASE)
_RELATIVE = re.compile(
    r"(?:the day|yesterday|today|tomorrow|last|this|next|past|previous|coming|on|an?|\d+"
    r"|\w+ days?)\b"
    r"(?!\s(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))",
    re.IGNORECASE,
)
_PREPOSED = re.compile(
    r"(?:\b(?:on|by|until|since|to|of|for|from|before|after|between|and|the|an?|my|their|our|his"
    r"|her"
    r"|this|that|till|as|was|is)|'s)\s+\Z",
    re.IGNORECASE,
)


def _dated(text: str, said_at: datetime | None) -> str:
    """`text` with relative dates made absolute: "yesterday" becomes "on 7 May 2023"."""
    if said_at is None:
        return text
    result, position = [], 0
    for span in find_dates(text, base=said_at):
        if str(span.first.year) in span.text:
            continue
        result.append(text[position : span.start])
        result.append(_absolute(span, text))
        position = span.end
    return "".join([*result, text[position:]])


def _absolute(span: DateSpan, text: str) -> str:
    if span.first != span.last:
        return f"{span.text} ({_interval(span.first, span.last)})"
    day = _day(span.first)
    if _PART_OF_DAY.search(span.text):
        return f"{span.text} ({day})"
    relative = _RELATIVE.match(span.text) is not None
    bare = relative and not _PREPOSED.search(text, 0, span.start)
    return f"on {day}" if bare else day


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _interval(first: date, last: date) -> str:
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
        return str(first.year) if first.year == last.year else f"{first.year}–{last.year}"
    if first.day == 1 and first.month == last.month and first.year == last.year and last.day > 27:
        return f"{first:%B %Y}"
    if first.year == last.year:
        start = f"{first.day}" if first.month == last.month else f"{first.day} {first:%B}"
        return f"{start}–{_day(last)}"
    return f"{_day(first)}–{_day(last)}"
