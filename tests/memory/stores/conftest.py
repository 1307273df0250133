"""Every store that the conformance suite runs over. Another backend is one more entry here."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from knowhen.memory.stores.base import Store
from knowhen.memory.stores.sqlite import SqliteStore
from knowhen.memory.testing.volatile_store import VolatileStore

STORES: dict[str, Callable[[Path], Store]] = {
    "volatile": lambda folder: VolatileStore(),
    "sqlite-memory": lambda folder: SqliteStore(":memory:"),
    "sqlite-file": lambda folder: SqliteStore(folder),
}


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = STORES[request.param](tmp_path)
    yield opened
    opened.close()
