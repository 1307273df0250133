import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from knowhen.memory.errors import HomeUnavailable
from knowhen.memory.indexes import chroma
from knowhen.memory.indexes.chroma import ChromaIndex
from knowhen.memory.stores.sqlite import SqliteStore
from knowhen.memory.testing.volatile_store import VolatileStore

Add = Callable[..., list[int]]
QUERY = np.ones(24, dtype=np.float32) / np.sqrt(np.float32(24))


def residues(folder: Path, needle: bytes) -> list[str]:
    return [
        str(path) for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()
    ]


def test_no_byte_of_an_erased_vector_is_left(
    store: VolatileStore, add: Add, tmp_path: Path
) -> None:
    index = ChromaIndex(store, tmp_path)
    added = add("alice", 1200)  # enough for Chroma to write its graph to disk
    index.search("alice", "turn", QUERY, 3)
    ids, vectors = store.vectors("alice", "turn")
    erased, kept = vectors[17].tobytes(), vectors[18].tobytes()
    assert residues(tmp_path, erased)
    store.delete_entries("alice", "turn", ["o17"])
    index.forget("alice")
    assert not residues(tmp_path, erased)
    found, _ = index.search("alice", "turn", vectors[17], 1200)
    assert added[17] not in found.tolist()
    assert not residues(tmp_path, erased)
    assert residues(tmp_path, kept)
    index.close()


def test_a_new_epoch_alone_removes_the_old_files(
    store: VolatileStore, add: Add, tmp_path: Path
) -> None:
    index = ChromaIndex(store, tmp_path)
    add("alice", 20)
    index.search("alice", "turn", QUERY, 3)
    erased = store.vectors("alice", "turn")[1][3].tobytes()
    store.delete_entries("alice", "turn", ["o3"])
    index.search("alice", "turn", QUERY, 3)
    assert not residues(tmp_path, erased)
    index.close()


@pytest.mark.parametrize("count", [3, 120])
def test_unused_room_in_the_files_is_blank(
    store: VolatileStore, add: Add, tmp_path: Path, count: int
) -> None:
    # Chroma writes it from unwritten process memory, which may hold what was erased.
    index = ChromaIndex(store, tmp_path)
    add("alice", count)
    index.search("alice", "turn", QUERY, 3)
    index.close()
    file = next(tmp_path.glob("*/*/*/data_level0.bin"))
    assert not any(file.read_bytes()[-200:])


def test_a_reopened_index_takes_over_only_what_is_new(
    store: VolatileStore, add: Add, tmp_path: Path
) -> None:
    add("alice", 30)
    first = ChromaIndex(store, tmp_path)
    before = first.search("alice", "turn", QUERY, 5)
    first.close()
    reads: list[int] = []
    read = store.vectors
    store.vectors = lambda space, kind, *, after=0: (  # type: ignore[method-assign]
        reads.append(after),
        read(space, kind, after=after),
    )[1]
    second = ChromaIndex(store, tmp_path)
    assert second.search("alice", "turn", QUERY, 5)[0].tolist() == before[0].tolist()
    assert reads == [30]
    second.close()


