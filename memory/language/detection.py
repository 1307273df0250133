"""Telling the language of a short text from its function words, without a model."""

from functools import cache
from importlib import resources

DEFAULT = "en"
"""Taken for a text that shows no language, such as a name or a number."""

_SNOWBALL = {
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "nl": "dutch",
    "pt": "portuguese",
    "ru": "russian",
    "sv": "swedish",
}


@cache
def stop_words() -> dict[str, frozenset[str]]:
    """Function words by language code, from `stopwords.txt`."""
    text = resources.files(__package__).joinpath("stopwords.txt").read_text(encoding="utf-8")
    lines = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return {code: frozenset(words) for code, *words in lines}


@cache
def _languages_of() -> dict[str, tuple[str, ...]]:
    owners: dict[str, list[str]] = {}
    for code, words in stop_words().items():
        for word in words:
            owners.setdefault(word, []).append(code)
    return {word: tuple(codes) for word, codes in owners.items()}


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
