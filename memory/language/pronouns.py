"""Who speaks of whom, by pronouns."""

from collections.abc import Sequence
from functools import cache
from typing import Final

from knowhen.memory.language.base import Pronouns
from knowhen.memory.language.detection import DEFAULT, detect
from knowhen.memory.language.wordings import UNSPACED, wordings

_SCRIPTS: Final = ("ko",)
"""Languages in a script of their own, whose words cannot be mistaken."""


@cache
def pronouns(code: str) -> Pronouns:
    """The pronouns of a language; none for a language without a pack."""
    words = wordings(code).words
    return Pronouns(words("speaker"), words("group"), words("listener"), words("pointing"))


@cache
def _speaker(code: str) -> frozenset[str]:
    """Every "I" that may stand in a text of a language; English ones are used in all."""
    codes = (DEFAULT, code, *_SCRIPTS)
    return frozenset(word for each in codes for word in pronouns(each).speaker)


@cache
def _unspaced() -> frozenset[str]:
    return frozenset(word for code in UNSPACED for word in pronouns(code).speaker)


def names_the_speaker(found: Sequence[str]) -> bool:
    """Whether folded words hold an "I", "me" or "my" of the language that they are in."""
    own = _speaker(detect([*found]))
    return any(word in own or _holds_one(word) for word in found)


def _holds_one(run: str) -> bool:
    """Whether an "I" stands within a run of a script without spaces."""
    return not run.isascii() and any(word in run for word in _unspaced())
