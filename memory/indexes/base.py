"""The vector index seam: nearest entries of one space by cosine."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.stores.base import EntryKind


class VectorIndex(Protocol):
    """Finds the nearest entries. Always rebuildable from the store, always caught up first."""

    def search(
        self, space: str, kind: EntryKind, vector: NDArray[np.float32], limit: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Entry ids and cosines of at most `limit` nearest entries, best first.

        `vector` is unit length, shape (dimension,). The index first takes over what the store
        has gained or lost since the last call.
        """
        ...

    def forget(self, space: str) -> None:
        """Drop everything kept of the space, files included; the next search rebuilds."""
        ...

    def close(self) -> None: ...
