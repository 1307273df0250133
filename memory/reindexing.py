"""Rebuilding everything derived from turns and the operation log."""

from collections.abc import Sequence

from knowhen.memory.embedders.identity import adopt
from knowhen.memory.space import Equipment, Space

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
