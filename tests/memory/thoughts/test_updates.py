"""Changes are seen, look-alikes are left alone, and nobody else changes what a person says."""

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from knowhen.memory.records import Thought
from knowhen.memory.thoughts.current import values

from .conftest import START, Talk

FILE = Path(__file__).parent / "updates.txt"
LANGUAGES = [
    code
    for code in ("en", "de", "es", "fr", "zh", "ja")
    if resources.files("knowhen.memory.language").joinpath(code, "slots.txt").is_file()
]
SEEN = 0.85
"""Share of the pairs of a language that supersede, with what holds now named first."""
TAKEN = 0.02
"""Share of the look-alikes that may supersede."""


def lines(section: str) -> Iterator[list[str]]:
    """The fields of each line of a section."""
    inside = False
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            inside = line == f"[{section}]"
        elif inside and line.strip() and not line.startswith("#"):
            yield [field.strip() for field in line.split("|")]


def told(*said: str, others: str = "Ann") -> list[Thought]:
    talk = Talk()
    talk.say(said[0], id="t0")
    talk.say(said[1], id="t1", day=9, speaker=others, before=("t0",))
    return talk.all()


def overtaken(thoughts: list[Thought]) -> bool:
    return any(t.status in ("superseded", "retracted") for t in thoughts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_change_takes_over_and_is_named_first(language: str) -> None:
    missed = []
    pairs = list(lines(f"pairs {language}"))
    for _, first, second, question in pairs:
        thoughts = told(first, second)
        found = values(question, thoughts, asker="Ann", now=START)
        if not overtaken(thoughts) or found.turns[:1] != ("t1",):
            missed.append((first, second, [t.text for t in found.current]))
    assert len(missed) <= (1 - SEEN) * len(pairs), missed


def test_what_only_looks_like_a_change_takes_nothing_over() -> None:
    pairs = [pair for code in LANGUAGES for pair in lines(f"alike {code}")]
    taken = [pair for pair in pairs if overtaken(told(*pair))]
    assert len(taken) <= TAKEN * len(pairs), taken


def test_nobody_else_changes_what_a_person_says_of_themself() -> None:
    pairs = list(lines("others"))
    made = [(pair, told(*pair, others="Mallory")) for pair in pairs]
    assert [pair for pair, thoughts in made if overtaken(thoughts)] == []
    marked = [pair for pair, thoughts in made if any(t.contested for t in thoughts)]
    assert len(marked) >= 0.9 * len(pairs), [pair for pair in pairs if pair not in marked]
