"""What is expensive runs only for what the decision lets through."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from knowhen import MemoryManager, Recall, Turn

SAID = [
    "I moved to Lisbon last week, the flat has a tiny balcony.",
    "I adopted a greyhound called Basil from the shelter.",
    "My sister Petra is a violin maker, she restored an old viola in May.",
    "I work as a cartographer at the harbour office.",
    "On Tuesdays I swim in the river, and Petra joins me.",
]


class Reader:
    """A reranker that keeps the order and writes down what it was given to read."""

    name = "reader"

    def __init__(self) -> None:
        self.read: list[str] = []

    def relevances(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        self.read.append(query)
        return [-float(place) for place in range(len(texts))]


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def memory(reader: Reader) -> Iterator[MemoryManager]:
    start = datetime(2024, 3, 1, 9, tzinfo=UTC)
    turns = [Turn(t, "Nora", time=start + timedelta(days=i)) for i, t in enumerate(SAID)]
    with MemoryManager.open(":memory:", reranker=reader) as manager:
        manager.remember([*turns, Turn("How nice!", "Ivo", time=start + timedelta(days=9))])
        manager.settle()
        yield manager


def walked(recall: Recall) -> bool:
    return any("walk" in item.why for item in recall.items)


@pytest.mark.parametrize(
    ("query", "action"),
    [
        ("Good morning!", "skip"),
        ("What is the capital of France?", "parametric"),
        ("What is Caroline's blood type?", "abstain"),
    ],
)
def test_nothing_is_walked_or_reranked_for_what_is_not_recalled(
    memory: MemoryManager, reader: Reader, query: str, action: str
) -> None:
    recall = memory.recall(query)
    assert recall.decision.action == action
    assert not walked(recall)
    assert not reader.read


def test_a_sure_recall_is_walked_but_not_reranked(memory: MemoryManager, reader: Reader) -> None:
    recall = memory.recall("What is the greyhound called that Nora adopted from the shelter?")
    assert recall.decision.depth == "light"
    assert walked(recall)
    assert not reader.read


def test_a_recall_that_collects_is_reranked(memory: MemoryManager, reader: Reader) -> None:
    query = "What are all the things that Nora and Petra do?"
    recall = memory.recall(query)
    assert (recall.decision.action, recall.decision.depth) == ("recall", "full")
    assert walked(recall)
    assert reader.read == [query]


def test_without_the_gate_everything_runs(memory: MemoryManager, reader: Reader) -> None:
    query = "What is the capital of France?"
    assert walked(memory.recall(query, gate=False))
    assert reader.read == [query]


def test_the_decision_is_the_same_alone_and_in_a_recall(memory: MemoryManager) -> None:
    for query in ("Where does Nora work?", "What is Caroline's blood type?", "Thanks!"):
        assert memory.decide(query) == memory.recall(query).decision
        assert memory.decide(query) == memory.recall(query, gate=False).decision


def test_a_search_of_ones_own_walks_whatever_the_query_is(memory: MemoryManager) -> None:
    assert "walk" in memory.search("What is the capital of Nora's sister?").shares
