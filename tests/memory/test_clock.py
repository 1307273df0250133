from datetime import UTC, datetime, timedelta

import pytest

from knowhen.memory.clock import Clock, NewId, SystemClock, random_id
from knowhen.memory.testing.clock import CountingIds, FixedClock

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def test_system_clock_tells_utc_and_never_an_earlier_time() -> None:
    clock: Clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.utcoffset() == timedelta(0)
    assert first <= second


def test_fixed_clock_stands_still_until_moved() -> None:
    clock = FixedClock(NOON)
    assert clock.now() == clock.now() == NOON
    clock.advance(timedelta(hours=3))
    assert clock.now() == NOON + timedelta(hours=3)
    clock.set(NOON)
    assert clock.now() == NOON


def test_fixed_clock_refuses_a_naive_time() -> None:
    with pytest.raises(ValueError, match="time zone"):
        FixedClock(datetime(2024, 5, 1))


def test_counting_ids_repeat_and_random_ids_do_not() -> None:
    one: NewId = CountingIds("t")
    other: NewId = CountingIds("t")
    assert [one() for _ in range(3)] == [other() for _ in range(3)] == ["t1", "t2", "t3"]
    assert len({random_id() for _ in range(100)}) == 100
