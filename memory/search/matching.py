"""Thoughts that match a query: what the walk starts from, and recollections of their own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.records import Thought
from knowhen.memory.search.query import Query
from knowhen.memory.stores.base import Integers
from knowhen.memory.thoughts.decay import Decay
from knowhen.memory.thoughts.resolution import known_at as known_then
from knowhen.memory.thoughts.resolution import true_at
from knowhen.memory.view.view import View

DEPTH = 20
"""Nearest thoughts looked at by cosine, and again by shared terms."""
DECAY = Decay()
FADING = 0.3
"""Share of a match's score that a thought loses when nothing of it is retained."""


@dataclass(frozen=True, slots=True)
class FactHit:
    """A thought with its match to the query: cosine plus share of the query's terms it holds."""

    thought: Thought
    score: float
    cosine: float = 0.0


def matching_thoughts(
    view: View,
    query: Query,
    vector: NDArray[np.float32],
    *,
    now: datetime,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> list[FactHit]:
    """Thoughts that are active, or were true and known at the given times, best first.

    What has faded by `now` comes after what fits as well and has not.
    """
    owners = view.thoughts.entries
    if not owners:
        return []
    ids, cosines = view.nearest("thought", vector, DEPTH)
    scores = {
        int(i): max(float(c), 0.0) for i, c in zip(ids.tolist(), cosines.tolist(), strict=True)
    }
    postings = view.postings("thought", query.terms)
    for entry, share in _overlaps(postings, len(owners)):
        scores[entry] = scores.get(entry, 0.0) + share
    near = {
        owners[i]: c for i, c in zip(ids.tolist(), cosines.tolist(), strict=True) if i in owners
    }
    best: dict[str, float] = {}
    for entry, score in scores.items():
        if entry in owners:
            best[owners[entry]] = max(best.get(owners[entry], 0.0), score)
    thoughts = view.thoughts.thoughts(sorted(best))
    if known_at is not None:
        thoughts = known_then(thoughts, known_at)
    if as_of is not None:
        thoughts = true_at(thoughts, as_of)
    else:
        thoughts = [thought for thought in thoughts if thought.status == "active"]
    hits = [
        FactHit(thought, best[thought.id] * _present(thought, now), near.get(thought.id, 0.0))
        for thought in thoughts
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.thought.id))


def _present(thought: Thought, now: datetime) -> float:
    """What is left of a match's score; fading orders thoughts and hides none."""
    return 1.0 - FADING * (1.0 - DECAY.retention(thought, now))


def _overlaps(
    postings: Mapping[str, tuple[Integers, Integers]], size: int
) -> Iterator[tuple[int, float]]:
    """Entries that hold most of the query by rarity of terms, each as a share of the best."""
    if not postings:
        return
    lists = [entries for entries, _ in postings.values()]
    rarity = [np.full(len(entries), np.log1p(size / len(entries))) for entries in lists]
    found, place = np.unique(np.concatenate(lists), return_inverse=True)
    total = np.bincount(place, weights=np.concatenate(rarity))
    for best in np.argsort(-total, kind="stable")[:DEPTH].tolist():
        yield int(found[best]), float(total[best] / total.max())
