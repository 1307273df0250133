"""An earlier asking of the same question is not what is looked for."""

from datetime import UTC, datetime, timedelta

import pytest

from knowhen import MemoryManager, Turn

START = datetime(2024, 3, 1, 9, tzinfo=UTC)


def told(*texts: str) -> MemoryManager:
    memory = MemoryManager.open(":memory:")
    for number, text in enumerate(texts):
        memory.remember(Turn(text, "Nora", time=START + timedelta(minutes=number), id=str(number)))
    return memory


@pytest.mark.parametrize(
    "again", ["Where is the spare key?", "where is the spare key", "So where is the spare key?"]
)
def test_the_query_itself_is_not_listed(again: str) -> None:
    with told("Where is the spare key?", "The spare key lies under the mat.") as memory:
        found = [item.id for item in memory.recall(again, gate=False).items if item.kind == "turn"]
    assert found == ["1"]


def test_a_question_of_something_else_is_listed() -> None:
    with told("Where is the spare key of the cellar?", "Under the mat.") as memory:
        found = memory.recall("Where is the spare key?", gate=False).items
    assert "0" in [item.id for item in found]


def test_a_statement_is_found_by_its_own_words() -> None:
    statement = "The spare key lies under the mat."
    with told(statement, "It rains.") as memory:
        assert memory.recall(statement, gate=False).items[0].id == "0"
