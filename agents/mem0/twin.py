"""mem0's `AsyncMemory`."""

import asyncio
from collections.abc import Callable, Generator, Mapping
from typing import Any, Self, TypeVar

from knowhen.agents.mem0.memory import Memory
from knowhen.agents.mem0.records import Record
from knowhen.memory.closing import Closing
from knowhen.memory.manager import MemoryManager

T = TypeVar("T")


class AsyncMemory(Closing):
    """mem0's `AsyncMemory`: the same, awaited."""

    def __init__(
        self, config: Mapping[str, Any] | None = None, *, memory: MemoryManager | None = None
    ) -> None:
        self._memory = Memory(config, memory=memory)

    @classmethod
    def from_config(cls, config_dict: Mapping[str, Any]) -> Self:
        """As mem0's, which had to be awaited once; with and without works."""
        return cls(config_dict)

    def __await__(self) -> Generator[None, None, Self]:
        yield from ()
        return self

    async def add(self, messages: Any, **options: Any) -> dict[str, list[Record]]:
        return await _threaded(self._memory.add, messages, **options)

    async def search(self, query: str, **options: Any) -> dict[str, list[Record]]:
        return await _threaded(self._memory.search, query, **options)

    async def get(self, memory_id: str) -> Record | None:
        return await _threaded(self._memory.get, memory_id)

    async def get_all(self, **options: Any) -> dict[str, list[Record]]:
        return await _threaded(self._memory.get_all, **options)

    async def update(self, memory_id: str, data: str) -> dict[str, str]:
        return await _threaded(self._memory.update, memory_id, data)

    async def delete(self, memory_id: str) -> dict[str, str]:
        return await _threaded(self._memory.delete, memory_id)

    async def delete_all(self, **options: Any) -> dict[str, str]:
        return await _threaded(self._memory.delete_all, **options)

    async def history(self, memory_id: str) -> list[Record]:
        return await _threaded(self._memory.history, memory_id)

    async def reset(self) -> None:
        await _threaded(self._memory.reset)

    def close(self) -> None:
        """Finish thinking and close the memory."""
        self._memory.close()


async def _threaded(function: Callable[..., T], *args: Any, **options: Any) -> T:
    return await asyncio.to_thread(function, *args, **options)
