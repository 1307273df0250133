"""What every store promises of transactions, versions and care."""

import re
import threading
from collections.abc import Callable

import numpy as np
import pytest

from knowhen.memory.errors import OperationRefused
from knowhen.memory.stores.base import Entry, Mention, Store
from knowhen.memory.testing.store_rows import NOW, entry, event, filled, thought, turn


class StoreCareSuite:
    """Inherit from it and give a fixture `store` that opens an empty store of your own."""

    def test_an_exception_rolls_everything_back(self, store: Store) -> None:
        filled(store)
        before = store.version("a"), store.epoch("a")
        with pytest.raises(RuntimeError), store.transaction("a"):
            store.set_setting("k", "v", space="a")
            store.delete_turns("a", ["t1"])
            store.clear_derived("a")
            store.mark_undone("a", store.operations("a")[0].id, 7)
            raise RuntimeError
        assert (store.version("a"), store.epoch("a")) == before
        assert store.setting("k", space="a") is None
        assert store.spaces() == ["a"]
        assert [s.turn.id for s in store.turns("a")] == ["t1", "t2"]
        assert len(store.postings("a", "turn", ["oslo"])) == len(store.mentions("a")) == 1
        assert [o.undone_by for o in store.operations("a")] == [None]

    def test_an_inner_transaction_joins_the_outer_and_rolls_back_alone(self, store: Store) -> None:
        with store.transaction("a"):
            store.set_setting("outer", "1", space="a")
            with store.transaction("a"):
                store.set_setting("inner", "1", space="a")
            with pytest.raises(RuntimeError), store.transaction("a"):
                store.set_setting("failed", "1", space="a")
                raise RuntimeError
        kept = [store.setting(key, space="a") for key in ("outer", "inner", "failed")]
        assert kept == ["1", "1", None]
        with pytest.raises(RuntimeError), store.transaction("a"):
            with store.transaction("a"):
                store.set_setting("inner", "2", space="a")
            raise RuntimeError
        assert store.setting("inner", space="a") == "1"

    def test_version_grows_with_every_write_of_its_own_space_alone(self, store: Store) -> None:
        filled(store)
        versions = [store.version("a")]
        writes: list[Callable[[], object]] = [
            lambda: store.add_turns("a", [turn("t9")], NOW),
            lambda: store.add_entries("a", [entry("t9", "x")]),
            lambda: store.put_events("a", [event("e9", "t9", "t9")]),
            lambda: store.set_consolidated("a", ["e9"], True),
            lambda: store.put_thoughts("a", [thought("h9")]),
            lambda: store.add_mentions("a", [Mention("t9", "x", "X")]),
            lambda: store.log("a", "Insert", {}, {}, NOW),
            lambda: store.delete_thoughts("a", ["h9"]),
            lambda: store.delete_events("a", ["e9"]),
            lambda: store.delete_turns("a", ["t9"]),
            lambda: store.bump_epoch("a"),
            lambda: store.clear_derived("a"),
        ]
        for write in writes:
            write()
            versions.append(store.version("a"))
        assert versions == sorted(set(versions))
        assert store.version("b") == 0

    def test_threads_never_see_half_a_transaction(self, store: Store) -> None:
        seen: list[int] = []
        failures: list[BaseException] = []

        def write(name: str) -> None:
            for number in range(20):
                with store.transaction("a"):
                    store.add_turns("a", [turn(f"{name}{number}x")], NOW)
                    store.add_turns("a", [turn(f"{name}{number}y")], NOW)

        def read() -> None:
            while any(thread.is_alive() for thread in writers):
                with store.snapshot("a"):
                    seen.append(store.count_turns("a"))

        def guarded(target, *arguments) -> None:  # type: ignore[no-untyped-def]
            try:
                target(*arguments)
            except BaseException as error:
                failures.append(error)

        writers = [threading.Thread(target=guarded, args=(write, name)) for name in "pqr"]
        reader = threading.Thread(target=guarded, args=(read,))
        for thread in [*writers, reader]:
            thread.start()
        for thread in [*writers, reader]:
            thread.join()
        assert not failures
        assert store.count_turns("a") == 120
        assert all(count % 2 == 0 for count in seen)

    def test_clear_derived_keeps_turns_log_settings_and_buried_digests(self, store: Store) -> None:
        filled(store)
        store.set_setting("k", "v", space="a")
        epoch = store.epoch("a")
        store.clear_derived("a")
        assert store.count_turns("a") == 2
        assert len(store.operations("a")) == 1
        assert (store.setting("k", space="a"), store.buried("a", ["d1"])) == ("v", {"d1"})
        assert not [*store.entries("a", "turn"), *store.events("a"), *store.thoughts("a")]
        assert not [*store.mentions("a"), *store.quarantined("a")]
        assert store.postings("a", "turn", ["oslo"]) == {}
        assert store.epoch("a") > epoch

    def test_spaces_that_were_written_to_are_listed_in_order(self, store: Store) -> None:
        store.add_turns("zoe", [turn("t1")], NOW)
        store.log("ann", "Insert", {}, {}, NOW)
        store.put_thoughts("bob", [thought("h1")])
        with pytest.raises(RuntimeError), store.transaction("never"):
            store.add_turns("never", [turn("t1")], NOW)
            raise RuntimeError
        assert list(store.turns("read")) == []
        assert store.spaces() == ["ann", "bob", "zoe"]

    def test_a_setting_of_a_space_is_none_of_the_home(self, store: Store) -> None:
        store.set_setting("k", "home")
        store.set_setting("k", "a", space="a")
        found = [store.setting("k"), store.setting("k", space="a"), store.setting("k", space="b")]
        assert found == ["home", "a", None]

    def test_the_first_claim_of_a_setting_stands(self, store: Store) -> None:
        assert [store.claim_setting("k", "one"), store.claim_setting("k", "two")] == ["one", "one"]

    def test_what_a_record_still_says_is_told(self, store: Store) -> None:
        filled(store)
        store.add_turns("a", [turn("t9", 'He said "Oslo" \n twice.')], NOW)
        store.put_thoughts("a", [thought("h2", text='Ann said "no" twice')])
        texts = ['"Oslo" \n twice', '"no" twice', "I moved", "nobody"]
        assert store.says("a", texts) == [True, True, True, False]
        assert store.says("b", texts) == [False] * 4

    def test_transactions_of_two_spaces_do_not_wait_for_each_other(self, store: Store) -> None:
        filled(store)
        with store.transaction("a"):
            store.add_turns("a", [turn("t9")], NOW)
            with store.transaction("b"):
                store.add_turns("b", [turn("t9")], NOW)
        assert (store.count_turns("a"), store.count_turns("b")) == (3, 1)

    def test_a_settled_store_has_no_findings(self, store: Store) -> None:
        filled(store)
        store.add_entries("a", [entry("h1", "oslo", kind="thought")])
        assert store.check() == []

    @pytest.mark.parametrize(
        ("damage", "finding"),
        [
            (lambda s: s.add_turns("a", [turn("t9")], NOW), "turn 't9'.*no entry"),
            (lambda s: s.add_entries("a", [entry("t9", "x")]), "turn 't9'.*no such turn"),
            (lambda s: s.add_entries("a", [Entry("turn", "t1", 0, 99, ())]), "exceeds its text"),
            (
                lambda s: s.add_entries("a", [entry("h9", kind="thought")]),
                "thought 'h9'.*no such thought",
            ),
            (lambda s: s.put_events("a", [event("e9", "t1", "t9")]), "event 'e9'.*'t9'"),
            (lambda s: s.put_thoughts("a", [thought("h9", "t9")]), "thought 'h9'.*'t9'"),
            (lambda s: s.add_mentions("a", [Mention("t9", "x", "X")]), "mention.*'t9'"),
            (
                lambda s: s.add_entries(
                    "a", [entry("t1", vector=[1, 0]), entry("t1", vector=[1, 0, 0])]
                ),
                "differ in length",
            ),
            (
                lambda s: (
                    s.set_setting("dimension", "3"),
                    s.add_entries("a", [entry("t1", vector=[1, 0])]),
                ),
                "not of length 3",
            ),
            (lambda s: s.add_entries("a", [entry("t1", vector=[np.nan])]), "no numbers"),
        ],
    )
    def test_check_names_what_does_not_fit(self, store: Store, damage, finding: str) -> None:  # type: ignore[no-untyped-def]
        filled(store)
        damage(store)
        (found,) = store.check()
        assert re.search(finding, found)

    def test_purge_waits_for_no_transaction_of_its_own(self, store: Store) -> None:
        with pytest.raises(OperationRefused), store.transaction("a"):
            store.purge("a")
        store.purge("a")

    def test_a_snapshot_reads_and_nests_in_a_transaction(self, store: Store) -> None:
        filled(store)
        with store.snapshot("a"), store.snapshot("a"):
            assert store.count_turns("a") == 2
        with store.transaction("a"):
            with store.snapshot("a"):
                assert store.count_turns("a") == 2
            store.delete_turns("a", ["t1"])
        assert store.count_turns("a") == 1
