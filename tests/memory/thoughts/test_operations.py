from datetime import UTC, datetime

import pytest

from knowhen.memory.errors import InvalidInput
from knowhen.memory.records import Source
from knowhen.memory.stores.codec import dumps, loads
from knowhen.memory.thoughts.operations import (
    Erase,
    Expire,
    Insert,
    Merge,
    Operation,
    Pin,
    Reinforce,
    Retract,
    Supersede,
    Use,
    from_payload,
    kind_of,
    to_payload,
)

DAY = datetime(2024, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "operation",
    [
        Insert("Ann sings.", "Ann", valid_from=DAY, sources=(Source("a", 0, 3, 0.9),)),
        Reinforce("t1", (Source("a", 0, 3, 0.9),)),
        Supersede("t1", "t2"),
        Retract("t1", "wrong"),
        Merge(("t1", "t2"), "both"),
        Expire("t1"),
        Pin("t1", False),
        Use(("t1",)),
        Erase(("a",), ("t1",)),
    ],
)
def test_an_operation_comes_back_from_the_log_as_it_was(operation: Operation) -> None:
    payload = loads(dumps(to_payload(operation)))
    assert from_payload(kind_of(operation), payload) == operation


def test_a_blanked_or_unknown_entry_is_refused() -> None:
    with pytest.raises(InvalidInput):
        from_payload("pin", {})
    with pytest.raises(InvalidInput):
        from_payload("dance", {"thought_id": "t1"})
