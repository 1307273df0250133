"""Where the names that are known from elsewhere stand in what somebody said.

A capital at the beginning of a sentence makes no name by itself: "Declan has mumps." may begin
with any word. That somebody called Declan speaks in this memory, that a document is about him or
that another turn names him beyond doubt settles it, today or a year later. So turns are looked up
again when a name becomes known, and what is found does not depend on which came first.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from knowhen.memory.language.detection import stop_words

_WORD = re.compile(r"[^\W\d_]\w*")
LONGEST = 6
"""Words of the longest name that is looked for; longer titles are sentences."""


class KnownNames:
    """Names that are sure, and the capitalised words of every turn that could begin one."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, None]] = {}
        """Names by their first word."""
        self._turns: dict[str, list[tuple[str, str]]] = {}
        """Turns (node and text) by each capitalised word in them."""

    def add(
        self, turns: Iterable[tuple[str, str]], names: Iterable[str]
    ) -> Iterator[tuple[str, str]]:
        """Take up turns and sure names; give back which turn holds which name, each pair once."""
        fresh = [name for name in dict.fromkeys(names) if self._enter(name)]
        for name in fresh:
            for node, text in self._turns.get(_first(name), ()):
                if holds(text, name):
                    yield node, name
        for node, text in turns:
            for word in dict.fromkeys(_capitals(text)):
                self._turns.setdefault(word, []).append((node, text))
                for name in self._names.get(word, ()):
                    if holds(text, name):
                        yield node, name

    def _enter(self, name: str) -> bool:
        """Whether the name is new, and can be told from an ordinary word."""
        words = name.split()
        if not 0 < len(words) <= LONGEST or not _WORD.fullmatch(words[0]):
            return False
        if len(words) == 1 and (len(name) < 3 or name in _function_words()):
            return False
        known = self._names.setdefault(words[0], {})
        if name in known:
            return False
        known[name] = None
        return True


def holds(text: str, name: str) -> bool:
    """Whether the words of a normalised name stand in a text, the first with a capital."""
    return any(match.group()[0].isupper() for match in _pattern(name).finditer(text))


@lru_cache(maxsize=4096)
def _pattern(name: str) -> re.Pattern[str]:
    words = r"[\W_]{1,3}".join(map(re.escape, name.split()))
    return re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)


def _capitals(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text) if word[0].isupper()]


def _first(name: str) -> str:
    return name.split()[0]


@lru_cache(maxsize=1)
def _function_words() -> frozenset[str]:
    return frozenset().union(*stop_words().values())
