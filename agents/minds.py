"""Minds of the spaces that an adapter serves: one for each user, made when first met."""

import threading
from collections import OrderedDict

from knowhen.agents.background import Background
from knowhen.agents.mind import Mind
from knowhen.memory.manager import MemoryManager

KEPT = 128
"""Spaces whose caches stay in the process; the longest unused goes first."""


class Minds:
    """Gives the mind of a space; None means the space of the memory itself."""

    def __init__(
        self,
        memory: MemoryManager,
        *,
        budget: int,
        gate: bool,
        background: Background | None = None,
    ) -> None:
        self._own = Mind(memory, budget=budget, gate=gate, background=background)
        self._lock = threading.Lock()
        self._others: OrderedDict[str, Mind] = OrderedDict()

    @property
    def background(self) -> Background:
        return self._own.background

    def of(self, space: str | None) -> Mind:
        """The mind of a space."""
        if space is None or space == self._own.memory.space:
            return self._own
        with self._lock:
            mind = self._others.pop(space, None) or self._own.at(space)
            self._others[space] = mind
            for old in list(self._others)[:-KEPT]:
                if not self._others[old].waiting:  # its unstored turns would go with it
                    del self._others[old]
            return mind

    def close(self) -> None:
        """Settle every space and end their thread; the memory stays open."""
        with self._lock:
            others = list(self._others.values())
        for mind in others:
            mind.settle()
        self._own.close()
