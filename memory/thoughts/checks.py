"""Checking a statement against the text it cites."""

import re
from collections.abc import Iterable

from knowhen.memory.records import Thought
from knowhen.memory.text.analyzer import stem, words

_WORD = re.compile(r"\w")


def support(statement: str, texts: Iterable[str]) -> float:
    """Share of the statement's words whose stem occurs in the texts; 1 without any word."""
    wanted = stems(statement)
    if not wanted:
        return 1.0
    given = {form for text in texts for form in stems(text)}
    return len(wanted & given) / len(wanted)


def stems(text: str) -> set[str]:
    """Stems of all words, function words among them."""
    return {stem(word, "en") for word in words(text) if _WORD.search(word)}


def supported(thought: Thought, texts: Iterable[str]) -> bool:
    """Whether every word of the thought's object occurs in the texts."""
    return support(thought.object, list(texts)) == 1.0
