"""Products run on one thread while somebody asks for it, and on as many as before afterwards."""

import threading

import numpy as np
from threadpoolctl import threadpool_info

from knowhen.memory.threads import one_thread


def threads() -> list[int]:
    assert np.eye(2).shape == (2, 2)  # numpy's library is loaded
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_the_limit_holds_inside_and_is_lifted_afterwards() -> None:
    before = threads()
    with one_thread(), one_thread():
        assert set(threads()) <= {1}
    assert threads() == before


def test_a_thread_that_comes_in_meanwhile_leaves_no_limit_behind() -> None:
    before = threads()
    entered, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with one_thread():
            entered.set()
            leave.wait(5)

    other = threading.Thread(target=stay)
    with one_thread():
        other.start()
        assert entered.wait(5)
    leave.set()
    other.join()
    assert threads() == before
    with one_thread():
        assert set(threads()) <= {1}
    assert threads() == before
