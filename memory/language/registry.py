"""Which language reads a text."""

from functools import cache

from knowhen.memory.language.detection import DEFAULT
from knowhen.memory.language.pack import Pack


@cache
def pack(code: str) -> Pack:
    """The language of a code; one without a folder has empty lists."""
    return Pack(code)


def language_of(text: str) -> Pack:
    """The language that a text is read with."""
    return pack(DEFAULT)
