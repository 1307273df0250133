"""Who has which slot of the arrays, and how often each is used."""

import numpy as np
from numpy.typing import NDArray

from knowhen.graphs.adjacency import Slots, grown

Names = NDArray[np.object_]


class Roster:
    """Names in numbered slots; a name whose last use ends leaves its slot to the next one."""

    def __init__(self) -> None:
        self.slots: dict[str, int] = {}
        self.size = 0
        """Every slot is below it."""
        self._names: Names = np.zeros(0, object)
        self._uses: Slots = np.zeros(0, np.int64)
        self._free: list[int] = []

    def copy(self) -> "Roster":
        """The same names in the same slots, to be changed apart."""
        twin = Roster()
        twin.slots, twin.size = {**self.slots}, self.size
        twin._names, twin._uses = self._names.copy(), self._uses.copy()
        twin._free = self._free[:]
        return twin

    def enter(self, name: str) -> int:
        """The slot of `name`; it stays unused until `use`."""
        slot = self.slots.get(name)
        if slot is None:
            if self._free:
                slot = self._free.pop()
            else:
                slot, self.size = self.size, self.size + 1
                if slot == len(self._names):
                    self._names = grown(self._names, 2 * slot + 8)
                    self._uses = grown(self._uses, 2 * slot + 8)
            self.slots[name] = slot
            self._names[slot] = name
        return slot

    def use(self, slots: Slots, times: int) -> None:
        """Count `times` (negative to take back) uses of each slot; names without any leave."""
        np.add.at(self._uses, slots, times)
        if times < 0:
            for slot in np.unique(slots[self._uses[slots] == 0]).tolist():
                del self.slots[self._names[slot]]
                self._names[slot] = 0
                self._free.append(slot)

    def names(self, slots: NDArray[np.int32] | Slots) -> Names:
        return self._names[slots]
