"""Putting a correction such as "no, I meant March 5" into the statement that it is about."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from knowhen.memory.language.dates import find_dates
from knowhen.memory.thoughts.slots import is_single
from knowhen.memory.thoughts.statements import Statement

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
