"""Time travel: which thoughts were true at a time, and which were known at a time."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from knowhen.memory.records import Thought

GONE = frozenset(("merged", "retracted", "expired"))


def known_at(thoughts: Iterable[Thought], time: datetime) -> list[Thought]:
    """Thoughts as memory held them at `time` (system time).

    What was recorded later is left out; what was retired later is active again, with its
    interval open.
    """
    known: list[Thought] = []
    for thought in thoughts:
        if thought.recorded_at is not None and thought.recorded_at > time:
            continue
        if thought.retired_at is not None and thought.retired_at > time:
            closed = thought.superseded_by is not None
            thought = replace(
                thought,
                status="active",
                retired_at=None,
                superseded_by=None,
                merged_into=None,
                valid_to=None if closed else thought.valid_to,
            )
        known.append(thought)
    return known


def as_of(thoughts: Iterable[Thought], time: datetime) -> list[Thought]:
    """Thoughts that were true at `time` (valid time): active ones and those superseded later."""
    return [
        thought
        for thought in thoughts
        if thought.status not in GONE
        and (thought.valid_from is None or thought.valid_from <= time)
        and (thought.valid_to is None or time < thought.valid_to)
    ]


def current_first(thoughts: Iterable[Thought]) -> list[Thought]:
    """Active thoughts before superseded ones, each group in its given order."""
    ordered = list(thoughts)
    return sorted(ordered, key=lambda thought: thought.status != "active")
