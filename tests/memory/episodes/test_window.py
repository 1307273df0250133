import numpy as np
import pytest

from knowhen.memory.episodes.window import contrast


def test_contrast_compares_two_turns_on_each_side() -> None:
    vectors = np.eye(4)[[0, 0, 1, 1, 1]]
    found = contrast(vectors)
    assert np.isnan(found[0])
    assert found[1:] == pytest.approx([1 - 1 / np.sqrt(2), 1.0, 1 - 1 / np.sqrt(2), 0.0], abs=1e-9)


def test_a_wider_window_reaches_further_back() -> None:
    vectors = np.eye(4)[[0, 1, 1, 0, 0]]
    assert contrast(vectors, 1)[3] == pytest.approx(1.0)
    assert contrast(vectors, 3)[3] < 0.6
