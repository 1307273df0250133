"""What is kept of a vector: a byte for each value, whatever it looks like."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowhen.memory.stores.vectors import matrix, vector_blob

ROWS = st.lists(
    st.lists(st.sampled_from([0.0, 0.0, 0.0, 31.0, -127.0, 64.0]), min_size=40, max_size=40),
    min_size=1,
    max_size=8,
)


@given(ROWS)
def test_rows_come_back_dense_or_sparse(rows: list[list[float]]) -> None:
    given_rows = np.array(rows, np.float32)
    given_rows[:, 0] = 127
    np.testing.assert_array_equal(matrix([vector_blob(row) for row in given_rows]), given_rows)


def test_a_vector_of_few_values_takes_few_bytes() -> None:
    sparse = np.zeros(1024, np.float32)
    sparse[:100] = 0.1
    assert len(vector_blob(sparse)) < 310
    assert len(vector_blob(np.full(384, 0.05, np.float32))) < 390


def test_a_cosine_hardly_moves() -> None:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(300, 384)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    kept = matrix([vector_blob(row) for row in rows])
    moved = kept @ rows.T - rows @ rows.T
    assert moved.std() < 6e-4
    assert np.abs(moved).max() < 4e-3


def test_long_vectors_and_no_vectors_are_kept() -> None:
    long = np.zeros(70_000, np.float32)
    long[69_999] = 0.5
    np.testing.assert_array_equal(matrix([vector_blob(long)]), [long])
    assert matrix([]).shape == (0, 0)
    assert matrix([vector_blob(np.zeros(5, np.float32))]).tolist() == [[0.0] * 5]


def test_what_is_no_number_comes_back_as_none() -> None:
    assert np.isnan(matrix([vector_blob(np.array([1.0, np.nan], np.float32))])).all()
    assert np.isnan(matrix([vector_blob(np.array([1.0, np.inf], np.float32))])).all()


@pytest.mark.parametrize("damaged", [b"", b"x", b"d0", b"s\0\0\0\0\2", b"s\0\0\0\0\2\0\x09\0\0"])
def test_a_damaged_vector_is_refused(damaged: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        matrix([damaged])
