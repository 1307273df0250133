"""What a question about the world looks like: how likely a model knows the answer by heart.

WiTQA (2024) finds that recall depends on how often subject and relation occur. Here word
frequencies told nothing (`benchmarks/ablate_gate.py`); the relation's words and the shape do: a
yes or no is easier than a name, a chain of relations harder than one.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from knowhen.memory.language.registry import language_of

if TYPE_CHECKING:
    from knowhen.memory.gate.heads import Head

_DIGIT = re.compile(r"\d")


def question_features(text: str) -> dict[str, float]:
    """Shape and relation of a question, each from 0 to about 1."""
    language = language_of(text)
    values = {**language.world_relation(text), "digits": float(bool(_DIGIT.search(text)))}
    names, links = language.world_counts(text)
    values["names"] = min(names, 4) / 4
    values["of"] = min(links, 3) / 3
    values["words"] = min(len(text.split()), 30) / 30
    return values


def gain(values: Mapping[str, float], know: "Head", grounded: "Head") -> float:
    """By how much retrieval is expected to raise the chance of a right answer (Adapt-LLM)."""
    return grounded.probability(values) - know.probability(values)
