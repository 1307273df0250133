"""Small products of matrices on one thread: waking others costs more than they bring."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

_held = threading.Lock()


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # looks through the loaded libraries, once


@contextmanager
def one_thread() -> Iterator[None]:
    """Let numpy's products run on the thread that asks for them.

    A query multiplies a few thousand rows by one vector, which is done before other threads
    wake up; they then spin for milliseconds on cores that somebody else could use.
    """
    # The limit is the process's: whoever comes in while it is held would take it for the usual
    # one and leave it behind. So only the thread that set it lifts it.
    if not _held.acquire(blocking=False):
        yield
        return
    try:
        with _controller().limit(limits=1, user_api="blas"):
            yield
    finally:
        _held.release()
