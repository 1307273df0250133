"""Time and ids as things to pass in, so that every run can be repeated."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol
from uuid import uuid4

NewId = Callable[[], str]
"""Makes ids that no other call has made."""


class Clock(Protocol):
    """Tells the time, always with a time zone."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def random_id() -> str:
    """A 32-digit random id."""
    return uuid4().hex
