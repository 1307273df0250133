"""What nobody waits for: reading the memory at the start, and thinking after the answer."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from knowhen.memory.errors import HomeUnavailable
from knowhen.memory.manager import MemoryManager

log = logging.getLogger(__name__)


class Background:
    """One thread behind the conversations of one home, which serves one space at a time.

    Nothing is queued here that could be lost: what is to be thought about stands in the store,
    and a request only says that there may be some.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[str] = set()
        self._last: Future[None] | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._closed = False

    def think(self, memory: MemoryManager) -> None:
        """Have the memory's closed events thought about soon; asking twice is asking once.

        Without a model there is nothing to wait for, and `remember` has done it.
        """
        if memory.model is None:
            return
        with self._lock:
            if self._closed or memory.space in self._waiting:
                return
            self._waiting.add(memory.space)
            self._submit(self._think, memory)

    def warm(self, memory: MemoryManager) -> None:
        """Have the memory read into this process soon, so that its first turns need not."""
        with self._lock:
            if not self._closed:
                self._submit(self._warm, memory)

    def _submit(self, work: Callable[[MemoryManager], None], memory: MemoryManager) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="knowhen-behind")
        self._last = self._pool.submit(work, memory)

    def wait(self) -> None:
        """Until everything asked for so far is done."""
        with self._lock:
            last = self._last
        if last is not None:  # one thread: the last is done when all are
            last.result()

    def close(self) -> None:
        """Finish what was asked for and end the thread."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True)

    def _warm(self, memory: MemoryManager) -> None:
        try:
            memory.warm()
        except Exception:  # the turn that needs it reads it, and meets the error
            log.info("space %r could not be read ahead", memory.space, exc_info=True)

    def _think(self, memory: MemoryManager) -> None:
        with self._lock:
            self._waiting.discard(memory.space)
        try:
            settled = memory.consolidate()
        except HomeUnavailable as error:
            log.warning("%s; what is left to think about is done next time", error)
            return
        except Exception:  # it stays in the store's queue, and the conversation goes on
            log.exception("thinking about space %r failed; it will be tried again", memory.space)
            return
        for failure in settled.failures:
            log.warning("thinking about space %r: %s", memory.space, failure)
