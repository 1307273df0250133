"""What every vector index promises."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from knowhen.memory.indexes.base import VectorIndex
from knowhen.memory.testing.volatile_store import VolatileStore

DIMENSION = 24


Add = Callable[..., list[int]]


def query(seed: int = 99) -> NDArray[np.float32]:
    vector = np.random.default_rng(seed).normal(size=DIMENSION)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def truth(store: VolatileStore, space: str, limit: int) -> list[int]:
    ids, vectors = store.vectors(space, "turn")
    return [int(ids[place]) for place in np.argsort(-(vectors @ query()))[:limit]]


class IndexSuite:
    """Inherit from it and give a fixture `index` over the fixture `store`, and `add` as below."""

    def test_an_empty_space_has_no_neighbours(self, index: VectorIndex) -> None:
        ids, cosines = index.search("alice", "turn", query(), 5)
        assert ids.dtype == np.int64
        assert cosines.dtype == np.float32
        assert len(ids) == len(cosines) == 0

    def test_search_gives_the_nearest_best_first(
        self, index: VectorIndex, store: VolatileStore, add: Add
    ) -> None:
        add("alice", 300)
        ids, cosines = index.search("alice", "turn", query(), 10)
        assert ids.tolist() == truth(store, "alice", 10)
        known = dict(zip(*store.vectors("alice", "turn"), strict=True))
        assert np.allclose(cosines, [known[number] @ query() for number in ids], atol=1e-5)
        assert (np.diff(cosines) <= 0).all()

    def test_a_limit_beyond_what_is_there_gives_everything(
        self, index: VectorIndex, add: Add
    ) -> None:
        added = add("alice", 7)
        assert sorted(index.search("alice", "turn", query(), 50)[0].tolist()) == added
        assert len(index.search("alice", "turn", query(), 0)[0]) == 0

    def test_later_entries_are_found_at_the_next_search(
        self, index: VectorIndex, store: VolatileStore, add: Add
    ) -> None:
        for seed in range(4):
            add("alice", 20, seed=seed)
            assert index.search("alice", "turn", query(), 5)[0].tolist() == truth(store, "alice", 5)

    def test_deleted_entries_are_gone_at_the_next_search(
        self, index: VectorIndex, store: VolatileStore, add: Add
    ) -> None:
        add("alice", 40)
        best = int(index.search("alice", "turn", query(), 1)[0][0])
        owner = next(row.owner for row in store.entries("alice", "turn") if row.id == best)
        store.delete_entries("alice", "turn", [owner])
        ids, _ = index.search("alice", "turn", query(), 40)
        assert best not in ids.tolist()
        assert len(ids) == 39

    def test_a_vector_that_comes_late_is_found(
        self, index: VectorIndex, store: VolatileStore, add: Add
    ) -> None:
        from knowhen.memory.stores.base import Entry

        pending = store.add_entries("alice", [Entry("turn", "late", 0, 1, ("x",))])[0]
        add("alice", 5)
        assert pending not in index.search("alice", "turn", query(), 9)[0].tolist()
        store.set_vectors("alice", {pending: query()})
        ids, cosines = index.search("alice", "turn", query(), 9)
        assert ids[0] == pending
        assert cosines[0] == pytest.approx(1.0, abs=1e-5)

    def test_spaces_and_kinds_never_mix(self, index: VectorIndex, add: Add) -> None:
        names = ["alice", "Алиса / ../.. 😀", "a", "x" * 700]
        added = {name: add(name, 5, seed=place) for place, name in enumerate(names)}
        thoughts = add("alice", 3, kind="thought", seed=9)
        for name in names:
            assert sorted(index.search(name, "turn", query(), 50)[0].tolist()) == added[name]
        assert sorted(index.search("alice", "thought", query(), 50)[0].tolist()) == thoughts
        assert len(index.search("a", "thought", query(), 50)[0]) == 0

    def test_a_forgotten_space_is_rebuilt_from_the_store(
        self, index: VectorIndex, store: VolatileStore, add: Add
    ) -> None:
        add("alice", 30)
        before = index.search("alice", "turn", query(), 10)
        index.forget("alice")
        after = index.search("alice", "turn", query(), 10)
        assert before[0].tolist() == after[0].tolist()
        assert np.allclose(before[1], after[1], atol=1e-6)

    def test_forgetting_a_space_leaves_the_others(self, index: VectorIndex, add: Add) -> None:
        add("alice", 5)
        bob = add("bob", 5, seed=1)
        index.search("alice", "turn", query(), 5), index.search("bob", "turn", query(), 5)
        index.forget("alice")
        index.forget("nobody")
        assert sorted(index.search("bob", "turn", query(), 5)[0].tolist()) == bob

    def test_rows_of_a_rolled_back_transaction_are_not_kept(
        self, index: VectorIndex, store: VolatileStore, add: Add
    ) -> None:
        kept = add("alice", 5)

        def look_and_fail() -> None:
            with store.transaction("alice"):
                add("alice", 5, seed=1)
                assert len(index.search("alice", "turn", query(), 50)[0]) == 10
                raise RuntimeError

        with pytest.raises(RuntimeError):
            look_and_fail()
        assert sorted(index.search("alice", "turn", query(), 50)[0].tolist()) == kept
