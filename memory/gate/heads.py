"""The heads: one small logistic per question, with shipped weights.

`weights.json` is fitted by `benchmarks/fit_gate.py`, once per family of embedder, because a
cosine of hashed n-grams and one of a language model mean different things. `know` looks at the
question alone, like `grounded`, and is the same for both: how likely a model knows the answer by
heart. WiTQA (2024) finds that recall depends on how often subject and relation occur. Here word
frequencies told nothing (`benchmarks/ablate_gate.py`); the relation's words and the shape do: a
yes or no is easier than a name, a chain of relations harder than one.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from knowhen.memory.language.registry import language_of

BIAS = "bias"


@dataclass(frozen=True, slots=True)
class Head:
    """Log-odds as a weighted sum of features, recalibrated by `slope` and `shift`."""

    weights: Mapping[str, float]
    typical: Mapping[str, float]
    """Mean of each feature over the development data: what a contribution is measured from."""
    slope: float = 1.0
    shift: float = 0.0

    def logit(self, features: Mapping[str, float]) -> float:
        total = sum(
            weight * features.get(name, 0.0)
            for name, weight in self.weights.items()
            if name != BIAS
        )
        return self.slope * (total + self.weights.get(BIAS, 0.0)) + self.shift

    def probability(self, features: Mapping[str, float]) -> float:
        return sigmoid(self.logit(features))

    def contributions(self, features: Mapping[str, float]) -> dict[str, float]:
        """By how much each feature moves the log-odds from where a typical query has them."""
        return {
            name: self.slope * weight * (features.get(name, 0.0) - self.typical.get(name, 0.0))
            for name, weight in self.weights.items()
            if name != BIAS
        }


@dataclass(frozen=True, slots=True)
class Heads:
    """Need, Have and Know, and what the thresholds are taken from."""

    need: Head
    have: Head
    detail: Head
    """Whether what was found is the very detail asked for, rather than talk of the same thing."""
    know: Head
    grounded: Head
    """Chance that a world question is answered rightly with one retrieved passage."""
    gain_cut: float
    """Gain in that chance below which retrieving is not worth its cost."""
    near: float
    """Cosine plus half the coverage of the best window that one of a hundred questions about the
    world reaches in a memory of a hundred passages."""
    grip: float
    """Grip that a fifth of the questions do not reach whose answer a memory holds."""
    levels: tuple[float, ...]
    """Quantiles, evenly spaced from 0 to 1, of Need times Have where memory held the answer."""


def sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, logit))))


def logit(probability: float) -> float:
    clipped = max(1e-9, min(1 - 1e-9, probability))
    return math.log(clipped / (1.0 - clipped))


@cache
def shipped_heads(family: str) -> Heads:
    """Heads for `lexical` or `semantic` embedders."""
    text = resources.files(__package__).joinpath("weights.json").read_text(encoding="utf-8")
    data = json.loads(text)
    return read_heads(data[family], data["world"])


def read_heads(data: Mapping[str, object], world: Mapping[str, object]) -> Heads:
    """Heads from what `weights.json` holds for a family."""
    return Heads(
        need=_head(data["need"]),
        have=_head(data["have"]),
        detail=_head(data["detail"]),
        know=_head(world["know"]),
        grounded=_head(world["grounded"]),
        gain_cut=float(world["gain_cut"]),  # type: ignore[arg-type]
        near=float(data["near"]),  # type: ignore[arg-type]
        grip=float(data["grip"]),  # type: ignore[arg-type]
        levels=tuple(data["levels"]),  # type: ignore[arg-type]
    )


def family_of(embedder: str) -> str:
    """The family whose weights fit an embedder of that name."""
    return "lexical" if embedder.startswith("lexical") else "semantic"


def _head(data: object) -> Head:
    assert isinstance(data, dict)
    return Head(weights=data["weights"], typical=data["typical"])


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
