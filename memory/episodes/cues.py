"""Cues in the wording that a new topic begins, as log odds to add to the prior of a boundary.

All but the question mark are wordings of a language; where a language has none the embeddings
decide nearly alone. The weights are round numbers, chosen by hand on development
dialogues; `benchmarks/segmentation.py` shows what they are worth.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from knowhen.memory.episodes.base import Floats, Unit
from knowhen.memory.language.detection import detect
from knowhen.memory.language.registry import pack
from knowhen.memory.language.terms import words


@dataclass(frozen=True, slots=True)
class Cue:
    name: str
    """Its wording stands in the section `boundary NAME` of a language's `boundaries.txt`."""
    weight: float
    """Log odds."""
    before: bool = False
    """Look at the turn before the boundary, not at the one after it."""


_MARK = re.compile(r"[?？؟]")
ASKED = Cue("asked", -1.0, before=True)
"""A question mark, in any language: what was asked is answered next."""

CUES: tuple[Cue, ...] = (
    ASKED,
    # A question with a question word is answered next most of all.
    Cue("asked_openly", -0.5, before=True),
    Cue("closing", 0.5, before=True),
    Cue("greeting", 1.0),
    Cue("asking_you", 1.0),
    Cue("request", 0.5),
    Cue("reaction", -0.5),
    Cue("reference", -0.5),
    Cue("continuation", -0.5),
)


def cue_log_odds(units: Sequence[Unit], cues: Sequence[Cue] = CUES) -> Floats:
    """Summed weights of the cues that speak for or against a boundary before each unit."""
    weight = _reader(tuple(cues))
    inside = [weight(unit.text, False) for unit in units]
    ahead = [0.0, *(weight(unit.text, True) for unit in units[:-1])]
    result: Floats = np.array(inside) + np.array(ahead[: len(units)])
    return result


def found_cues(text: str, *, before: bool = False, cues: Sequence[Cue] = CUES) -> tuple[str, ...]:
    """Names of the cues in a turn: those at its start, or those for a boundary after it."""
    return tuple(cue.name for cue in _found(text, tuple(cues), before))


@lru_cache(maxsize=16)
def _reader(cues: tuple[Cue, ...]) -> Callable[[str, bool], float]:
    """Reads summed weights off texts, those for a boundary after the text if `before` is given.

    Keeps what it has read: an open event is scored anew with every turn.
    """

    @lru_cache(maxsize=8192)
    def weight(text: str, before: bool) -> float:
        return sum(cue.weight for cue in _found(text, cues, before))

    return weight


def _found(text: str, cues: tuple[Cue, ...], before: bool) -> list[Cue]:
    folded = _folded(text)
    asked = before and _MARK.search(folded) is not None
    wanted = [cue.name for cue in cues if cue.before is before]
    worded = pack(detect(words(folded))).boundary_cues(folded, wanted)
    return [cue for cue in cues if cue.name in worded or (asked and cue == ASKED)]


def _folded(text: str) -> str:
    # A long turn tells how it takes up the talk in its beginning, and hands it on in its end.
    if len(text) > 1000:
        text = text[:500] + "\n" + text[-500:]
    return text.lower().replace("’", "'")
