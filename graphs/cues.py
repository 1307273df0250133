"""What a query brings to mind: facts, passages and entities, scored by the caller's indexes."""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from knowhen.graphs.adjacency import Slots, Weights
from knowhen.graphs.errors import InvalidInput
from knowhen.graphs.facts import Fact
from knowhen.graphs.names import normalise

LONGEST = 10
"""Words (or signs, in scripts without spaces) of the longest name looked for in a query."""

# Kana, Han, Thai, Lao and Khmer write no spaces: each sign is a part of its own.
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\u0e00-\u0eff\u1780-\u17ff"
_PARTS = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")


@dataclass(frozen=True, slots=True)
class Cues:
    """Plain arrays, so that any store, index and embedder can make them.

    The recipes of the papers scale scores by the least and the largest of all facts and of all
    passages, so those want every score. `knowhen` is content with the best hundreds.
    """

    query: str
    passages: Sequence[str]
    """Ids of passages in the graph."""
    dense: Weights
    """Cosine of each passage with the query, shape (passages,)."""
    lexical: Weights | None = None
    """BM25 or the like of each passage, shape (passages,)."""
    facts: Sequence[Fact] = ()
    fact_scores: Weights = field(default_factory=lambda: np.zeros(0))
    """Cosine of each fact with the query, shape (facts,)."""
    entities: Mapping[str, float] = field(default_factory=dict)
    """Names of entities that the query speaks of, and how surely."""

    def __post_init__(self) -> None:
        lexical = self.dense if self.lexical is None else self.lexical
        if not len(self.passages) == len(self.dense) == len(lexical):
            raise InvalidInput("every passage of the cues needs one score of each sort")
        if len(self.facts) != len(self.fact_scores):
            raise InvalidInput("every fact of the cues needs one score")


def entities_in(
    query: str, known: Container[str], *, stop: Container[str] = frozenset()
) -> dict[str, float]:
    """The known names that stand in the query, longest first, none inside another.

    Query and names are compared in their normalised form, in scripts written without spaces
    sign by sign, in others word by word. Single words in `stop` are no names.
    """
    text = normalise(query)
    parts = [match.span() for match in _PARTS.finditer(text)]
    free, found = [True] * len(parts), {}
    for length in range(min(LONGEST, len(parts)), 0, -1):
        for first in range(len(parts) - length + 1):
            name = text[parts[first][0] : parts[first + length - 1][1]]
            run = slice(first, first + length)
            if name in known and all(free[run]) and not (length == 1 and name in stop):
                free[run] = [False] * length
                found[name] = 1.0
    return found


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
