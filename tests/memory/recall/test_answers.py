"""What holds now stands first, and what it overtook is marked, whatever words were used."""

from datetime import UTC, datetime, timedelta

import pytest

from knowhen import MemoryManager, Turn
from knowhen.memory.testing.clock import FixedClock

START = datetime(2024, 3, 1, 9, tzinfo=UTC)
SAID = (
    "I live in Ghent.",
    "It rains a lot these days.",
    "I moved to Antwerp last week.",
    "I work as a court interpreter.",
)


@pytest.fixture(scope="module")
def memory() -> MemoryManager:
    found = MemoryManager.open(":memory:", clock=FixedClock(START + timedelta(days=100)))
    found.remember(
        Turn(text, "Bruno", id=f"t{n}", time=START + timedelta(days=10 * n))
        for n, text in enumerate(SAID)
    )
    found.settle()
    return found


def test_the_current_statement_stands_first_and_the_outdated_turn_is_marked(
    memory: MemoryManager,
) -> None:
    recall = memory.recall("Where does Bruno live?", gate=False)
    assert recall.context.startswith("[noted]\n2024-03-21: Bruno lives in Antwerp. (t2)")
    assert "Bruno (t0; outdated by t2): I live in Ghent." in recall.context
    assert {item.id: item.mark for item in recall.items}["t0"] == "outdated by t2"


def test_an_attribute_is_found_without_a_common_word(memory: MemoryManager) -> None:
    recall = memory.recall("What's Bruno's job?", gate=False)
    assert recall.items[0].id == "t3"
    assert "Bruno works as court interpreter. (t3)" in recall.context


def test_at_an_earlier_time_the_earlier_statement_answers(memory: MemoryManager) -> None:
    then = memory.recall("Where does Bruno live?", gate=False, as_of=START + timedelta(days=11))
    assert "[noted]\n2024-03-01: Bruno lives in Ghent. (t0)" in then.context
    assert "Antwerp" not in then.context and "outdated" not in then.context


def test_what_a_statement_answers_is_no_hint(memory: MemoryManager) -> None:
    for query in ("What's Bruno's job?", "Where does Bruno live?"):
        decision = memory.recall(query).decision
        assert (decision.action, decision.depth) == ("recall", "light")
        assert decision == memory.decide(query)


def test_of_turns_that_tell_the_same_thing_anew_the_earlier_is_marked() -> None:
    said = [
        "The tasting for the harvest dinner is next Thursday at two.",
        "I repaired the wheelbarrow and painted the gate.",
        "Rain again, the cellar smells of apples.",
        "They shifted the tasting for the harvest dinner, it is the 27th in the morning.",
        "Olga wants to learn how to prune the vines.",
    ]
    with MemoryManager.open(":memory:") as memory:
        memory.remember(
            Turn(text, "Mara", id=f"m{n}", time=START + timedelta(days=5 * n))
            for n, text in enumerate(said)
        )
        recall = memory.recall("When is the tasting for the harvest dinner?", gate=False)
    assert "Mara (m0; later m3)" in recall.context
    assert recall.context.count("; later") == 1
