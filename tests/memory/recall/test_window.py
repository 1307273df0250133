"""Who asks, and what was said just before, read with a query."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from knowhen import MemoryManager, Turn

START = datetime(2024, 3, 1, 9, tzinfo=UTC)
SAID = (
    ("Ann", "user", "My sister Ilse keeps goats above Meran."),
    ("Ben", "user", "My sister repairs church organs in Ghent."),
    ("Ann", "user", "Last winter I broke my wrist on the ice."),
    ("Ben", "user", "I have a cello lesson every Tuesday evening."),
    ("Assistant", "assistant", "For the wrist I would squeeze a soft ball every morning."),
    ("Ann", "user", "Ilse's husband Karl carves spoons for the market."),
)


@pytest.fixture
def memory() -> Iterator[MemoryManager]:
    with MemoryManager.open(":memory:") as found:
        found.remember(
            Turn(text, who, role=role, id=f"t{n}", time=START + timedelta(days=n))  # type: ignore[arg-type]
            for n, (who, role, text) in enumerate(SAID)
        )
        found.settle()
        yield found


def first(memory: MemoryManager, query: str, **options: object) -> str:
    return memory.recall(query, gate=False, **options).items[0].id  # type: ignore[arg-type]


def test_whoever_asks_is_who_i_is(memory: MemoryManager) -> None:
    query = "What does my sister do?"
    assert first(memory, query, asker="Ann") == "t0"
    assert first(memory, query, asker="Ben") == "t1"


def test_somebody_outside_is_nobody_of_the_memory(memory: MemoryManager) -> None:
    query = "What does my sister do?"
    outside = memory.recall(query, gate=False, asker="").context
    assert outside == memory.recall(query, gate=False).context


def test_a_question_about_advice_finds_the_words_of_the_assistant(memory: MemoryManager) -> None:
    for query in ("What did you recommend to me for my wrist?", "What did you tell me to squeeze?"):
        assert first(memory, query, asker="Ann") == "t4"


def test_what_was_just_said_explains_a_query_that_points_back(memory: MemoryManager) -> None:
    window = [
        Turn("Who keeps goats?", "Ann"),
        Turn("Ilse does.", "Assistant", role="assistant"),
    ]
    assert first(memory, "and her husband?", recent=window, asker="Ann") == "t5"
    clear = "Which lesson does Ben have every Tuesday evening?"
    assert first(memory, clear, recent=window) == first(memory, clear) == "t3"


def test_what_stands_in_the_window_is_never_packed(memory: MemoryManager) -> None:
    query = "Who keeps goats above Meran?"
    assert "goats above" in memory.recall(query, gate=False).context
    for shown in (Turn(SAID[0][2], "Ann"), Turn("…", "Ann", id="t0")):
        assert "goats above" not in memory.recall(query, gate=False, recent=[shown]).context


def test_a_question_about_a_day_finds_what_was_said_on_that_day(memory: MemoryManager) -> None:
    recall = memory.recall("What did we talk about on 3 March 2024?", gate=False, asker="Ann")
    assert [item.id for item in recall.items if item.kind == "turn"] == ["t2"]
    wrist = memory.recall("What happened to my wrist before 5 March 2024?", gate=False)
    assert len([item for item in wrist.items if item.kind == "turn"]) > 1
