"""Telling the language of a short text from its function words, without a model."""

from functools import cache
from typing import Final

from knowhen.memory.language.wordings import wordings

DEFAULT: Final = "en"
"""Taken for a text that shows no language, such as a name or a number."""

_SNOWBALL: Final = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "pt": "portuguese",
    "nl": "dutch",
    "sv": "swedish",
    "ru": "russian",
}


@cache
def stop_words() -> dict[str, frozenset[str]]:
    """Function words by language code."""
    return {code: wordings(code).words("function") for code in _SNOWBALL}


@cache
def _languages_of() -> dict[str, tuple[str, ...]]:
    owners: dict[str, list[str]] = {}
    for code in _SNOWBALL:
        for word in wordings(code).listed("function"):
            owners.setdefault(word, []).append(code)
    return {word: tuple(dict.fromkeys(codes)) for word, codes in owners.items()}


def detect(words: list[str], default: str = DEFAULT) -> str:
    """Language code of casefolded words: the one that owns most function words among them.

    The default keeps a text unless another language has at least two function words more:
    a stray "no" or "die" in a short English turn must not change how it is stemmed.
    """
    votes: dict[str, int] = {}
    owners = _languages_of()
    for word in words:
        for code in owners.get(word, ()):
            votes[code] = votes.get(code, 0) + 1
    if not votes:
        return default
    best = max(votes, key=lambda code: (votes[code], code == default))
    return best if votes[best] >= votes.get(default, 0) + 2 else default


def snowball_name(code: str) -> str:
    """The name by which the Snowball stemmers know a language."""
    return _SNOWBALL[code]
