import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.memory.episodes import Constant, Trailing, surprising_tokens

VALUES = st.lists(st.floats(-50, 50), min_size=1, max_size=60)


@settings(deadline=None, max_examples=60)
@given(VALUES, st.integers(2, 20), st.floats(0, 3))
def test_trailing_is_the_mean_and_deviation_of_what_came_before(
    values: list[float], window: int, gamma: float
) -> None:
    value = np.round(np.array(values), 2)
    found = Trailing(gamma=gamma, window=window, least=2).apply(value).proposed
    for index in range(len(value)):
        before = value[max(0, index - window) : index]
        if len(before) < 2 or before.std() < 1e-6:
            assert not found[index]
        else:
            excess = value[index] - before.mean() - gamma * before.std()
            assert found[index] == (excess >= 0) or abs(excess) < 1e-5


def test_trailing_ignores_what_has_no_value() -> None:
    value = np.array([np.nan, 1, 2, 1, 2, np.nan, 9, 1])
    assert np.flatnonzero(Trailing(least=4).apply(value).proposed).tolist() == [6]


def test_a_constant_is_even_odds_at_its_own_value() -> None:
    found = Constant(2.0, 0.5).apply(np.array([np.nan, 1.9, 2.0, 2.5]))
    assert found.proposed.tolist() == [False, False, True, True]
    assert found.probability[2] == 0.5
    assert found.probability[3] == pytest.approx(1 / (1 + np.exp(-1)))


def test_surprising_tokens_begin_events_that_are_not_too_small() -> None:
    surprisal = [1.0, 1.2] * 20 + [9.0, 9.0, 9.0] + [1.0, 1.2] * 20 + [9.0]
    assert surprising_tokens(surprisal, gamma=2.0, least=8) == [40, 83]
    assert surprising_tokens(surprisal, gamma=2.0, least=1)[:2] == [40, 41]
