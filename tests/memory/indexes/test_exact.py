import threading
from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from knowhen.memory.indexes.exact import ExactIndex, top
from knowhen.memory.stores.base import Entry, EntryKind
from knowhen.memory.testing.volatile_store import VolatileStore

Add = Callable[..., list[int]]
QUERY = np.ones(24, dtype=np.float32) / np.sqrt(np.float32(24))


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from([-1.0, 0.0, 0.5, 0.5, 1.0]), max_size=30), st.integers(-1, 40))
def test_top_is_a_stable_sort_cut_short(values: list[float], limit: int) -> None:
    scores = np.array(values, dtype=np.float32)
    expected = sorted(range(len(values)), key=lambda place: (-values[place], place))
    assert top(scores, limit).tolist() == expected[: max(limit, 0)]


def test_similarities_cover_every_entry_in_order_of_id(store: VolatileStore, add: Add) -> None:
    added = add("alice", 12) + add("alice", 12, seed=1)
    ids, cosines = ExactIndex(store).similarities("alice", "turn", QUERY)
    assert ids.tolist() == added
    assert np.allclose(cosines, store.vectors("alice", "turn")[1] @ QUERY, atol=1e-6)


def test_the_matrix_cannot_be_written_to(store: VolatileStore, add: Add) -> None:
    add("alice", 3)
    ids, vectors = ExactIndex(store).matrix("alice", "turn")
    assert not ids.flags.writeable
    assert not vectors.flags.writeable


def test_an_unchanged_space_is_not_read_again(store: VolatileStore, add: Add) -> None:
    reads: list[int] = []

    class Counting(VolatileStore):
        def vectors(
            self, space: str, kind: EntryKind, *, after: int = 0
        ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
            reads.append(after)
            return store.vectors(space, kind, after=after)

        def version(self, space: str) -> int:
            return store.version(space)

        def epoch(self, space: str) -> int:
            return store.epoch(space)

    index = ExactIndex(Counting())
    first = add("alice", 4)
    for _ in range(3):
        index.search("alice", "turn", QUERY, 2)
    add("alice", 4, seed=1)
    index.search("alice", "turn", QUERY, 2)
    assert reads == [0, first[-1]]


def test_threads_see_whole_rows(store: VolatileStore, add: Add) -> None:
    index = ExactIndex(store)
    add("alice", 50)
    wrong: list[str] = []

    def look() -> None:
        for _ in range(30):
            ids, cosines = index.similarities("alice", "turn", QUERY)
            if len(ids) != len(cosines) or len(set(ids.tolist())) != len(ids):
                wrong.append("rows are torn")

    readers = [threading.Thread(target=look) for _ in range(4)]
    for reader in readers:
        reader.start()
    for seed in range(1, 11):
        add("alice", 10, seed=seed)
    for reader in readers:
        reader.join()
    assert not wrong
    assert len(index.similarities("alice", "turn", QUERY)[0]) == 150


def test_after_an_erasure_only_what_is_gone_is_dropped(store: VolatileStore, add: Add) -> None:
    index = ExactIndex(store)
    add("alice", 30)
    before = dict(zip(*index.matrix("alice", "turn"), strict=True))
    store.delete_entries("alice", "turn", ["o3", "o29"])
    add("alice", 4, seed=2, owner="later")
    seen: list[int] = []
    vectors = store.vectors

    def counted(
        space: str, kind: EntryKind, *, after: int = 0
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        seen.append(after)
        return vectors(space, kind, after=after)

    store.entry_ids = lambda space, kind: vectors(space, kind)[0]  # type: ignore[method-assign]
    store.vectors = counted  # type: ignore[method-assign]
    ids, rows = index.matrix("alice", "turn")
    assert seen[0] > 0
    assert len(ids) == 32
    for number, row in zip(ids.tolist(), rows, strict=True):
        if number in before:
            np.testing.assert_array_equal(row, before[number])


def test_a_vector_that_comes_late_is_read_with_all_others(store: VolatileStore, add: Add) -> None:
    index = ExactIndex(store)
    (pending,) = store.add_entries("alice", [Entry("turn", "late", 0, 1, ("x",))])
    add("alice", 5)
    assert len(index.matrix("alice", "turn")[0]) == 5
    store.set_vectors("alice", {pending: QUERY})
    assert pending in index.matrix("alice", "turn")[0].tolist()
