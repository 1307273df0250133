"""Statements that were overtaken or are disputed, as a recall shows them."""

from datetime import UTC, datetime, timedelta

from knowhen import MemoryManager, Turn

START = datetime(2024, 3, 1, 9, tzinfo=UTC)


def told(*texts: str) -> MemoryManager:
    memory = MemoryManager.open(":memory:")
    memory.remember(
        [
            Turn(text, "Nora", time=START + timedelta(days=30 * i), session=f"s{i}", id=f"t{i}")
            for i, text in enumerate(texts)
        ]
    )
    memory.settle()
    return memory


def test_the_current_statement_stands_above_the_outdated_one_and_both_are_marked() -> None:
    memory = told("I live in Leeds.", "It rains a lot.", "I live in Bristol now.")
    recall = memory.recall("Where does Nora live?", gate=False)
    order = [item.id for item in recall.items if item.kind == "turn"]
    assert order.index("t2") < order.index("t0")
    assert "(t0; outdated by t2)" in recall.context
    assert "(t2; updates t0)" in recall.context
    marks = {item.id: item.mark for item in recall.items}
    assert marks["t0"] == "outdated by t2" and marks["t1"] == ""


def test_what_a_query_does_not_ask_about_is_not_marked() -> None:
    memory = told("I live in Leeds. I love rowing.", "I live in Bristol now.")
    recall = memory.recall("What sport does Nora love? Rowing?", gate=False)
    assert "outdated" not in recall.context


def test_erasing_the_update_takes_the_mark_away() -> None:
    memory = told("I live in Leeds.", "I live in Bristol now.")
    memory.forget(turns=["t1"])
    recall = memory.recall("Where does Nora live?", gate=False)
    assert "outdated" not in recall.context and "Leeds" in recall.context
