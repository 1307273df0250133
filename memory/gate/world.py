"""What a question about the world looks like: how likely a model knows the answer by heart.

WiTQA (2024) finds that recall depends on how often subject and relation occur. Here word
frequencies told nothing (`benchmarks/ablate_gate.py`); the relation's words and the shape do: a
yes or no is easier than a name, a chain of relations harder than one.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knowhen.memory.gate.heads import Head

_FLAGS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "yes_no": r"^\W*(?:are|is|was|were|did|do|does|have|has|had|can|could|will)\b",
        "choice": r"\bor\b",
        "both": r"\b(?:both|same)\b",
        "who": r"\bwho\b",
        "where": r"\b(?:where|place|city|town)\b",
        "when": r"\b(?:when|date|year)\b",
        "country": r"\b(?:country|nationality|nation|citizen\w*)\b",
        "digits": r"\d",
        "possessive": r"['’]s\b",
        "kin": r"\b(?:mother|father|spouse|husband|wife|child|son|daughter|sibling|\w+-in-law|"
        r"grand\w+|uncle|aunt)\b",
        "life": r"\b(?:born|birth\w*|die[ds]?|death|buried|burial)\b",
        "work_of": r"\b(?:film|movie|song|book|album|director|composer|author|performer)\b",
        "award": r"\b(?:award|prize|won|medal)\b",
        "order": r"\b(?:first|earlier|later|older|younger|longer|more|most|largest)\b",
    }.items()
}
_NAME = re.compile(
    r"(?<!^)(?<![.?!]\s)\b[A-Z][\w.'’-]+(?:\s+(?:(?:of|the|de|and)\s+)?[A-Z][\w.'’-]+)*"
)
_OF = re.compile(r"\bof\b")


def question_features(text: str) -> dict[str, float]:
    """Shape and relation of a question, each from 0 to about 1."""
    values = {name: float(bool(pattern.search(text))) for name, pattern in _FLAGS.items()}
    values["names"] = min(len(_NAME.findall(text)), 4) / 4
    values["of"] = min(len(_OF.findall(text)), 3) / 3
    values["words"] = min(len(text.split()), 30) / 30
    return values


def gain(values: Mapping[str, float], know: "Head", grounded: "Head") -> float:
    """By how much retrieval is expected to raise the chance of a right answer (Adapt-LLM)."""
    return grounded.probability(values) - know.probability(values)
