"""What is kept of a vector: half precision, whatever it looks like."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowhen.memory.stores.vectors import matrix, vector_blob

ROWS = st.lists(
    st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.25, -1.0, 0.125]), min_size=40, max_size=40),
    min_size=1,
    max_size=8,
)


@given(ROWS)
def test_rows_come_back_dense_or_sparse(rows: list[list[float]]) -> None:
    given_rows = np.array(rows, np.float32)
    np.testing.assert_array_equal(matrix([vector_blob(row) for row in given_rows]), given_rows)


def test_a_vector_of_few_values_takes_few_bytes() -> None:
    sparse = np.zeros(1024, np.float32)
    sparse[:100] = 0.1
    assert len(vector_blob(sparse)) < 410
    assert len(vector_blob(np.full(384, 0.05, np.float32))) == 769


def test_a_cosine_hardly_moves() -> None:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(200, 384)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    kept = matrix([vector_blob(row) for row in rows])
    assert np.abs(kept @ rows.T - rows @ rows.T).max() < 5e-4


def test_long_vectors_and_no_vectors_are_kept() -> None:
    long = np.zeros(70_000, np.float32)
    long[69_999] = 0.5
    np.testing.assert_array_equal(matrix([vector_blob(long)]), [long])
    assert matrix([]).shape == (0, 0)
    assert matrix([vector_blob(np.zeros(5, np.float32))]).tolist() == [[0.0] * 5]


@pytest.mark.parametrize("damaged", [b"", b"x", b"d0", b"s\x02\x00\x09\x00\x00\x00"])
def test_a_damaged_vector_is_refused(damaged: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        matrix([damaged])
