"""A clock that is moved by hand, and ids that can be foretold."""

from datetime import datetime, timedelta


class FixedClock:
    """A clock that stands still until it is moved.

    Raises:
        ValueError: the time has no time zone.
    """

    def __init__(self, time: datetime) -> None:
        self.set(time)

    def now(self) -> datetime:
        return self._time

    def set(self, time: datetime) -> None:
        """Move to `time`, forwards or backwards."""
        if time.tzinfo is None:
            raise ValueError(f"a clock's time needs a time zone: {time!r}")
        self._time = time

    def advance(self, step: timedelta) -> None:
        """Move forwards by `step`."""
        self._time += step


class CountingIds:
    """Ids in order, `prefix1`, `prefix2` and so on, for runs that must be repeatable."""

    def __init__(self, prefix: str = "id") -> None:
        self._prefix = prefix
        self._count = 0

    def __call__(self) -> str:
        self._count += 1
        return f"{self._prefix}{self._count}"
