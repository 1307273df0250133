"""Why a turn is recalled for a query, and what keeps one out."""

from datetime import UTC, datetime, timedelta

import pytest

from knowhen import MemoryManager, Turn
from knowhen.memory.errors import InvalidInput, NotFound

START = datetime(2024, 3, 1, 9, tzinfo=UTC)
PLACES = ("Aldern", "Brisk", "Corvel", "Dunmar", "Estrow", "Felden", "Gorse")
TOLD = [
    ("Nora", "My cousin Leif finally opened a bakery of his own last spring."),
    ("Leif", "Kirkebo was the only place where I could pay the rent for an oven room."),
    ("Ivo", "Kirkebo lies on the left bank of the Lysna."),
    *(("Sam", f"The ferry crosses the river past the town of {place}.") for place in PLACES),
    *(("Sam", f"In {place} a baker from the city has his bakery in a mill.") for place in PLACES),
]
ASKED = "Which river flows past the town where Nora's cousin has his bakery?"


@pytest.fixture
def memory() -> MemoryManager:
    memory = MemoryManager.open(":memory:")
    memory.remember(
        Turn(text, who, id=f"t{n}", session=f"s{n}", time=START + timedelta(days=n))
        for n, (who, text) in enumerate(TOLD)
    )
    return memory


def test_the_names_that_lead_to_a_turn_are_told_and_what_the_walk_changed(
    memory: MemoryManager,
) -> None:
    why = memory.why(ASKED, "t2")
    assert why.path is not None and why.path.names == ("nora", "leif", "kirkebo")
    assert why.path.through == ("turn:t0", "turn:t1", "turn:t2")
    assert why.rank is not None and why.rank_before is not None
    assert why.rank <= 4 < why.rank_before
    assert why.shares["bridge"] != 0


def test_what_is_in_the_context_was_kept_out_by_nothing(memory: MemoryManager) -> None:
    why = memory.why(ASKED, "t0")
    assert (why.packed, why.kept_out, why.reason) == (True, None, "")
    assert why.item.packed == TOLD[0][1]


def test_the_budget_the_time_and_the_gate_are_named_as_what_kept_a_turn_out(
    memory: MemoryManager,
) -> None:
    narrow = memory.why(ASKED, "t1", budget=22)
    assert narrow.kept_out == "budget" and "fill the budget" in narrow.reason
    earlier = memory.why(ASKED, "t2", as_of=START + timedelta(days=1))
    assert earlier.kept_out == "time"
    assert memory.why("Hello!", "t0").kept_out == "gate"


def test_a_repetition_is_told_from_what_is_worth_less(memory: MemoryManager) -> None:
    memory.remember(Turn(TOLD[0][1], "Nora", id="again", session="later"))
    kept_out = {memory.why(ASKED, turn).kept_out for turn in ("t0", "again")}
    assert "repetition" in kept_out


def test_a_turn_that_is_not_there_and_half_a_question_are_refused(memory: MemoryManager) -> None:
    with pytest.raises(NotFound, match="no turn 'zz'"):
        memory.why(ASKED, "zz")
    with pytest.raises(InvalidInput):
        memory.why(ASKED)
