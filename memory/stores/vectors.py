"""Vectors as bytes in a row: one byte a value, and only what is not zero where that is less.

    d  greatest  value ...                     dense
    s  greatest  dimensions  place value ...   sparse

Values are whole numbers from -127 to 127, in parts of the vector's greatest value. Against single
precision a cosine is off by .0005 (standard deviation, 384 dimensions), which moves no recall
figure by more than chance. A hashed vector of a sentence has some hundred values in a thousand
dimensions.
"""

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
_DENSE, _SPARSE = b"d", b"s"
_HEAD = struct.Struct("<cf")
_LENGTH = struct.Struct("<H")
_STEPS = np.float32(127)
_PAIR = np.dtype([("place", "<u2"), ("value", "i1")])


def vector_blob(vector: Vectors) -> bytes:
    """A vector as it is stored; one with values that are no numbers comes back without any."""
    values = np.ascontiguousarray(vector, np.float32)
    greatest = float(np.abs(values).max(initial=0.0))
    if not np.isfinite(greatest):
        return _HEAD.pack(_DENSE, np.nan) + bytes(len(values))
    steps = np.rint(values * (_STEPS / greatest) if greatest else values).astype("i1")
    (places,) = steps.nonzero()
    if len(values) > 0xFFFF or len(places) * _PAIR.itemsize + _LENGTH.size >= len(values):
        return _HEAD.pack(_DENSE, greatest) + steps.tobytes()
    pairs = np.empty(len(places), _PAIR)
    pairs["place"], pairs["value"] = places, steps[places]
    return _HEAD.pack(_SPARSE, greatest) + _LENGTH.pack(len(values)) + pairs.tobytes()


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
    greatest = np.array([_HEAD.unpack_from(blob)[1] for blob in blobs], np.float32)
    found *= greatest[:, None]
    found /= _STEPS
    return found


def _length(blob: bytes) -> int:
    if blob[:1] == _SPARSE and len(blob) >= _HEAD.size + _LENGTH.size:
        return int(_LENGTH.unpack_from(blob, _HEAD.size)[0])
    if blob[:1] == _DENSE and len(blob) >= _HEAD.size:
        return len(blob) - _HEAD.size
    raise ValueError("a stored vector is damaged")


def _fill_dense(found: Vectors, rows: NDArray[np.intp], blobs: Sequence[bytes]) -> None:
    joined = np.frombuffer(b"".join(blob[_HEAD.size :] for blob in blobs), "i1")
    found[rows] = joined.reshape(len(blobs), -1)


def _fill_sparse(found: Vectors, rows: NDArray[np.intp], blobs: Sequence[bytes]) -> None:
    start = _HEAD.size + _LENGTH.size
    if any((len(blob) - start) % _PAIR.itemsize for blob in blobs):
        raise ValueError("a stored vector is damaged")
    counts = [(len(blob) - start) // _PAIR.itemsize for blob in blobs]
    pairs = np.frombuffer(b"".join(blob[start:] for blob in blobs), _PAIR)
    if len(pairs) and pairs["place"].max() >= found.shape[1]:
        raise ValueError("a stored vector is damaged")
    found[np.repeat(rows, counts), pairs["place"]] = pairs["value"]
