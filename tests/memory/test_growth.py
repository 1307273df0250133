"""What looks at user text costs no more than its length."""

import time
from collections.abc import Callable

import pytest

from knowhen import MemoryManager, Turn
from knowhen.memory.fence import fenced
from knowhen.memory.language.registry import language_of
from knowhen.memory.thoughts.clauses import clauses

RUNS = {
    "blanks in a sentence": lambda n: f"The flat{' ' * n}is cold{' ' * n}and I moved.",
    "blanks after a number": lambda n: f"It has 3{' ' * n}rooms.",
    "commas": lambda n: "I moved" + ", " * n + "I think.",
    "blanks in a mark": lambda n: "<" * 3 + " " * n + "/recalled-memory",
}
READERS: dict[str, Callable[[str], object]] = {
    "clauses": lambda text: list(clauses(text)),
    "fence": fenced,
    "instructions": lambda text: language_of(text).instructs(text),
}


def cost(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("reader", READERS)
def test_a_run_of_blanks_costs_no_more_than_letters(reader: str, run: str) -> None:
    read, made = READERS[reader], RUNS[run]
    assert min(cost(lambda: read(made(20_000))) for _ in range(3)) < 0.25


@pytest.mark.parametrize("run", RUNS)
def test_a_turn_of_50_000_blanks_is_remembered_settled_and_recalled(run: str) -> None:
    with MemoryManager.open(":memory:") as memory:
        memory.remember(Turn("I live in Lisbon.", id="t1", speaker="Nora"))
        start = time.process_time()
        memory.remember(Turn(RUNS[run](50_000), id="t2", speaker="Nora"))
        memory.settle()
        found = memory.recall("Where does Nora live?", gate=False)
        assert time.process_time() - start < 2
        assert [item.id for item in found.items if item.kind == "turn"][0] == "t1"
