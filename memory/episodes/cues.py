"""Cues in the wording that a new topic begins, as log odds to add to the prior of a boundary.

All but the question mark are English and are read in English turns only; in other languages
the embeddings decide nearly alone. The weights are round numbers, chosen by hand on development
dialogues; `benchmarks/segmentation.py` shows what they are worth.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from knowhen.memory.episodes.base import Floats, Unit
from knowhen.memory.language.detection import detect
from knowhen.memory.language.terms import words


@dataclass(frozen=True, slots=True)
class Cue:
    name: str
    weight: float
    """Log odds."""
    pattern: re.Pattern[str]
    before: bool = False
    """Look at the turn before the boundary, not at the one after it."""
    language: str = "en"
    """Code of the language it belongs to; empty means all."""


def _cue(name: str, weight: float, pattern: str, *, before: bool = False) -> Cue:
    return Cue(name, weight, re.compile(pattern), before)


CUES: tuple[Cue, ...] = (
    # What was asked is answered next, and a question with a question word most of all.
    Cue("asked", -1.0, re.compile(r"[?？؟]"), before=True, language=""),
    _cue(
        "asked_openly",
        -0.5,
        r"(?s)\b(what|where|when|which|who|whom|whose|why|how)\b.*[?？؟]"
        r"|[?？؟].*\b(what|where|when|which|who|whom|whose|why|how)\b",
        before=True,
    ),
    _cue(
        "closing",
        0.5,
        r"\b(thank|thanks|welcome|bye|goodbye|great day|good day|good luck|have a (good|nice|great)"
        r"|anything else|anything more|something else|further assist\w*"
        r"|(help|assist) you (further|with anything))\b",
        before=True,
    ),
    _cue("greeting", 1.0, r"^\W*(hi|hello|hey|good (morning|evening|afternoon))\b"),
    _cue("asking_you", 1.0, r"\b(do|are|have|did|were) you\b|\byour\b.*\?"),
    _cue(
        "request",
        0.5,
        r"\b(i need|i want|i'd like|i would like|i am looking|i'm looking|looking for|can you"
        r"|could you|(tell|give|show|find|help|remind) me|schedule|please (find|book|help))\b",
    ),
    _cue(
        "reaction",
        -0.5,
        r"^\W*(yes|no|yeah|yep|yea|nope|sure|ok|okay|right|true|exactly|oh|wow|ah|that|it|haha|lol"
        r"|cool|nice|awesome|great|perfect|not|but|and|because|sounds|thanks|thank)\b",
    ),
    _cue("reference", -0.5, r"\b(it|them|they|one|ones|those|these|he|she|him|her|their)\b"),
    _cue(
        "continuation",
        -0.5,
        r"\b(more|also|too|as well|either|instead|else|about (it|that|this)|sounds|really|just"
        r"|prefer)\b",
    ),
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
    language = detect(words(folded))
    return [
        cue
        for cue in cues
        if cue.before is before
        and cue.language in ("", language)
        and cue.pattern.search(folded) is not None
    ]


def _folded(text: str) -> str:
    # A long turn tells how it takes up the talk in its beginning, and hands it on in its end.
    if len(text) > 1000:
        text = text[:500] + "\n" + text[-500:]
    return text.lower().replace("’", "'")
