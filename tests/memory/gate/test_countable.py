"""What may count as evidence: nothing from the future, and no question left open."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from knowhen import MemoryManager, Turn

START = datetime(2024, 3, 1, 9, tzinfo=UTC)
SAID = [
    ("user", "I moved to Lisbon last week, the flat has a tiny balcony."),
    ("assistant", "How is the new city?"),
    ("user", "I adopted a greyhound called Basil from the shelter."),
    ("assistant", "Lovely!"),
    ("user", "My sister Petra is a violin maker."),
    ("assistant", "A fine craft."),
]


@pytest.fixture
def memory() -> Iterator[MemoryManager]:
    with MemoryManager.open(":memory:") as manager:
        tell(manager, SAID)
        yield manager


def tell(memory: MemoryManager, said: list[tuple[str, str]], *, day: int = 0) -> None:
    start = START + timedelta(days=day)
    for number, (role, text) in enumerate(said):
        at = start + timedelta(minutes=number)
        memory.remember(Turn(text, role=role, time=at, session=f"s{day}"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "again",
    [
        "What is my blood type?",
        "Tell me my blood type",
        "What's my blood type again?",
        "what is my blood type",
        "Do you know my blood type?",
    ],
)
@pytest.mark.parametrize(
    "reply",
    ["I do not know, sorry.", "I do not remember anything that answers this.", None],
)
def test_a_question_left_open_is_no_evidence_for_itself(
    memory: MemoryManager, again: str, reply: str | None
) -> None:
    before = memory.decide("What is my blood type?")
    assert before.depth == "hint"
    asked = [("user", "What is my blood type?"), ("user", "Please tell me my blood type.")]
    for day, question in enumerate(asked, start=1):
        tell(memory, [question, *([("assistant", reply)] if reply else [])], day=day)
    after = memory.decide(again)
    assert after.depth in ("hint", "none") or after.have <= before.have + 0.05


def test_a_question_that_was_answered_counts(memory: MemoryManager) -> None:
    tell(memory, [("assistant", "What is your blood type?"), ("user", "Zero negative.")], day=1)
    assert memory.decide("What is my blood type?").action == "recall"


def test_a_decision_knows_nothing_of_the_future(memory: MemoryManager) -> None:
    query = "What did I adopt from the shelter?"
    now = memory.recall(query)
    before = memory.recall(query, as_of=START - timedelta(days=1))
    halfway = memory.recall(query, as_of=START + timedelta(minutes=1))
    assert now.decision.action == "recall"
    assert before.decision.action == "abstain"
    assert halfway.decision.depth == "hint" and "greyhound" not in halfway.context
    assert "the memory is empty" in before.decision.reasons
    assert not before.items
