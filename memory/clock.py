"""Time and ids as things to pass in, so that every run can be repeated."""

import secrets
from base64 import b32encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

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
    """A random id of twelve letters and digits.

    Ids stand on every line of a context, so they are short. Of a million in one space, two are
    alike with a probability of one in 100,000.
    """
    return b32encode(secrets.token_bytes(7)).decode().rstrip("=").lower()
