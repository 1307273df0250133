"""What every store promises of events, thoughts, mentions and the log."""

from dataclasses import replace
from datetime import timedelta

from store_rows import NOW, entry, event, filled, thought, turn

from knowhen.memory.stores.base import Mention, Store


def test_events_come_in_the_order_of_their_first_turns(store: Store) -> None:
    store.add_turns("a", [turn("t1"), turn("t2"), turn("t3", session="s2")], NOW)
    given = [event("a", "t3", "t3", session="s2"), event("b", "t2", "t2"), event("c", "t1", "t1")]
    store.put_events("a", given)
    assert store.events("a") == given[::-1]
    assert store.events("a", session="s2") == given[:1]
    changed = replace(given[1], title="Oslo", keys=("t2",), surprise=1.5, closed=True)
    seen = store.version("a")
    store.put_events("a", [changed])
    assert store.events("a", changed_after=seen) == [changed]
    store.delete_events("a", ["a", "c"])
    assert store.events("a") == [changed]


def test_closed_events_wait_until_they_are_thought_about(store: Store) -> None:
    filled(store)
    store.put_events("a", [event("open", "t2", "t2")])
    assert [e.id for e in store.unconsolidated("a")] == ["e1"]
    store.set_consolidated("a", ["e1"], True)
    assert store.unconsolidated("a") == []
    store.put_events("a", [event("e1", "t1", "t2", closed=True, title="renamed")])
    assert store.unconsolidated("a") == []
    store.set_consolidated("a", ["e1"], False)
    assert [e.id for e in store.unconsolidated("a")] == ["e1"]


def test_an_event_that_got_other_turns_is_thought_about_again(store: Store) -> None:
    filled(store)
    store.set_consolidated("a", ["e1"], True)
    store.put_events("a", [event("e1", "t1", "t1", turns=1, closed=True)])
    assert [e.id for e in store.unconsolidated("a")] == ["e1"]


def test_thoughts_are_found_by_id_slot_and_source(store: Store) -> None:
    given = [
        thought("h3", "t1", "t2", valid_from=NOW, supersedes=("h0",), status="retracted"),
        thought("h1", "t2", subject="bob", confidence=0.1),
        thought("h2"),
    ]
    store.put_thoughts("a", given)
    assert store.thoughts("a") == [given[1], given[2], given[0]]
    assert store.thoughts("a", ids=["h2", "nobody"]) == [given[2]]
    assert store.thoughts("a", slot=("bob", "lives in")) == [given[1]]
    assert store.thoughts("a", turn_id="t2") == [given[1], given[0]]
    assert store.thoughts("a", turn_id="t2", slot=("ann", "lives in"), ids=["h1", "h3"]) == [
        given[0]
    ]
    assert store.thoughts("a", ids=[]) == []


def test_a_thought_put_again_replaces_the_old_one(store: Store) -> None:
    store.put_thoughts("a", [thought("h1", "t1"), thought("h2", "t1")])
    seen = store.version("a")
    store.put_thoughts("a", [thought("h1", "t2", subject="bob")])
    assert [t.id for t in store.thoughts("a", changed_after=seen)] == ["h1"]
    assert [t.id for t in store.thoughts("a", turn_id="t1")] == ["h2"]
    assert [t.id for t in store.thoughts("a", slot=("ann", "lives in"))] == ["h2"]


def test_deleted_thoughts_take_their_entries_along(store: Store) -> None:
    store.put_thoughts("a", [thought("h1", "t1"), thought("h2", "t1")])
    store.add_entries("a", [entry("h1", "oslo", kind="thought")])
    store.delete_thoughts("a", ["h1"])
    assert [t.id for t in store.thoughts("a", turn_id="t1")] == ["h2"]
    assert store.postings("a", "thought", ["oslo"]) == {}


def test_refused_proposals_are_kept(store: Store) -> None:
    store.quarantine("a", ["t1", "t2"], "no such words", "Ann lives in Rome")
    assert [(list(t), r, x) for t, r, x in store.quarantined("a")] == [
        (["t1", "t2"], "no such words", "Ann lives in Rome")
    ]
    assert store.quarantined("b") == []


def test_a_mention_is_kept_once(store: Store) -> None:
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


# Operation log -------------------------------------------------------------------------------
def test_operations_are_logged_in_order_and_can_be_marked_undone(store: Store) -> None:
    payload: dict[str, object] = {"thought": {"id": "h1", "sources": [["t1", 0]]}, "n": 1.5}
    first = store.log("a", "Insert", payload, {}, NOW)
    second = store.log("a", "Undo", {"of": first}, {"h": None}, NOW + timedelta(days=1))
    store.log("b", "Insert", {}, {}, NOW)
    store.mark_undone(first, second)
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


def test_scrub_blanks_whatever_names_an_erased_id(store: Store) -> None:
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
