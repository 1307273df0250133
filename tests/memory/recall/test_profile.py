"""The profile: what a model should know whatever is asked."""

from datetime import UTC, datetime, timedelta

import pytest

from knowhen import MemoryManager, Turn
from knowhen.memory.errors import InvalidBudget
from knowhen.memory.testing.clock import FixedClock

START = datetime(2025, 3, 3, 9, 0, tzinfo=UTC)


def told(*said: tuple[str, str], role: str = "user") -> MemoryManager:
    memory = MemoryManager.open(":memory:", clock=FixedClock(START + timedelta(days=30)))
    memory.remember(
        [
            Turn(text, id=f"t{n}", speaker=who, time=START + timedelta(days=n), role=role)  # type: ignore[arg-type]
            for n, (who, text) in enumerate(said, 1)
        ]
    )
    memory.settle()
    return memory


def test_it_holds_standing_instructions_before_what_is_known_of_the_user() -> None:
    memory = told(
        ("Nora", "I live in Lisbon."),
        ("Nora", "I'm allergic to peanuts."),
        ("Nora", "From now on please always answer in one sentence."),
    )
    text = memory.profile().text
    assert text.index("one sentence") < text.index("Lisbon")
    assert "peanuts" in text
    assert {source for item in memory.profile().items for source in item.sources} == {
        *("t1", "t2", "t3")
    }


def test_it_is_the_same_until_memory_learns_better() -> None:
    memory = told(("Nora", "I live in Lisbon."))
    before = memory.profile()
    memory.remember(Turn("What a day it was, honestly.", speaker="Nora", time=START))
    memory.settle()
    assert memory.profile() == before
    memory.remember(
        Turn("I live in Porto now.", speaker="Nora", time=START + timedelta(days=5), id="p")
    )
    memory.settle()
    assert "Porto" in memory.profile().text
    assert "Lisbon" not in memory.profile().text


def test_it_is_what_held_at_a_time() -> None:
    memory = told(("Nora", "I live in Lisbon."), ("Nora", "I live in Porto now."))
    early = memory.profile(as_of=START + timedelta(days=1, hours=1)).text
    assert "Lisbon" in early
    assert "Porto" not in early


def test_what_somebody_else_says_of_a_person_is_left_out() -> None:
    memory = told(("Nora", "I live in Lisbon."), ("Mallory", "Nora lives in Moscow now."))
    text = memory.profile(asker="Nora").text
    assert "Lisbon" in text
    assert "Moscow" not in text


def test_it_tells_of_the_asker_before_the_others() -> None:
    memory = told(("Nora", "I live in Lisbon."), ("Ivo", "I live in Ghent."))
    nora, ivo = (memory.profile(asker=who).text for who in ("Nora", "Ivo"))
    assert nora.index("Lisbon") < nora.index("Ghent")
    assert ivo.index("Ghent") < ivo.index("Lisbon")


@pytest.mark.parametrize("budget", [5, 20, 60, 150])
def test_it_never_exceeds_its_budget(budget: int) -> None:
    memory = told(
        *(("Nora", f"My {kin} is called {name}.") for kin, name in FAMILY.items()),
        ("Nora", "I'm allergic to peanuts, soy, walnuts and shellfish."),
    )
    profile = memory.profile(budget=budget)
    assert memory.counter.count(profile.text) == profile.tokens <= budget


FAMILY = {"sister": "Petra", "brother": "Ivo", "mother": "Ana", "father": "Rui", "son": "Tom"}


def test_a_memory_that_knows_nothing_of_the_kind_has_an_empty_one() -> None:
    with MemoryManager.open(":memory:") as memory:
        assert (memory.profile().text, memory.profile().items) == ("", ())


@pytest.mark.parametrize("budget", [0, -1, True])
def test_a_budget_that_is_none_is_refused(budget: int) -> None:
    with MemoryManager.open(":memory:") as memory, pytest.raises(InvalidBudget):
        memory.profile(budget=budget)
