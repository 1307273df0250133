"""What the words of each language read off a text; the examples stand in `slots_CODE.txt`."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from knowhen.memory.manager import MemoryManager
from knowhen.memory.records import Thought, Turn
from knowhen.memory.thoughts.current import asked_slots

SAID = datetime(2025, 3, 4, 12, tzinfo=UTC)
SPEAKERS = {"de": "Jonas", "es": "Lucía", "zh": "王伟", "fr": "Chloé"}
HERE = Path(__file__).parent


def examples(section: str) -> list[tuple[str, str]]:
    """The lines of a section in every language, each with the code of its language."""
    return [(code, line) for code in SPEAKERS for line in _lines(code, section)]


def _lines(code: str, wanted: str) -> Iterator[str]:
    section = ""
    for line in (HERE / f"slots_{code}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#") and section == wanted:
            yield line


def held(code: str, *said: str) -> list[Thought]:
    """What a memory holds after its owner said these things, one a day."""
    with MemoryManager.open(":memory:") as memory:
        for day, text in enumerate(said):
            time = SAID + timedelta(days=day)
            memory.remember([Turn(text, speaker=SPEAKERS[code], role="user", time=time)])
        memory.settle()
        return list(memory.thoughts(history=True))


def shown(thought: Thought) -> str:
    ended = "-" if thought.polarity == "negative" else ""
    return f"{thought.subject} | {ended}{thought.predicate} | {thought.object}"


@pytest.mark.parametrize(("code", "example"), examples("states"))
def test_a_statement_fills_its_slots(code: str, example: str) -> None:
    said, _, expected = example.partition(" -> ")
    assert {shown(thought) for thought in held(code, said)} == set(expected.split(" && "))


@pytest.mark.parametrize(("code", "said"), examples("nothing"))
def test_what_only_looks_like_a_statement_makes_no_thought(code: str, said: str) -> None:
    assert [shown(thought) for thought in held(code, said)] == []


@pytest.mark.parametrize(("code", "example"), examples("asks"))
def test_a_question_asks_for_its_slot(code: str, example: str) -> None:
    question, _, slot = example.partition(" -> ")
    assert slot in {asked.slot for asked in asked_slots(question)}


@pytest.mark.parametrize(("code", "example"), examples("updates"))
def test_a_later_statement_takes_the_place_of_an_earlier(code: str, example: str) -> None:
    said, _, expected = example.partition(" -> ")
    thoughts = held(code, *said.split(" => "))
    first = min(thoughts, key=lambda thought: (thought.valid_from or SAID, thought.corrects))
    assert first.status in ("superseded", "retracted")
    now = [shown(thought) for thought in thoughts if thought.status == "active"]
    assert now == [f"{first.subject} | {expected}"]
