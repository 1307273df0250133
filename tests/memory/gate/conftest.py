from collections.abc import Iterator

import pytest
from two_friends import SAID, turns

from knowhen import MemoryManager


@pytest.fixture
def memory() -> Iterator[MemoryManager]:
    with MemoryManager.open(":memory:") as manager:
        manager.remember(turns(SAID))
        manager.settle()
        yield manager
