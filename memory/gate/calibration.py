"""What a memory's own past says of the gate: recalibrated heads, and a threshold that keeps.

Split conformal prediction (Vovk et al.; CONFLARE for retrieval): with the scores of n questions
that memory could answer, the floor(error * (n + 1))-th smallest lets at most `error` of new ones
fall below, whatever the score means. It bounds answers that are missed, not junk let through.

Everything here is numpy alone, so that a user's own traces can be fitted where nothing else is
installed.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.errors import InvalidInput
from knowhen.memory.gate.heads import Heads, sigmoid

RATE = 0.02
"""Step of the adaptive update; about fifty answers of feedback move it visibly."""


def threshold(scores: Sequence[float], error: float) -> float:
    """Keep what scores at least this; minus infinity when there are too few scores to promise."""
    if not 0.0 < error < 1.0:
        raise ValueError(f"error must lie between 0 and 1, not {error!r}")
    rank = int(np.floor(error * (len(scores) + 1)))
    return float(np.sort(np.asarray(scores, float))[rank - 1]) if rank >= 1 else -np.inf


def adapt(level: float, *, missed: bool, error: float, rate: float = RATE) -> float:
    """The level after one answer (Gibbs and Candes 2021, adaptive conformal inference).

    A miss lowers it, so that the threshold falls; every hit lets it creep back up.
    """
    return float(np.clip(level + rate * (error - missed), 1e-3, 0.5))


def quantile(levels: Sequence[float], share: float) -> float:
    """Value below which that share of a distribution lies, from its evenly spaced quantiles."""
    return float(np.interp(share, np.linspace(0.0, 1.0, len(levels)), levels))


Floats = NDArray[np.float64]
ERROR = 0.04
"""Share of answers that memory holds which the default threshold lets go unrecalled."""
FEWEST = 20
"""Traces of either kind below which nothing is fitted."""
PLAIN = (1.0, 0.0)
"""Slope and shift that leave log-odds as they are."""
_STEPS = 50


@dataclass(frozen=True, slots=True)
class Trace:
    """One query of the past, and what would have been right."""

    query: str
    needed: bool
    """Whether memory was needed at all."""
    held: bool
    """Whether memory held the answer."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A trace with the log-odds that the shipped heads gave it."""

    trace: Trace
    need: float
    have: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a user's own traces change: a line through the log-odds, and the threshold."""

    need: tuple[float, float] = PLAIN
    """Slope and shift of Need's log-odds."""
    have: tuple[float, float] = PLAIN
    error: float = ERROR
    """Chosen share of held answers that may be missed."""
    level: float = ERROR
    """The error the threshold aims at now, moved by feedback."""
    levels: tuple[float, ...] = ()
    """Quantiles of Need times Have where the answer was held; empty for the shipped ones."""

    def apply(self, heads: Heads) -> Heads:
        """The heads as recalibrated."""
        return replace(
            heads,
            need=replace(heads.need, slope=self.need[0], shift=self.need[1]),
            have=replace(heads.have, slope=self.have[0], shift=self.have[1]),
        )

    def cut(self, heads: Heads) -> float:
        """Need times Have below which memory is left alone."""
        return quantile(self.levels or heads.levels, self.level)

    def learn(self, *, missed: bool) -> "Calibration":
        """The calibration after one answer of feedback."""
        return replace(self, level=adapt(self.level, missed=missed, error=self.error))

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Calibration":
        data = json.loads(text)
        return cls(
            need=(float(data["need"][0]), float(data["need"][1])),
            have=(float(data["have"][0]), float(data["have"][1])),
            error=float(data["error"]),
            level=float(data["level"]),
            levels=tuple(float(value) for value in data["levels"]),
        )


def calibrate(scored: Sequence[Scored], *, error: float = ERROR) -> Calibration:
    """Fit to what was right, given the log-odds of the shipped heads.

    A head with fewer than `FEWEST` traces of either kind stays as shipped, and so does the
    threshold with fewer than `FEWEST` answers that memory held.

    Raises:
        InvalidInput: there are too few traces for both heads, or `error` is no share.
    """
    if not 0.0 < error < 0.5:
        raise InvalidInput(f"error must lie between 0 and 0.5, not {error!r}")
    lines = (
        _line([(each.need, each.trace.needed) for each in scored]),
        _line([(each.have, each.trace.held) for each in scored if each.trace.needed]),
    )
    if lines == (None, None):
        raise InvalidInput(
            f"calibrating needs at least {FEWEST} traces of either kind, not {len(scored)} in all"
        )
    fitted = Calibration(lines[0] or PLAIN, lines[1] or PLAIN, error, error)
    held = [
        _recalibrated(fitted.need, each.need) * _recalibrated(fitted.have, each.have)
        for each in scored
        if each.trace.needed and each.trace.held
    ]
    return replace(fitted, levels=_levels(held, error)) if len(held) >= FEWEST else fitted


def _recalibrated(line: tuple[float, float], logit: float) -> float:
    return sigmoid(line[0] * logit + line[1])


def _levels(held: Sequence[float], error: float) -> tuple[float, ...]:
    """Quantiles whose value at `error` is the conformal threshold, not a plain quantile."""
    grid = np.quantile(held, np.linspace(0.0, 1.0, 101))
    # Too few to promise anything: nothing is let go.
    cut = max(threshold(held, error), 0.0)
    shift = cut - quantile(grid.tolist(), error)
    return tuple(float(value) for value in np.clip(grid + shift, 0.0, 1.0))


def _line(pairs: Sequence[tuple[float, bool]]) -> tuple[float, float] | None:
    """Slope and shift of log-odds (Platt 1999), drawn towards leaving them as they are."""
    right = sum(label for _, label in pairs)
    if min(right, len(pairs) - right) < FEWEST:
        return None
    scores = np.array([[score] for score, _ in pairs])
    labels = np.array([label for _, label in pairs], float)
    offset = scores[:, 0]
    weights, bias = fit_logistic(scores, labels, offset=offset, penalty=4.0)
    return float(max(1.0 + weights[0], 0.05)), float(bias)


def fit_logistic(
    values: Floats,
    labels: Floats,
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
    penalty: float = 1.0,
) -> tuple[Floats, float]:
    """Weights and bias by Newton's method; an L2 penalty on the weights, none on the bias.

    `values` has shape (samples, features); `offset` is added to the log-odds as it is.
    """
    size = values.shape[1]
    design = np.column_stack([values, np.ones(len(values))])
    share = np.ones(len(values)) if weights is None else weights
    base = np.zeros(len(values)) if offset is None else offset
    ridge = np.append(np.full(size, penalty), 1e-9)
    found = np.zeros(size + 1)

    def loss(at: Floats) -> float:
        signed = (2.0 * labels - 1.0) * (design @ at + base)
        return float(share @ np.logaddexp(0.0, -signed) + 0.5 * ridge @ at**2)

    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ found + base, -30, 30)))
        slope = design.T @ (share * (chance - labels)) + ridge * found
        curve = (design.T * (share * chance * (1 - chance) + 1e-9)) @ design + np.diag(ridge)
        step = np.linalg.solve(curve, slope)
        # Far from the optimum a full step overshoots where the curve is flat.
        while loss(found - step) > loss(found) and float(np.abs(step).max()) > 1e-9:
            step = step / 2
        found = found - step
        if float(np.abs(step).max()) < 1e-7:
            break
    return found[:size], float(found[size])