def test_a_crash_before_the_watermark_repeats_the_rows_once(
    store: VolatileStore, add: Add, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chromadb.api.models.Collection import Collection

    added = add("alice", 10)
    first = ChromaIndex(store, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Collection, "modify", _power_cut)
        with pytest.raises(KeyboardInterrupt):
            first.search("alice", "turn", QUERY, 3)
    first.close()
    second = ChromaIndex(store, tmp_path)
    assert sorted(second.search("alice", "turn", QUERY, 50)[0].tolist()) == added
    second.close()


def test_a_second_index_on_the_folder_sees_what_the_first_wrote(
    store: VolatileStore, add: Add, tmp_path: Path
) -> None:
    first, second = ChromaIndex(store, tmp_path), ChromaIndex(store, tmp_path)
    for seed in range(3):
        add("alice", 10, seed=seed)
        for index in (first, second):
            assert len(index.search("alice", "turn", QUERY, 99)[0]) == 10 * (seed + 1)
    store.delete_entries("alice", "turn", ["o0"])
    for index in (second, first):
        assert len(index.search("alice", "turn", QUERY, 99)[0]) == 27
    first.close()
    second.close()


_WORKER = """
import sys
import numpy as np
from knowhen.memory.indexes.chroma import ChromaIndex
from knowhen.memory.stores.sqlite import SqliteStore

store = SqliteStore(sys.argv[1])
index = ChromaIndex(store, sys.argv[1] + "/chroma")
query = np.ones(24, dtype=np.float32) / np.sqrt(np.float32(24))
for line in sys.stdin:
    ids, _ = index.search("alice", "turn", query, 1000)
    print(",".join(map(str, sorted(ids.tolist()))), flush=True)
index.close()
store.close()
"""


def test_two_processes_share_the_folder(tmp_path: Path) -> None:
    from knowhen.memory.stores.base import Entry

    store = SqliteStore(tmp_path)
    index = ChromaIndex(store, tmp_path / "chroma")
    rng = np.random.default_rng(5)

    def add(owner: str, count: int) -> None:
        rows = rng.normal(size=(count, 24)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        with store.transaction("alice"):
            store.add_entries("alice", [Entry("turn", owner, 0, 1, ("x",), row) for row in rows])

    other = subprocess.Popen(
        [sys.executable, "-P", "-c", _WORKER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdin is not None and other.stdout is not None

    def theirs() -> list[int]:
        assert other.stdin is not None and other.stdout is not None
        other.stdin.write("look\n")
        other.stdin.flush()
        return [int(number) for number in other.stdout.readline().strip().split(",")]

    def ours() -> list[int]:
        return sorted(index.search("alice", "turn", QUERY, 1000)[0].tolist())

    def truth() -> list[int]:
        return [int(number) for number in store.vectors("alice", "turn")[0]]

    try:
        add("a", 30)
        assert ours() == theirs() == truth()
        add("b", 30)
        assert theirs() == ours() == truth()
        add("c", 30)
        assert ours() == theirs() == truth()
        store.delete_entries("alice", "turn", ["b"])
        index.forget("alice")
        assert theirs() == ours() == truth()
        add("d", 5)
        assert theirs() == ours() == truth()
        assert len(truth()) == 65
    finally:
        other.stdin.close()
        other.wait(timeout=60)
        other.stdout.close()
    index.close()
    store.close()


def test_many_spaces_do_not_stay_open(
    store: VolatileStore, add: Add, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chroma, "_OPEN_SPACES", 2)
    index = ChromaIndex(store, tmp_path)
    for number in (0, 1, 2, 3, 0):
        if not store.vectors(f"space {number}", "turn")[0].size:
            add(f"space {number}", 2, seed=number)
        assert len(index.search(f"space {number}", "turn", QUERY, 9)[0]) == 2
    assert {space for space, _ in index._states} == {"space 3", "space 0"}
    index.close()


def test_without_a_folder_nothing_is_left(store: VolatileStore, add: Add) -> None:
    index = ChromaIndex(store)
    add("alice", 3)
    assert len(index.search("alice", "turn", QUERY, 9)[0]) == 3
    place = index._place._of("alice")  # type: ignore[attr-defined]
    assert place.exists()
    index.close()
    assert not place.exists()


def test_two_homes_on_one_server_stay_apart(chroma_server: int) -> None:
    from knowhen.memory.stores.base import Entry

    vector = QUERY.copy()
    indexes = []
    for count in (1, 2):
        store = VolatileStore()
        store.add_entries("alice", [Entry("turn", "o", 0, 1, ("x",), vector)] * count)
        indexes.append(ChromaIndex(store, host="127.0.0.1", port=chroma_server))
    found = [len(index.search("alice", "turn", QUERY, 9)[0]) for index in indexes]
    indexes[0].forget("alice")
    assert found == [1, 2]
    assert len(indexes[1].search("alice", "turn", QUERY, 9)[0]) == 2
    for index in indexes:
        index.close()


def test_a_server_that_is_not_there_is_a_clear_error(store: VolatileStore) -> None:
    with pytest.raises(HomeUnavailable, match="no Chroma server at 127.0.0.1:1"):
        ChromaIndex(store, host="127.0.0.1", port=1)


def _power_cut(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
