"""Fusing the cues: a small linear model with shipped weights, fitted by `benchmarks/fit_recall.py`.

`weights.json` holds one set per family of embedder, because a cosine of hashed n-grams and one
of a language model deserve different trust; the cues are the same for both.
"""

import json
from collections.abc import Collection, Mapping
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.search.cues import CUES, Evidence

Floats = NDArray[np.float64]
BIAS = "bias"


@cache
def shipped_weights(family: str) -> Mapping[str, float]:
    """Weights of the cues for `lexical` or `semantic` embedders; `bias` makes scores log-odds."""
    text = resources.files(__package__).joinpath("weights.json").read_text(encoding="utf-8")
    return dict(json.loads(text)[family])


def contributions(
    evidence: Evidence, weights: Mapping[str, float], ablate: Collection[str] = ()
) -> dict[str, Floats]:
    """What each cue adds to each part's score, shape (parts,) each; unweighted cues are skipped."""
    return {
        name: weight * CUES[name](evidence)
        for name, weight in weights.items()
        if name != BIAS and weight and name not in ablate
    }


def fuse(parts: Mapping[str, Floats], size: int, bias: float = 0.0) -> Floats:
    """Sum of contributions: the log-odds that a part is evidence for the query."""
    return np.asarray(np.sum([*parts.values(), np.full(size, bias)], axis=0), np.float64)
