"""What the gate reads off a search."""

import pytest
from two_friends import turns

from knowhen import MemoryManager
from knowhen.memory.gate.signals import Signals, features, read_signals

TOGETHER = [
    ("Nora", "My violin is varnished with amber."),
    ("Ivo", "Nice."),
    ("Nora", "It rains today."),
    ("Ivo", "Here too."),
]
SCATTERED = [
    ("Nora", "My violin is out of tune."),
    ("Ivo", "Nice."),
    ("Nora", "The table was varnished."),
    ("Ivo", "Her ring has amber in it."),
]


def signals(memory: MemoryManager, query: str) -> Signals:
    return read_signals(memory.search(query))


def told(said: list[tuple[str, str]]) -> MemoryManager:
    memory = MemoryManager.open(":memory:")
    memory.remember(turns(said))
    return memory


def test_words_that_stand_together_are_less_likely_chance_than_scattered_ones() -> None:
    query = "Is Nora's violin varnished with amber?"
    with told(TOGETHER) as together, told(SCATTERED) as scattered:
        assert signals(together, query).lift > signals(scattered, query).lift


def test_words_of_somebody_else_lift_nothing() -> None:
    with told(TOGETHER) as memory:
        own = signals(memory, "Is Nora's violin varnished with amber?")
        other = signals(memory, "Is Ivo's violin varnished with amber?")
    assert own.lift > other.lift


@pytest.mark.parametrize("nothing", ["Zygomorphic?", "What is Nora's zygomorphic?"])
def test_unknown_words_lift_least_of_all(memory: MemoryManager, nothing: str) -> None:
    assert signals(memory, nothing).lift < signals(memory, "Where is Nora's balcony?").lift


def test_a_time_is_near_where_something_was_said_then(memory: MemoryManager) -> None:
    then = signals(memory, "What did Nora adopt in March 2024?")
    long_before = signals(memory, "What did Nora adopt in March 2019?")
    assert then.dated and long_before.dated
    assert then.near_time == 1.0
    assert long_before.near_time < 0.01
    assert not signals(memory, "What did Nora adopt?").dated


def test_a_time_from_which_nothing_is_here_counts_against_recall(memory: MemoryManager) -> None:
    then, before = (memory.decide(f"What did Nora adopt in March {year}?") for year in (2024, 2019))
    assert then.have > before.have


def test_an_empty_memory_has_signals_too() -> None:
    with MemoryManager.open(":memory:") as empty:
        found = features(signals(empty, "What did Nora adopt in March 2024?"))
    assert all(value == value for value in found.values())
