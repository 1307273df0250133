"""Segmenters by name, with constants that fit the embedder: shipped, or measured on own turns.

The shipped topic models were tuned by the segmentation score on the development dialogues of
DialSeg711 and TIAGE, one for each embedder and all kinds of chat. `measured` finds the same for
another embedder from a user's own turns, without labels.
"""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Literal, get_args

import numpy as np

from knowhen.memory.episodes.base import Floats, Limits, Segmenter, SurpriseScorer, Vectors
from knowhen.memory.episodes.cues import CUES, Cue
from knowhen.memory.episodes.lm import Constant, Likelihood, TokenScorer, Trailing
from knowhen.memory.episodes.offline import OfflineSegmenter
from knowhen.memory.episodes.online import OnlineSegmenter
from knowhen.memory.episodes.refining import REFINEMENTS, Refinement, RefiningSegmenter
from knowhen.memory.episodes.topics import THRESHOLD, RunLengthScorer, TopicModel
from knowhen.memory.errors import InvalidInput
from knowhen.memory.stores.base import Store

log = logging.getLogger(__name__)


ScorerName = Literal["bocpd", "lm"]
SCORERS: tuple[ScorerName, ...] = get_args(ScorerName)
DEFAULT_SCORER: ScorerName = "bocpd"


def make_segmenter(
    name: str = DEFAULT_SCORER,
    *,
    embedder_name: str,
    threshold: float | Trailing | None = None,
    refine: Refinement = "none",
    limits: Limits | None = None,
    topics: TopicModel | None = None,
    cues: Sequence[Cue] = CUES,
    likelihood: Likelihood | None = None,
    relative: bool = False,
) -> Segmenter:
    """The online segmenter with that scorer, made for that embedder.

    Args:
        name: `bocpd` (run-length posterior) or `lm` (a causal language model, see `likelihood`).
        threshold: in the scorer's own unit (for `bocpd` a probability); None takes the default,
            which for `lm` is EM-LLM's rule, `Trailing()`.
        refine: how boundaries are moved once the next one is known.
        topics: the topic model of another embedder, from `measured`.
        cues: what `bocpd` reads in the wording; none of them makes it free of any language.
        relative: for `lm`, surprisal less that of the turn alone.

    Raises:
        InvalidInput: no scorer or refinement has that name, or the scorer lacks what it needs.
    """
    if name not in SCORERS:
        raise InvalidInput(f"no surprise scorer {name!r}; use one of {', '.join(SCORERS)}")
    scorer: SurpriseScorer
    if name == "bocpd":
        if isinstance(threshold, Trailing):
            raise InvalidInput("`bocpd` cuts at a probability; give `threshold` as a number")
        at = THRESHOLD if threshold is None else threshold
        scorer = RunLengthScorer(
            topics or topics_for(embedder_name), threshold=at, cues=tuple(cues)
        )
    else:
        if likelihood is None:
            raise InvalidInput(
                "the scorer `lm` needs `likelihood=CausalLanguageModel(folder)` and the extra "
                "knowhen[lm]; `bocpd` needs nothing"
            )
        rule = Constant(threshold) if isinstance(threshold, int | float) else threshold
        scorer = TokenScorer(likelihood, threshold=rule, relative=relative)
    return refined(OnlineSegmenter(scorer, limits or Limits()), refine)


def make_offline_segmenter(
    *,
    embedder_name: str,
    limits: Limits | None = None,
    topics: TopicModel | None = None,
    cues: Sequence[Cue] = CUES,
) -> OfflineSegmenter:
    """The segmenter for whole sessions, made for that embedder."""
    return OfflineSegmenter(
        topics or topics_for(embedder_name), limits or Limits(), cues=tuple(cues)
    )


