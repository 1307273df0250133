"""Retention and use: how present a thought still is. It changes ranking and nothing else.

More stability never means less retention. MemoryBank's released formula, `exp(-t / 5 * S)`, has
it the other way round and forgets a stronger memory faster.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from knowhen.memory.records import Thought

Curve = Literal["exponential", "power"]


@dataclass(frozen=True, slots=True)
class Decay:
    """How fast thoughts fade and what use does about it."""

    curve: Curve = "exponential"
    growth: float = 1.0
    """Share by which a useful access at retention 0 lengthens the stability."""
    ceiling: float = 3650.0
    """Stability never exceeds this many days."""
    floor: float = 0.6
    """Retention that pinned thoughts and instructions keep."""
    archive_below: float = 0.02
    """Retention under which a thought may be archived."""

    def retention(self, thought: Thought, now: datetime) -> float:
        """Between 0 and 1: 1 at the last use, 1/e after `stability` days, floors kept."""
        since = thought.last_used or thought.recorded_at
        days = max(0.0, (now - since).total_seconds() / 86_400) if since else 0.0
        share = retained(days, thought.stability, self.curve)
        protected = thought.pinned or thought.kind == "instruction"
        return max(share, self.floor) if protected else share

    def used(self, thought: Thought, now: datetime) -> Thought:
        """The thought after a useful access: spaced use makes more stable than crammed use."""
        gain = 1.0 + self.growth * (1.0 - self.retention(thought, now))
        stability = max(thought.stability, min(thought.stability * gain, self.ceiling))
        return replace(thought, stability=stability, last_used=now, uses=thought.uses + 1)

    def may_archive(self, thought: Thought, now: datetime) -> bool:
        """Whether a thought has faded so far that it can leave the active ones."""
        protected = thought.pinned or thought.kind == "instruction"
        return not protected and self.retention(thought, now) < self.archive_below


def retained(days: float, stability: float, curve: Curve = "exponential") -> float:
    """Share retained after `days`; both curves pass 1 at 0 and 1/e at `stability` days.

    Exponential as in Ebbinghaus' simplest form; the power law fades fast first and slowly later
    (Wixted & Ebbesen 1991).
    """
    if stability <= 0:
        return 0.0 if days > 0 else 1.0
    if curve == "power":
        return 1.0 / (1.0 + (math.e - 1.0) * days / stability)
    return math.exp(-days / stability)
