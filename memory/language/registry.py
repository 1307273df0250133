"""Which language reads a text."""

from functools import cache, lru_cache
from typing import Final

from knowhen.memory.language.detection import detect
from knowhen.memory.language.pack import QUOTED, Pack
from knowhen.memory.language.terms import words


@cache
def pack(code: str) -> Pack:
    """The language of a code; one without a folder has empty lists."""
    return Pack(code)


@lru_cache(maxsize=8_192)
def language_of(text: str) -> Pack:
    """The language that a text is written in; English where it shows none."""
    return pack(detect(words(QUOTED.sub(" ", text[:_ENOUGH]))))


_ENOUGH: Final = 400
"""Characters that show the language of a text."""