def refined(segmenter: OnlineSegmenter, refine: Refinement) -> Segmenter:
    """The segmenter with its boundaries moved as `refine` says.

    Raises:
        InvalidInput: no refinement has that name.
    """
    if refine not in REFINEMENTS:
        raise InvalidInput(f"no refinement {refine!r}; use one of {', '.join(REFINEMENTS)}")
    if refine == "none":
        return segmenter
    if refine == "conductance":
        return RefiningSegmenter(segmenter, "conductance")
    return RefiningSegmenter(segmenter, left_only=refine == "modularity-left")


_FAR = 16
"""Turns this far apart in a session are mostly about different things."""
FEWEST = 200
"""Fewer turns than this tell nothing reliable about an embedder."""
_SHIPPED = ("lexical", "all-minilm-l6-v2")

_LOCAL = TopicModel(unrelated=0.155, cohesion=0.3, dimensions=10)
_LEXICAL = TopicModel(unrelated=0.02, cohesion=0.15, dimensions=21)


def topics_for(embedder_name: str) -> TopicModel:
    """The shipped topic model: the lexical embedder's for one, MiniLM's for all others."""
    return _LEXICAL if embedder_name.startswith("lexical") else _LOCAL


def is_shipped(embedder_name: str) -> bool:
    """Whether the shipped constants were tuned for that embedder."""
    name = embedder_name.lower().rsplit("/", 1)[-1]
    return name.startswith(_SHIPPED)


def measured(sessions: Sequence[Vectors]) -> TopicModel:
    """The topic model of another embedder, from the vectors of some sessions, without labels.

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
    return TopicModel(float(far), cohesion, dimensions=3.2 / cohesion)


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


Segmenters = tuple[Segmenter, Segmenter | None]
"""The online one, and the offline one if there is one."""

NEWEST = 2000
"""Turns that are measured."""
SHORTEST = 4
"""Shorter sessions say too little about neighbours."""


class Adaptation:
    """Gives segmenters that fit the embedder, as soon as enough turns of a space are there.

    What is measured first, in any space, is kept in the home and holds for all of it: numbers
    about the embedder, nothing of what was said.
    """

    def __init__(
        self,
        store: Store,
        space: str,
        *,
        embedder_name: str,
        make: Callable[[TopicModel | None], Segmenters],
    ) -> None:
        self._store, self._space, self._make = store, space, make
        self._key = f"topics:{embedder_name}"
        self._waiting = not is_shipped(embedder_name)

    def segmenters(self) -> Segmenters:
        """Those to begin with: with the shipped constants where none were measured yet."""
        return self._make(self._stored() if self._waiting else None)

    def better(self) -> Segmenters | None:
        """Segmenters for the embedder once its constants are known, then None; writes a setting.

        To be called inside a transaction.
        """
        if not self._waiting:
            return None
        found = self._stored() or self._measured()
        if found is None:
            return None
        self._waiting = False
        return self._make(found)

    def _stored(self) -> TopicModel | None:
        text = self._store.setting(self._key)
        return TopicModel(**json.loads(text)) if text else None

    def _measured(self) -> TopicModel | None:
        if self._store.count_turns(self._space) < FEWEST:
            return None
        sessions = [own for own in self._sessions() if len(own) >= SHORTEST]
        turns = sum(len(own) for own in sessions)
        if turns < FEWEST:
            return None
        found = measured(sessions)
        self._store.set_setting(self._key, json.dumps(asdict(found)))
        log.info("measured the embedder on %d turns: %s", turns, found)
        return found

    def _sessions(self) -> list[Vectors]:
        """Vectors of the newest turns that were said, by session."""
        stored = self._store.turns(self._space, newest=NEWEST)
        said = [row.turn for row in stored if row.turn.role != "document"]
        vectors = self._store.vectors_of(self._space, "turn", [turn.id for turn in said])
        sessions: dict[str, list[Vectors]] = {}
        for turn in said:
            own = vectors.get(turn.id)
            if own is not None and len(own):
                middle = own.mean(axis=0)
                sessions.setdefault(turn.session, []).append(
                    middle / (np.linalg.norm(middle) or 1.0)
                )
        return [np.asarray(own, np.float32) for own in sessions.values()]
