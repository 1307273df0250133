"""A proposer that proposes what it was given: the shipped fake for tests."""

from collections import deque
from collections.abc import Sequence

from knowhen.memory.records import Turn
from knowhen.memory.thoughts.base import Failure, Proposals


class ScriptedProposer:
    """Gives the queued proposals in order and keeps every call in `history`."""

    def __init__(self, *replies: Proposals) -> None:
        self.history: list[tuple[Turn, ...]] = []
        self._replies = deque(replies)

    def enqueue(self, *replies: Proposals) -> None:
        """Add what the next calls give back."""
        self._replies.extend(replies)

    def propose(self, turns: Sequence[Turn]) -> Proposals:
        """The next queued proposals; with none left, a failure."""
        self.history.append(tuple(turns))
        if self._replies:
            return self._replies.popleft()
        reason = "the scripted proposer has nothing queued; `enqueue` something"
        return Proposals(failures=(Failure(reason, tuple(turn.id for turn in turns)),))
