"""Fitting a head of the gate, and how far its probabilities come true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.gate.calibration import fit_logistic
from knowhen.memory.gate.heads import BIAS, Head

Floats = NDArray[np.float64]


def fit_head(
    rows: Sequence[Mapping[str, float]],
    labels: Sequence[bool],
    names: Sequence[str],
    *,
    weights: Floats | None = None,
    penalty: float = 1.0,
) -> Head:
    """A head over named features, fitted on scaled ones and written back in their own units."""
    values = np.array([[row[name] for name in names] for row in rows])
    mean, spread = values.mean(axis=0), values.std(axis=0)
    spread[spread < 1e-9] = 1.0
    found, bias = fit_logistic(
        (values - mean) / spread, np.asarray(labels, float), weights=weights, penalty=penalty
    )
    scaled = found / spread
    shipped = {name: round(float(w), 4) for name, w in zip(names, scaled, strict=True)}
    shipped[BIAS] = round(bias - float(scaled @ mean), 4)
    return Head(shipped, {n: round(float(m), 4) for n, m in zip(names, mean, strict=True)})


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of a reliability diagram."""

    predicted: float
    observed: float
    weight: float
    """Share of all samples."""


def reliability(
    predicted: Sequence[float],
    observed: Sequence[bool],
    *,
    weights: Sequence[float] | None = None,
    bins: int = 10,
) -> list[Bin]:
    """Mean prediction against the share that came true, in bins of equal width."""
    chance, truth = np.asarray(predicted, float), np.asarray(observed, float)
    share = np.ones(len(chance)) if weights is None else np.asarray(weights, float)
    where = np.minimum((chance * bins).astype(int), bins - 1)
    found = []
    for index in np.unique(where):
        inside = where == index
        mass = share[inside]
        if mass.sum() > 0:
            found.append(
                Bin(
                    float(np.average(chance[inside], weights=mass)),
                    float(np.average(truth[inside], weights=mass)),
                    float(mass.sum() / share.sum()),
                )
            )
    return found


def calibration_error(bars: Sequence[Bin]) -> float:
    """Expected calibration error: mean distance from the diagonal, by weight."""
    return sum(bar.weight * abs(bar.predicted - bar.observed) for bar in bars)


def diagram(bars: Sequence[Bin], *, width: int = 40) -> str:
    """The reliability diagram as text: what was predicted, what came true."""
    lines = ["predicted  observed  share"]
    for bar in bars:
        marks = ["·"] * (width + 1)
        marks[round(bar.predicted * width)] = "|"
        marks[round(bar.observed * width)] = "#"
        cells = f"{bar.predicted:>9.2f} {bar.observed:>9.2f} {bar.weight:>6.0%}"
        lines.append(f"{cells}  {''.join(marks)}")
    return "\n".join(lines)
