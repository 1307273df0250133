"""Care of a home: rebuilding what is derived, finding and mending damage, copying it."""

import os
from collections.abc import Sequence
from pathlib import Path

from knowhen.memory.embedders.identity import adopt
from knowhen.memory.space import Equipment, Space
from knowhen.memory.stores.base import Store
from knowhen.memory.twins import twin

BATCH = 200
"""Turns embedded and cut at a time."""


def reindex(equipment: Equipment, spaces: Sequence[str] | None = None) -> None:
    """Rebuild every space, or these, with the embedder and settings at hand.

    Each is one transaction: until it commits, other processes go on with what was there, and if
    it fails, nothing of the space changed. The home takes the embedder over last, so that a
    reindex that was cut off can be begun again.
    """
    store = equipment.store
    for name in store.spaces() if spaces is None else spaces:
        with store.transaction(name):
            adopt(store, equipment.embedder, name)
            store.clear_derived(name)
            space = Space(name, equipment)
            turns = [stored.turn for stored in store.turns(name)]
            for first in range(0, len(turns), BATCH):
                space.remembering.derive(turns[first : first + BATCH])
            space.events.settle()
            space.settling.run(anew=True)
            space.ledger.replay()
            store.bump_epoch(name)
        equipment.index.forget(name)
    if spaces is None:
        adopt(store, equipment.embedder)


class Care:
    """The part of a manager that looks after the whole home."""

    _store: Store
    _equipment: Equipment

    def reindex(self) -> None:
        """Rebuild everything derived of every space from turns and the operation log."""
        reindex(self._equipment)
        self._equipment.spaces.clear()

    def doctor(self, *, repair: bool = False) -> list[str]:
        """Inconsistencies in words; empty when all is well.

        Args:
            repair: mend what was found: what is derived is made anew, rows that cannot be read are
                given up. What this returns is then what could not be mended, and what was lost.
        """
        findings = self._store.check()
        if not repair or not findings:
            return findings
        lost = [line for name in self._store.spaces() for line in self._repaired(name)]
        self._equipment.spaces.clear()
        return [*lost, *self._store.check()]

    def _repaired(self, space: str) -> list[str]:
        if not self._store.check(space):
            return []
        lost = self._store.mend(space)
        reindex(self._equipment, [space])
        return lost

    def backup(self, folder: str | os.PathLike[str]) -> int:
        """Copy the home into a new folder while it is in use; how many spaces that were.

        Each space is copied as it is at one moment. Open the folder like any home.

        Raises:
            HomeUnavailable: the folder is there already, or cannot be written.
        """
        return self._store.backup(Path(folder))

    areindex = twin(reindex)
    adoctor = twin(doctor)
    abackup = twin(backup)
