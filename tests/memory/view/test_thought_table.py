"""Statements that were overtaken or are disputed, as a recall shows them."""

from datetime import UTC, datetime, timedelta

from knowhen import MemoryManager, Turn
from knowhen.memory.testing.clock import FixedClock
from knowhen.memory.thoughts.operations import Supersede

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


def test_a_statement_that_held_at_the_time_asked_about_is_not_marked() -> None:
    memory = told("I live in Leeds.", "It rains a lot.", "I live in Bristol now.")
    then = START + timedelta(days=40)
    recall = memory.recall("Where does Nora live?", gate=False, as_of=then)
    assert "Leeds" in recall.context and "Bristol" not in recall.context
    assert not any(item.mark for item in recall.items)
    later = memory.recall("Where does Nora live?", gate=False, as_of=START + timedelta(days=61))
    assert "outdated by t2" in later.context


def test_a_change_that_begins_later_is_no_change_yet_and_one_learnt_later_was_unknown() -> None:
    clock = FixedClock(START)
    with MemoryManager.open(":memory:", clock=clock) as memory:
        memory.remember(Turn("I live in Leeds.", "Nora", time=START, session="s", id="t0"))
        known = clock.now()
        clock.advance(timedelta(days=1))
        moved = START - timedelta(days=1)
        memory.remember(Turn("I live in Bristol now.", "Nora", time=moved, session="s", id="t1"))
        memory.settle()
        then = memory.recall("Where does Nora live?", gate=False, known_at=known)
        assert "t0" in then.context and not any(item.mark for item in then.items)
        now = memory.recall("Where does Nora live?", gate=False)
        assert "outdated by t0" in now.context


def test_an_operation_of_later_is_not_seen_in_what_was_known_before_it() -> None:
    clock = FixedClock(START + timedelta(days=100))
    with MemoryManager.open(":memory:", clock=clock) as memory:
        memory.remember(
            [
                Turn("I love my grey cat.", "Nora", time=START, session="s", id="t0"),
                Turn("I love my neighbour's dog.", "Nora", time=START, session="s", id="t1"),
            ]
        )
        memory.settle()
        known = clock.now()
        clock.advance(timedelta(minutes=1))
        one, other = sorted(memory.thoughts(), key=lambda thought: thought.sources[0].turn_id)
        memory.apply(Supersede(one.id, other.id))
        query = "Does Nora love the grey cat or the dog?"
        assert "outdated by t1" in memory.recall(query, gate=False).context
        then = memory.recall(query, gate=False, known_at=known)
        assert "t0" in then.context and not any(item.mark for item in then.items)


def test_another_value_of_perhaps_the_same_is_only_said_to_be_later() -> None:
    memory = told(
        "I'm practising conditional probability problems and have solved 8 of these problems.",
        "It rains a lot.",
        "I've increased my practice to 12 conditional probability problems.",
    )
    recall = memory.recall("How many conditional probability problems did I solve?", gate=False)
    assert "(t0; later t2)" in recall.context and "(t2; earlier t0)" in recall.context


def test_a_question_whether_something_happened_shows_who_denies_and_who_tells_it() -> None:
    memory = told(
        "Can you rate the essay from my Harbour Press writing course?",
        "I've never taken any Harbour Press writing course.",
    )
    recall = memory.recall("Have I taken a Harbour Press writing course?", gate=False)
    assert "(t0; disputed by t1)" in recall.context and "(t1; disputed by t0)" in recall.context


def test_a_mark_names_few_of_many() -> None:
    memory = told(*(f"I live in {town} now." for town in ("Leeds", "Bath", "York", "Hull", "Ely")))
    recall = memory.recall("Where does Nora live?", gate=False)
    first = next(item for item in recall.items if item.id == "t0")
    assert first.mark.startswith("outdated by") and len(first.mark.split(", ")) <= 3
