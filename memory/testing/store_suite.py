"""What every store promises of turns, entries, events, thoughts, mentions and the log."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import numpy as np
import pytest

from knowhen.memory.errors import TurnConflict
from knowhen.memory.stores.base import Mention, Store
from knowhen.memory.testing.store_rows import NOW, entry, event, filled, thought, turn


def pending_vector() -> np.ndarray:
    return np.array([1.0, 0.0], np.float32)


class StoreSuite:
    """Inherit from it and give a fixture `store` that opens an empty store of your own."""

    def test_an_unknown_space_is_empty(self, store: Store) -> None:
        assert store.spaces() == []
        assert (store.version("a"), store.epoch("a"), store.count_turns("a")) == (0, 0, 0)
        assert not [*store.turns("a"), *store.sessions("a"), *store.events("a")]
        assert not [*store.thoughts("a"), *store.mentions("a"), *store.operations("a")]
        assert store.turn("a", "t1") is None
        assert store.postings("a", "turn", ["x"]) == {}
        ids, vectors = store.vectors("a", "turn")
        assert len(ids) == len(vectors) == 0
        assert vectors.ndim == 2
        assert store.check() == []

    def test_a_turn_comes_back_as_it_was(self, store: Store) -> None:
        given = turn(
            "t1", 'a "quote", \0, 漢字 👍\n', speaker="Ann", meta={"n": [1, None], "é": 1.5}
        )
        stored = store.add_turns("a", [given], NOW)[0]
        assert stored.turn == given
        assert stored == store.turn("a", "t1") == next(store.turns("a"))
        assert stored.turn.time is not None
        assert stored.turn.time.utcoffset() == timedelta(hours=5, minutes=30)
        assert stored.recorded_at == NOW

    def test_a_turn_may_have_no_time(self, store: Store) -> None:
        store.add_turns("a", [turn("t1", time=None)], NOW)
        assert next(store.turns("a")).turn.time is None
        assert store.add_turns("a", [turn("t1", time=None)], NOW) == []

    def test_the_same_turn_again_changes_nothing(self, store: Store) -> None:
        given = turn("t1", meta={"spans": (1, 2), "score": 0.1})
        store.add_turns("a", [given, given], NOW)
        version = store.version("a")
        same_instant = replace(given, time=NOW.astimezone(UTC))
        assert store.add_turns("a", [given, same_instant], NOW) == []
        assert store.version("a") == version
        assert store.count_turns("a") == 1

    @pytest.mark.parametrize(
        "change",
        [
            {"text": "I moved to Rome."},
            {"speaker": "Bob"},
            {"role": "assistant"},
            {"session": "s2"},
            {"time": NOW + timedelta(microseconds=1)},
            {"time": None},
            {"meta": {"a": 1}},
        ],
    )
    def test_a_known_id_with_other_content_leaves_no_trace(
        self, store: Store, change: dict[str, Any]
    ) -> None:
        store.add_turns("a", [turn("t1")], NOW)
        before = store.version("a")
        with pytest.raises(TurnConflict, match="'t1'") as caught, store.transaction("a"):
            store.set_setting("key", "value", space="a")
            store.add_turns("a", [turn("t0")], NOW)
            store.add_turns("a", [turn("t2"), turn("t1", **change)], NOW)
        assert caught.value.turn_id == "t1"
        assert [s.turn.id for s in store.turns("a")] == ["t1"]
        assert (store.setting("key", space="a"), store.version("a")) == (None, before)

    def test_two_contents_under_one_id_in_one_call_conflict(self, store: Store) -> None:
        with pytest.raises(TurnConflict):
            store.add_turns("a", [turn("t1"), turn("t1", "Other.")], NOW)
        assert store.count_turns("a") == 0

    def test_turns_come_in_arrival_order_and_can_be_cut(self, store: Store) -> None:
        names = ["b", "c", "a", "d"]
        added = [
            store.add_turns("a", [turn(n, session="s2" if n == "c" else "s1")], NOW)[0]
            for n in names
        ]

        def found(**cut: object) -> list[str]:
            return [s.turn.id for s in store.turns("a", **cut)]  # type: ignore[arg-type]

        assert found() == names
        assert found(after=added[1].seq) == ["a", "d"]
        assert found(session="s1") == ["b", "a", "d"]
        assert found(session="s1", newest=2) == ["a", "d"]
        assert found(newest=0) == []
        assert found(ids=["d", "b", "nobody", "b"]) == ["b", "d"]
        assert found(ids=["d", "b"], newest=1, after=0) == ["d"]
        assert found(ids=[]) == []
        assert store.sessions("a") == ["s1", "s2"]
        assert store.count_turns("a") == 4

    def test_many_ids_can_be_asked_for_at_once(self, store: Store) -> None:
        names = [f"t{n}" for n in range(2500)]
        store.add_turns("a", [turn(name) for name in names], NOW)
        assert [s.turn.id for s in store.turns("a", ids=names[::-1])] == names
        assert [s.turn.id for s in store.turns("a")] == names

    def test_deleted_turns_take_their_traces_along(self, store: Store) -> None:
        filled(store)
        epoch = store.epoch("a")
        store.delete_turns("a", ["t1", "nobody"])
        assert [s.turn.id for s in store.turns("a")] == ["t2"]
        assert [row.owner for row in store.entries("a", "turn")] == ["t2"]
        assert store.postings("a", "turn", ["oslo", "move"]) == {}
        assert store.mentions("a") == []
        assert store.quarantined("a") == []
        assert store.epoch("a") > epoch

    def test_deleting_nothing_changes_nothing(self, store: Store) -> None:
        filled(store)
        before = store.version("a"), store.epoch("a")
        store.delete_turns("a", ["nobody"])
        store.delete_entries("a", "turn", ["nobody"])
        store.delete_events("a", ["nobody"])
        store.delete_thoughts("a", [])
        assert (store.version("a"), store.epoch("a")) == before

    def test_numbers_of_deleted_rows_are_never_given_again(self, store: Store) -> None:
        first = store.add_turns("a", [turn("t1")], NOW)[0].seq
        (number,) = store.add_entries("a", [entry("t1", "oslo")])
        store.delete_turns("a", ["t1"])
        assert store.add_turns("a", [turn("t1")], NOW)[0].seq > first
        assert store.add_entries("a", [entry("t1", "oslo")])[0] > number

    def test_buried_digests_are_known_again(self, store: Store) -> None:
        store.bury("a", ["d1", "d2"])
        store.bury("a", ["d1"])
        assert store.buried("a", ["d1", "d3"]) == {"d1"}
        assert store.buried("b", ["d1"]) == set()

    def test_postings_name_entries_and_counts_in_order(self, store: Store) -> None:
        first, second, third = store.add_entries(
            "a", [entry("t1", "c++", "oslo", "c++"), entry("t2", "oslo"), entry("t3", "c")]
        )
        found = store.postings("a", "turn", ["c++", "oslo", "rome", "oslo"])
        assert {term: (list(ids), list(counts)) for term, (ids, counts) in found.items()} == {
            "c++": ([first], [2]),
            "oslo": ([first, second], [1, 1]),
        }
        assert all(a.dtype == np.int64 for pair in found.values() for a in pair)
        assert store.postings("a", "turn", ["c"])["c"][0].tolist() == [third]

    def test_kinds_and_spaces_keep_apart(self, store: Store) -> None:
        store.add_entries("a", [entry("t1", "oslo", vector=[1, 0])])
        store.add_entries("b", [entry("t1", "oslo", vector=[0, 1])])
        store.add_entries("a", [entry("oslo", "oslo", kind="entity", vector=[1, 0])])
        for space, kind in (("a", "turn"), ("b", "turn"), ("a", "entity")):
            assert len(store.postings(space, kind, ["oslo"])["oslo"][0]) == 1  # type: ignore[arg-type]
            assert len(store.vectors(space, kind)[0]) == 1  # type: ignore[arg-type]
            assert len(store.entries(space, kind)) == 1  # type: ignore[arg-type]
        assert store.postings("b", "entity", ["oslo"]) == {}

    def test_entries_come_after_the_last_one_seen(self, store: Store) -> None:
        first, second = store.add_entries("a", [entry("t1", "x", "y"), entry("t2")])
        assert [(r.id, r.owner, r.length) for r in store.entries("a", "turn")] == [
            (first, "t1", 2),
            (second, "t2", 0),
        ]
        assert [row.id for row in store.entries("a", "turn", after=first)] == [second]

    def test_vectors_come_back_nearly_as_they_were_after_the_last_seen(self, store: Store) -> None:
        drawn = np.random.default_rng(7).normal(size=(5, 3)).astype(np.float32)
        given = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
        rows = [replace(entry(f"t{n}", "x"), vector=vector) for n, vector in enumerate(given)]
        numbers = store.add_entries("a", rows)
        ids, vectors = store.vectors("a", "turn")
        assert ids.tolist() == numbers
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(vectors, given, atol=0.004)
        ids, later = store.vectors("a", "turn", after=numbers[2])
        assert ids.tolist() == numbers[3:]
        np.testing.assert_array_equal(later, vectors[3:])

    def test_vectors_of_owners_hold_one_row_for_each_entry(self, store: Store) -> None:
        rows = [entry("t1", vector=[1, 0]), entry("t1", vector=[0, 1]), entry("t2", vector=[1, 0])]
        store.add_entries("a", [*rows, entry("t3")])
        found = store.vectors_of("a", "turn", ["t1", "t3", "nobody"])
        assert {owner: v.tolist() for owner, v in found.items()} == {"t1": [[1, 0], [0, 1]]}

    def test_a_pending_vector_is_listed_until_it_is_set(self, store: Store) -> None:
        (number,) = store.add_entries("a", [entry("t1", "x", "c++")])
        (pending,) = store.pending_vectors("a")
        assert (pending.id, pending.owner, list(pending.terms)) == (number, "t1", ["x", "c++"])
        store.set_vectors("a", {number: np.array([0.6, 0.8], np.float32), 999: pending_vector()})
        assert store.pending_vectors("a") == []
        assert store.vectors("a", "turn")[0].tolist() == [number]

    def test_a_vector_set_behind_a_caches_back_starts_a_new_epoch(self, store: Store) -> None:
        early, late = store.add_entries("a", [entry("t1"), entry("t2")])
        epoch = store.epoch("a")
        store.set_vectors("a", {late: pending_vector()})
        assert store.epoch("a") == epoch
        store.set_vectors("a", {early: pending_vector()})
        assert store.epoch("a") > epoch

    def test_deleted_entries_are_found_no_more(self, store: Store) -> None:
        numbers = store.add_entries("a", [entry("t1", "x", vector=[1.0]), entry("t2", "x")])
        epoch = store.epoch("a")
        store.delete_entries("a", "turn", ["t1"])
        assert [row.id for row in store.entries("a", "turn")] == numbers[1:]
        assert store.postings("a", "turn", ["x"])["x"][0].tolist() == numbers[1:]
        assert len(store.vectors("a", "turn")[0]) == 0
        assert store.epoch("a") > epoch

    def test_events_come_in_the_order_of_their_first_turns(self, store: Store) -> None:
        store.add_turns("a", [turn("t1"), turn("t2"), turn("t3", session="s2")], NOW)
        given = [
            event("a", "t3", "t3", session="s2"),
            event("b", "t2", "t2"),
            event("c", "t1", "t1"),
        ]
        store.put_events("a", given)
        assert store.events("a") == given[::-1]
        assert store.events("a", session="s2") == given[:1]
        changed = replace(given[1], title="Oslo", keys=("t2",), surprise=1.5, closed=True)
        seen = store.version("a")
        store.put_events("a", [changed])
        assert store.events("a", changed_after=seen) == [changed]
        store.delete_events("a", ["a", "c"])
        assert store.events("a") == [changed]

    def test_closed_events_wait_until_they_are_thought_about(self, store: Store) -> None:
        filled(store)
        store.put_events("a", [event("open", "t2", "t2")])
        assert [e.id for e in store.unconsolidated("a")] == ["e1"]
        store.set_consolidated("a", ["e1"], True)
        assert store.unconsolidated("a") == []
        store.put_events("a", [event("e1", "t1", "t2", closed=True, title="renamed")])
        assert store.unconsolidated("a") == []
        store.set_consolidated("a", ["e1"], False)
        assert [e.id for e in store.unconsolidated("a")] == ["e1"]

    def test_an_event_that_got_other_turns_is_thought_about_again(self, store: Store) -> None:
        filled(store)
        store.set_consolidated("a", ["e1"], True)
        store.put_events("a", [event("e1", "t1", "t1", turns=1, closed=True)])
        assert [e.id for e in store.unconsolidated("a")] == ["e1"]

    def test_thoughts_are_found_by_id_and_source(self, store: Store) -> None:
        given = [
            thought("h3", "t1", "t2", valid_from=NOW, supersedes=("h0",), status="retracted"),
            thought("h1", "t2", subject="bob", confidence=0.1),
            thought("h2"),
        ]
        store.put_thoughts("a", given)
        assert store.thoughts("a") == [given[1], given[2], given[0]]
        assert store.thoughts("a", ids=["h2", "nobody"]) == [given[2]]
        assert store.thoughts("a", turn_id="t2") == [given[1], given[0]]
        assert store.thoughts("a", turn_id="t2", ids=["h2", "h3"]) == [given[0]]
        assert store.thoughts("a", ids=[]) == []

    def test_a_thought_put_again_replaces_the_old_one(self, store: Store) -> None:
        store.put_thoughts("a", [thought("h1", "t1"), thought("h2", "t1")])
        seen = store.version("a")
        store.put_thoughts("a", [thought("h1", "t2", subject="bob")])
        assert [t.id for t in store.thoughts("a", changed_after=seen)] == ["h1"]
        assert [t.id for t in store.thoughts("a", turn_id="t1")] == ["h2"]

    def test_deleted_thoughts_take_their_entries_along(self, store: Store) -> None:
        store.put_thoughts("a", [thought("h1", "t1"), thought("h2", "t1")])
        store.add_entries("a", [entry("h1", "oslo", kind="thought")])
        store.delete_thoughts("a", ["h1"])
        assert [t.id for t in store.thoughts("a", turn_id="t1")] == ["h2"]
        assert store.postings("a", "thought", ["oslo"]) == {}

    def test_refused_proposals_are_kept(self, store: Store) -> None:
        store.quarantine("a", ["t1", "t2"], "no such words", "Ann lives in Rome")
        assert [(list(t), r, x) for t, r, x in store.quarantined("a")] == [
            (["t1", "t2"], "no such words", "Ann lives in Rome")
        ]
        assert store.quarantined("b") == []

    def test_a_mention_is_kept_once(self, store: Store) -> None:
        given = [Mention("t1", "oslo", "Oslo"), Mention("t1", "oslo", "OSLO")]
        store.add_mentions("a", [*given, given[0]])
        (first, _), (last, _) = store.mentions("a")
        version = store.version("a")
        store.add_mentions("a", given)
        assert store.version("a") == version
        store.add_mentions("a", [given[0], Mention("t2", "oslo", "Oslo")])
        assert [m for _, m in store.mentions("a")] == [*given, Mention("t2", "oslo", "Oslo")]
        assert [m.turn_id for _, m in store.mentions("a", after=last)] == ["t2"]
        assert first < last

    def test_operations_are_logged_in_order_and_can_be_marked_undone(self, store: Store) -> None:
        payload: dict[str, object] = {"thought": {"id": "h1", "sources": [["t1", 0]]}, "n": 1.5}
        first = store.log("a", "Insert", payload, {}, NOW)
        second = store.log("a", "Undo", {"of": first}, {"h": None}, NOW + timedelta(days=1))
        store.log("b", "Insert", {}, {}, NOW)
        store.mark_undone("a", first, second)
        one, two = store.operations("a")
        assert (one.id, one.space, one.kind, one.payload, one.undone_by) == (
            first,
            "a",
            "Insert",
            payload,
            second,
        )
        assert (two.time, two.before, two.undone_by) == (NOW + timedelta(days=1), {"h": None}, None)
        assert store.operations("a", newest=1) == [two]
        assert store.operations("a", ids=[first, 999]) == [one]
        assert store.operations("a", ids=[second, first]) == [one, two]

    def test_scrub_blanks_whatever_names_an_erased_id(self, store: Store) -> None:
        payloads: list[dict[str, object]] = [
            {"thought": {"sources": [{"turn_id": "t1"}]}},
            {"t1": "as a key"},
            {"turns": ["t11", "xt1"], "text": "t1 inside other words"},
        ]
        for payload in payloads:
            store.log("a", "Insert", payload, {}, NOW)
        store.log("a", "Merge", {}, {"was": ["t1"]}, NOW)
        store.scrub("a", ["t1", "t2"])
        assert [o.payload for o in store.operations("a")] == [{}, {}, payloads[2], {}]
        assert [o.before for o in store.operations("a")] == [{}, {}, {}, {}]
