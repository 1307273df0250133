"""Where a walk starts, and how its outcome is weighed with what was known before it."""

from collections.abc import Iterable, Mapping

import numpy as np

from knowhen.graphs.adjacency import Slots, Weights

CANDIDATES = 100
"""Best passages by the walk and by each score that are ranked in the end."""
FLOOR = 1e-4
"""Share of a walk below which passages are alike; about twice what local push leaves open."""


def shared_out(groups: Iterable[tuple[float, Mapping[str, float]]]) -> dict[str, float]:
    """One restart of several sorts of seeds, each with its share of the mass.

    A sort that has nothing leaves its share to the others, so that the masses sum to one.
    """
    filled = [(share, seeds) for share, seeds in groups if share and sum(seeds.values()) > 0.0]
    total = sum(share for share, _ in filled)
    restart: dict[str, float] = {}
    for share, seeds in filled:
        mass = sum(seeds.values())
        for node, weight in seeds.items():
            restart[node] = restart.get(node, 0.0) + share / total * weight / mass
    return restart


def fused(
    walked: Weights,
    dense: Weights,
    lexical: Weights,
    *,
    dense_weight: float,
    lexical_weight: float,
) -> Slots:
    """Places by the walk's share in logarithms and both scores, standardised and added up.

    Only the best candidates of each are ranked, so that the outcome does not drift as memory
    grows; the others are left out. All three have the shape (passages,).
    """
    chosen = np.unique(
        np.concatenate([best(each, CANDIDATES) for each in (walked, dense, lexical)])
    )
    total = standardised(np.log(walked[chosen] + FLOOR))
    total += dense_weight * standardised(dense[chosen])
    total += lexical_weight * standardised(lexical[chosen])
    return chosen[best(total, len(total))]


def best(scores: Weights, limit: int) -> Slots:
    """Places of the `limit` largest scores, best first, equal ones in order of place."""
    if 0 < limit < len(scores):
        bound = np.partition(scores, len(scores) - limit)[len(scores) - limit]
        places = np.flatnonzero(scores >= bound)
    else:
        places = np.arange(len(scores))
    return places[np.lexsort((places, -scores[places]))][:limit]


def scaled(scores: Weights) -> Weights:
    """Scores brought to [0, 1] by the least and the largest; ones if all are equal."""
    if not scores.size:
        return scores
    low, high = scores.min(), scores.max()
    return (scores - low) / (high - low) if high > low else np.ones(len(scores))


def standardised(scores: Weights) -> Weights:
    """Scores with mean 0 and deviation 1; zeros if all are equal."""
    deviation = scores.std() if scores.size else 0.0
    return (scores - scores.mean()) / deviation if deviation > 0 else np.zeros(len(scores))
