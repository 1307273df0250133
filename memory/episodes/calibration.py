"""Constants that belong to an embedder: cosines of related and unrelated turns, thresholds.

The shipped ones were tuned by the segmentation score on the development dialogues of DialSeg711
and TIAGE, one set for each embedder and all kinds of chat. `calibrated` measures the same for
another embedder from a user's own turns, without labels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from knowhen.memory.episodes.base import Floats, Vectors
from knowhen.memory.episodes.belief import belief_surprise
from knowhen.memory.episodes.thresholds import Constant
from knowhen.memory.episodes.topics import TopicModel
from knowhen.memory.episodes.window import contrast
from knowhen.memory.errors import InvalidInput

PERCENTILE = 75.0
"""Percent of the turns that stay below a threshold."""

_FAR = 16
"""Turns this far apart in a session are mostly about different things."""
FEWEST = 200
"""Fewer turns than this tell nothing reliable about an embedder."""
_SHIPPED = ("lexical", "all-minilm-l6-v2")


@dataclass(frozen=True, slots=True)
class Calibration:
    """What the scorers must know about an embedder."""

    topics: TopicModel
    thresholds: Mapping[str, Constant]
    """By the name of each scorer whose values depend on the embedder."""

    def dump(self) -> dict[str, object]:
        """Plain values that JSON can hold, for `load`."""
        thresholds = {name: asdict(constant) for name, constant in self.thresholds.items()}
        return {"topics": asdict(self.topics), "thresholds": thresholds}

    @classmethod
    def load(cls, plain: Mapping[str, Mapping[str, Any]]) -> "Calibration":
        """What `dump` gave."""
        thresholds = {name: Constant(**own) for name, own in plain["thresholds"].items()}
        return cls(TopicModel(**plain["topics"]), thresholds)


# The thresholds of the two beliefs hold for these topic models only: measure them anew with them.
_LOCAL = Calibration(
    TopicModel(unrelated=0.155, cohesion=0.3, dimensions=10),
    {
        "window": Constant(0.735, 0.153),
        "surprisal": Constant(2.56, 0.79),
        "bayesian-surprise": Constant(1.28, 0.179),
    },
)
_LEXICAL = Calibration(
    TopicModel(unrelated=0.02, cohesion=0.15, dimensions=21),
    {
        "window": Constant(0.985, 0.136),
        "surprisal": Constant(-1.13, 0.96),
        "bayesian-surprise": Constant(2.41, 0.225),
    },
)


def calibration_for(embedder_name: str) -> Calibration:
    """The shipped constants: those of the lexical embedder for one, MiniLM's for all others."""
    return _LEXICAL if embedder_name.startswith("lexical") else _LOCAL


def is_shipped(embedder_name: str) -> bool:
    """Whether the shipped constants were tuned for that embedder."""
    name = embedder_name.lower().rsplit("/", 1)[-1]
    return name.startswith(_SHIPPED)


def calibrated(sessions: Sequence[Vectors]) -> Calibration:
    """Constants for another embedder, from the vectors of some sessions' turns, without labels.

    Each of `sessions` holds the unit vectors of one session in order, shape (turns, dimension).

    Raises:
        InvalidInput: fewer than 200 turns in sessions of at least two.
    """
    arrays = [np.asarray(session, np.float64) for session in sessions if len(session) > 1]
    turns = sum(len(session) for session in arrays)
    if turns < FEWEST:
        raise InvalidInput(f"calibrating needs at least {FEWEST} turns of sessions, not {turns}")
    near = np.concatenate([_cosines(session, 1) for session in arrays])
    far = _unrelated(arrays)
    # Neighbours are often, not always, about the same thing, and answer each other besides.
    # Factor and dimensions carry over from the two embedders that were tuned.
    cohesion = float(np.clip(1.45 * (near.mean() - far), 0.02, 0.9))
    topics = TopicModel(float(far), cohesion, dimensions=3.2 / cohesion)
    return Calibration(topics, _thresholds(arrays, topics))


def _thresholds(sessions: Sequence[Floats], topics: TopicModel) -> dict[str, Constant]:
    values = {
        "window": [contrast(session) for session in sessions],
        "surprisal": [belief_surprise(session, "surprisal", topics) for session in sessions],
        "bayesian-surprise": [
            belief_surprise(session, "bayesian-surprise", topics) for session in sessions
        ],
    }
    return {name: _constant(np.concatenate(parts)) for name, parts in values.items()}


def _constant(values: Floats) -> Constant:
    known = values[np.isfinite(values)]
    at = float(np.percentile(known, PERCENTILE))
    return Constant(at, max(float(known.std()), 1e-6))


def _cosines(vectors: Floats, apart: int) -> Floats:
    result: Floats = np.einsum("ij,ij->i", vectors[apart:], vectors[:-apart])
    return result


def _unrelated(sessions: Sequence[Floats]) -> float:
    """Mean cosine of turns of different sessions, or far apart in the only one."""
    if len(sessions) > 1:
        middles = [session.mean(axis=0) for session in sessions]
        total = np.sum(middles, axis=0)
        own = sum(float(middle @ middle) for middle in middles)
        return (float(total @ total) - own) / (len(middles) * (len(middles) - 1))
    return float(_cosines(sessions[0], _FAR).mean())
