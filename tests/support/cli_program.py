"""What tests of the command line share: a small talk, and how a run of the program ends."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

SAID = [
    ("a1", "s1", "2024-03-01T09:00:00Z", "Nora", "I live in Oslo with my cat Pixel."),
    ("a2", "s1", "2024-03-01T09:01:00Z", "Sam", "Oslo must be beautiful in winter."),
    ("a3", "s1", "2024-03-01T09:02:00Z", "Nora", "I work as a nurse at the harbour hospital."),
    ("b1", "s2", "2024-06-10T18:00:00Z", "Nora", "I moved to Bergen last week, it rains a lot."),
    ("b2", "s2", "2024-06-10T18:01:00Z", "Sam", "I bought a red kayak in Stavanger on Friday."),
    ("b3", "s2", "2024-06-10T18:02:00Z", "Nora", "Pixel hates the rain and sleeps all day."),
]


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Outcome]


def one_sentence(outcome: Outcome) -> str:
    """The error of an outcome, which must be one line on stderr and nothing else."""
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("knowhen: ")
    assert outcome.err.count("\n") == 1
    assert "Traceback" not in outcome.err
    return outcome.err.removeprefix("knowhen: ").strip()
