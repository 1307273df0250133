"""Vectors as bytes in a row: half precision, and only what is not zero where that is less.

    d  value value ...                dense, two bytes a dimension
    s  dimensions  place value ...    sparse, four bytes for each value that is not zero

A cosine moves by less than .0005 against single precision. A hashed vector of a sentence has
some hundred values in a thousand dimensions.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
_DENSE, _SPARSE = b"d", b"s"
_HEAD = 3
"""Bytes before the first pair: the mark, and the number of dimensions."""
_PAIR = np.dtype([("place", "<u2"), ("value", "<f2")])


def vector_blob(vector: Vectors) -> bytes:
    """A vector as it is stored."""
    values = np.ascontiguousarray(vector, dtype="<f2")
    (places,) = values.nonzero()
    if len(places) * _PAIR.itemsize + _HEAD >= values.nbytes or len(values) > 0xFFFF:
        return _DENSE + values.tobytes()
    pairs = np.empty(len(places), _PAIR)
    pairs["place"], pairs["value"] = places, values[places]
    return _SPARSE + len(values).to_bytes(2, "little") + pairs.tobytes()


def matrix(blobs: Sequence[bytes]) -> Vectors:
    """Stored vectors as rows, in one copy; a ValueError if they differ in length."""
    lengths = {_length(blob) for blob in blobs}
    if len(lengths) > 1:
        raise ValueError(f"vectors of different lengths: {sorted(lengths)}")
    found = np.zeros((len(blobs), lengths.pop() if lengths else 0), np.float32)
    for mark, fill in ((_DENSE, _fill_dense), (_SPARSE, _fill_sparse)):
        rows = [row for row, blob in enumerate(blobs) if blob[:1] == mark]
        if rows:
            fill(found, np.array(rows), [blobs[row] for row in rows])
    return found


def _length(blob: bytes) -> int:
    if blob[:1] == _SPARSE:
        return int.from_bytes(blob[1:_HEAD], "little")
    if blob[:1] == _DENSE and len(blob) % 2:
        return len(blob) // 2
    raise ValueError("a stored vector is damaged")


def _fill_dense(found: Vectors, rows: NDArray[np.intp], blobs: Sequence[bytes]) -> None:
    joined = np.frombuffer(b"".join(blob[1:] for blob in blobs), "<f2")
    found[rows] = joined.reshape(len(blobs), -1)


def _fill_sparse(found: Vectors, rows: NDArray[np.intp], blobs: Sequence[bytes]) -> None:
    counts = [(len(blob) - _HEAD) // _PAIR.itemsize for blob in blobs]
    pairs = np.frombuffer(b"".join(blob[_HEAD:] for blob in blobs), _PAIR)
    if pairs["place"].max(initial=0) >= found.shape[1] and len(pairs):
        raise ValueError("a stored vector is damaged")
    found[np.repeat(rows, counts), pairs["place"]] = pairs["value"]
