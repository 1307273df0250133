"""Vectors from elsewhere, brought into the form that a store keeps."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from knowhen.memory.errors import EmbedderFailed


def unit_rows(values: ArrayLike, *, count: int, dimension: int | None) -> NDArray[np.float32]:
    """Rows scaled to unit length, shape (count, dimension); None takes the dimension they have.

    A row of zeros has no direction; it becomes the first axis, so that every text is findable.

    Raises:
        EmbedderFailed: another number or size of rows, or values that are not finite numbers.
    """
    try:
        rows = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise EmbedderFailed("the embedder gave rows that are no numbers of one length") from None
    if rows.ndim != 2 or len(rows) != count or not rows.shape[1]:
        raise EmbedderFailed(f"the embedder gave shape {rows.shape} for {count} texts")
    if dimension is not None and rows.shape[1] != dimension:
        raise EmbedderFailed(f"the embedder gave {rows.shape[1]} numbers a text, not {dimension}")
    if not np.isfinite(rows).all():
        raise EmbedderFailed("the embedder gave numbers that are not finite")
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    blank = norms[:, 0] == 0
    rows[blank, 0] = 1.0
    norms[blank] = 1.0
    unit: NDArray[np.float32] = (rows / norms).astype(np.float32)
    return unit
