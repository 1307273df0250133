"""A threshold that keeps a chosen share of what memory really holds.

Split conformal prediction (Vovk et al.; CONFLARE for retrieval): with the scores of n questions
that memory could answer, the floor(error * (n + 1))-th smallest lets at most `error` of new ones
fall below, whatever the score means. It bounds answers that are missed, not junk let through.
"""

from collections.abc import Sequence

import numpy as np

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
