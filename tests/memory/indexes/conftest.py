"""Indexes of every kind over one store, and a real Chroma server on loopback."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowhen.memory.indexes.base import VectorIndex
from knowhen.memory.indexes.chroma import ChromaIndex
from knowhen.memory.indexes.exact import ExactIndex
from knowhen.memory.stores.base import Entry, EntryKind
from knowhen.memory.testing.volatile_store import VolatileStore

Vectors = NDArray[np.float32]
DIMENSION = 24


@pytest.fixture
def store() -> VolatileStore:
    return VolatileStore()


@pytest.fixture
def add(store: VolatileStore) -> Callable[..., list[int]]:
    """Adds random unit vectors, owned by o0, o1, ..., and gives back their entry ids."""

    def adder(
        space: str, count: int, *, kind: EntryKind = "turn", seed: int = 0, owner: str = "o"
    ) -> list[int]:
        rows = unit(np.random.default_rng(seed).normal(size=(count, DIMENSION)))
        entries = [
            Entry(kind=kind, owner=f"{owner}{place}", start=0, end=1, terms=("x",), vector=row)
            for place, row in enumerate(rows)
        ]
        with store.transaction(space):
            return store.add_entries(space, entries)

    return adder


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("chroma-server")
    command = [
        str(Path(sys.executable).with_name("chroma")),
        *("run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)),
    ]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.fixture(params=["exact", "chroma", "chroma-server"])
def index(
    request: pytest.FixtureRequest, store: VolatileStore, tmp_path: Path
) -> Iterator[VectorIndex]:
    made: VectorIndex
    if request.param == "exact":
        made = ExactIndex(store)
    elif request.param == "chroma":
        made = ChromaIndex(store, tmp_path / "chroma")
    else:
        port = request.getfixturevalue("chroma_server")
        made = ChromaIndex(store, host="127.0.0.1", port=port)
    yield made
    made.close()


def unit(rows: NDArray[np.float64]) -> Vectors:
    scaled: Vectors = (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)
    return scaled


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None, "the Chroma server ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the Chroma server did not open its port")
