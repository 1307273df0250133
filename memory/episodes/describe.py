"""What an event is called and which of its turns stand for it, without a language model."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.episodes.base import Unit, Vectors

TITLE_LENGTH = 80
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")


def describe(units: Sequence[Unit], *, keys: int = 3) -> tuple[str, tuple[str, ...]]:
    """An event's title, and the ids of its key turns: the first one and the most central.

    The central ones are chosen by maximal marginal relevance, so that no two say the same; ids
    come in the order of the turns.
    """
    if not units:
        return "", ()
    vectors = np.stack([unit.vector for unit in units]).astype(np.float64)
    ranked = _diverse(vectors, [_weight(unit) for unit in units], count=keys)
    chosen = sorted({0, *ranked})
    return _title(units[ranked[0]].text), tuple(units[index].id for index in chosen)


def event_vectors(units: Sequence[Unit], *, keys: Sequence[str] | None = None) -> Vectors:
    """The vectors an event is found by: its centroid, then those of its key turns (or all).

    Shape (1 + turns, dimension), each of unit length. One vector for an event loses its facts.
    """
    chosen = [unit.vector for unit in units if keys is None or unit.id in set(keys)]
    centroid = np.mean([unit.vector for unit in units], axis=0)
    length = float(np.linalg.norm(centroid))
    stacked = np.stack([centroid / length if length else centroid, *chosen])
    return stacked.astype(np.float32)


def _weight(unit: Unit) -> float:
    """Short turns ("Thanks!") are often central and never tell what an event is about."""
    return min(1.0, len(unit.text) / 60)


def _diverse(
    vectors: NDArray[np.float64], weights: Sequence[float], *, count: int, balance: float = 0.7
) -> list[int]:
    """Indices by maximal marginal relevance (Carbonell & Goldstein 1998) to the centroid."""
    similarity = vectors @ vectors.T
    centrality = similarity.mean(axis=1) * np.asarray(weights)
    chosen: list[int] = []
    while len(chosen) < min(count, len(vectors)):
        repeated = similarity[:, chosen].max(axis=1) if chosen else np.zeros(len(vectors))
        gain = balance * centrality - (1 - balance) * repeated
        gain[chosen] = -np.inf
        chosen.append(int(np.argmax(gain)))
    return chosen


def _title(text: str) -> str:
    """The longest sentence that fits, else the beginning of the first, cut at a word."""
    sentences = [part.strip() for part in _SENTENCE.split(text) if part.strip()]
    fitting = [part for part in sentences if len(part) <= TITLE_LENGTH]
    if fitting:
        return max(fitting, key=len)
    head = sentences[0] if sentences else text.strip()
    shortened = head[: TITLE_LENGTH - 1].rsplit(" ", 1)[0]
    return shortened + "…"
