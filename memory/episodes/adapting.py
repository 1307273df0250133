"""Constants for an embedder that none are shipped for, measured on the user's own turns."""

import json
import logging
from collections.abc import Callable

import numpy as np

from knowhen.memory.episodes.base import Segmenter, Vectors
from knowhen.memory.episodes.calibration import FEWEST, Calibration, calibrated, is_shipped
from knowhen.memory.stores.base import Store

log = logging.getLogger(__name__)

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
        make: Callable[[Calibration | None], Segmenters],
    ) -> None:
        self._store, self._space, self._make = store, space, make
        self._key = f"calibration:{embedder_name}"
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

    def _stored(self) -> Calibration | None:
        text = self._store.setting(self._key)
        return Calibration.load(json.loads(text)) if text else None

    def _measured(self) -> Calibration | None:
        if self._store.count_turns(self._space) < FEWEST:
            return None
        sessions = [own for own in self._sessions() if len(own) >= SHORTEST]
        turns = sum(len(own) for own in sessions)
        if turns < FEWEST:
            return None
        found = calibrated(sessions)
        self._store.set_setting(self._key, json.dumps(found.dump()))
        log.info("measured the embedder on %d turns: %s", turns, found.topics)
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
