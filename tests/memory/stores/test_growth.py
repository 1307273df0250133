"""What looking up a few rows costs when there are many: steps of SQLite's machine, not time."""

from collections.abc import Callable, Iterator

import pytest

from knowhen.memory.stores.base import Mention
from knowhen.memory.stores.sqlite import SqliteStore
from knowhen.memory.testing.store_rows import NOW, entry, event, thought, turn

FEW, MANY = 100, 1600
LOOKUPS: dict[str, Callable[[SqliteStore], object]] = {
    "turns after the last seen": lambda store: list(store.turns("a", after=_last(store) - 2)),
    "turns by id": lambda store: list(store.turns("a", ids=["t7", "t8"])),
    "newest turns of a session": lambda store: list(store.turns("a", session="s7", newest=2)),
    "events of a session": lambda store: store.events("a", session="s7"),
    "waiting events by id": lambda store: store.unconsolidated("a", ids=["e7", "e8"]),
    "thoughts by id": lambda store: store.thoughts("a", ids=["h7", "h8"]),
    "thoughts of a turn": lambda store: store.thoughts("a", turn_id="t7"),
    "thoughts that changed": lambda store: store.thoughts("a", changed_after=store.version("a")),
    "vectors by owner": lambda store: store.vectors_of("a", "turn", ["t7", "t8"]),
    "new vectors": lambda store: store.vectors("a", "turn", after=_entry(store) - 2),
    "new entries": lambda store: store.entries("a", "turn", after=_entry(store) - 2),
    "new mentions": lambda store: store.mentions("a", after=_entry(store) - 2),
    "a term's postings": lambda store: store.postings("a", "turn", ["rare7"]),
    "buried digests": lambda store: store.buried("a", ["d7", "x"]),
    "operations by id": lambda store: store.operations("a", ids=[7, 8]),
    "newest operations": lambda store: store.operations("a", newest=2),
}


def _last(store: SqliteStore) -> int:
    return int(store._at("a").one("SELECT MAX(seq) FROM turns")[0])


def _entry(store: SqliteStore) -> int:
    return int(store._at("a").one("SELECT MAX(id) FROM entries")[0])


def filled(count: int) -> SqliteStore:
    store = SqliteStore()
    numbers = range(count)
    with store.transaction("a"):
        store.add_turns("a", [turn(f"t{n}", session=f"s{n // 4}") for n in numbers], NOW)
        store.add_entries("a", [entry(f"t{n}", f"rare{n}", vector=[1.0, 0.0]) for n in numbers])
        store.add_mentions("a", [Mention(f"t{n}", f"oslo{n}", "Oslo") for n in numbers])
        events = [
            event(f"e{n}", f"t{n}", f"t{n}", session=f"s{n // 4}", closed=True) for n in numbers
        ]
        store.put_events("a", events)
        store.put_thoughts("a", [thought(f"h{n}", f"t{n}", subject=f"ann{n}") for n in numbers])
        for n in numbers:
            store.log("a", "learn", {"thought_id": f"h{n}"}, {}, NOW)
        store.bury("a", [f"d{n}" for n in numbers])
    return store


@pytest.fixture(scope="module")
def stores() -> Iterator[tuple[SqliteStore, SqliteStore]]:
    few, many = filled(FEW), filled(MANY)
    yield few, many
    few.close()
    many.close()


def steps(store: SqliteStore, lookup: Callable[[SqliteStore], object]) -> int:
    """How many steps a second look takes; the first one learns the number of the space."""
    count = [0]

    def counted() -> int:
        count[0] += 1
        return 0

    lookup(store)
    store._at("a")._connection.set_progress_handler(counted, 1)
    lookup(store)
    store._at("a")._connection.set_progress_handler(None, 0)
    return count[0]


@pytest.mark.parametrize("lookup", LOOKUPS.values(), ids=LOOKUPS)
def test_looking_up_a_few_rows_costs_no_more_among_many(
    stores: tuple[SqliteStore, SqliteStore], lookup: Callable[[SqliteStore], object]
) -> None:
    few, many = stores
    assert 0 < steps(many, lookup) <= 2 * steps(few, lookup)
