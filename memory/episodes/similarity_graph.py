"""The best place to split a run of units, on the graph of their similarities.

EM-LLM section 3.2: modularity (eq. 3) and conductance (eq. 4) of the two sides of a boundary.
Weights are cosines, negative ones cut off (both measures need non-negative weights), and the
diagonal is zero. Moving one unit over the boundary changes the weight inside each side by one
row sum, so all candidates of a run of m units cost O(m^2), that is O(n m) over a stream.
"""

from typing import Literal

import numpy as np

from knowhen.memory.episodes.base import Floats

Objective = Literal["modularity", "conductance"]


def similarity(vectors: Floats) -> Floats:
    """Non-negative weights between units, shape (units, units), zero on the diagonal."""
    weights: Floats = np.maximum(vectors @ vectors.T, 0.0)
    np.fill_diagonal(weights, 0.0)
    return weights


def split_scores(weights: Floats, objective: Objective) -> Floats:
    """How good a boundary before each unit is, larger is better; the first has none (-inf).

    `modularity`: Q of the two sides. `conductance`: minus the weight cut, over the smaller of
    the two sides' volumes (sums of degrees; EM-LLM's code leaves the cut out of one of them).
    """
    size = len(weights)
    degree = weights.sum(axis=1)
    total = float(degree.sum())  # twice the weight of all edges
    scores = np.full(size, -np.inf)
    if total <= 0:
        scores[1:] = 0.0
        return scores
    inside, volume = 0.0, 0.0  # of the left side, edges counted twice
    for split in range(1, size):
        moved = split - 1
        inside += 2 * float(weights[moved, :moved].sum())
        volume += float(degree[moved])
        cut = volume - inside
        if objective == "modularity":
            right = total - volume - cut
            expected = (volume**2 + (total - volume) ** 2) / total
            scores[split] = (inside + right - expected) / total
        else:
            smaller = min(volume, total - volume)
            scores[split] = -cut / smaller if smaller > 0 else -np.inf
    return scores


def best_split(weights: Floats, objective: Objective, *, least: int, most: int, given: int) -> int:
    """The best boundary in [least, most]; `given` if nothing is clearly better."""
    scores = np.round(split_scores(weights, objective), 9)
    candidates = np.arange(least, most + 1)
    best = int(candidates[np.argmax(scores[candidates])])
    return best if scores[best] > scores[given] else given
