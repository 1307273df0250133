"""Telling the language of a short text from its script and its function words, without a model."""

import re
from collections.abc import Sequence
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
_SCRIPTS: Final = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("zh", re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")),
)
"""Kana before Han: Japanese writes both."""


@cache
def stop_words() -> dict[str, frozenset[str]]:
    """Function words by language code."""
    codes = (*_SNOWBALL, *(code for code, _ in _SCRIPTS))
    return {code: wordings(code).words("function") for code in codes}


@cache
def _votes_of() -> dict[str, dict[str, float]]:
    """For a word, how much it speaks for each language."""
    votes: dict[str, dict[str, float]] = {}
    for code in _SNOWBALL:
        for word in wordings(code).words("function"):
            votes.setdefault(word, {})[code] = 1.0
    shared = {word for word, spoken in votes.items() if len(spoken) > 1}
    for code in _SNOWBALL:
        for word in wordings(code).words("marks") - shared:
            votes.setdefault(word, {}).setdefault(code, 0.0)
            votes[word][code] += _MARKED
    english = _everyday(DEFAULT)
    for code in _SNOWBALL:
        for word in _everyday(code) - english if code != DEFAULT else ():
            votes.setdefault(word, {}).setdefault(code, _EVERYDAY)
    return votes


def _everyday(code: str) -> frozenset[str]:
    """Words of a language that are listed for other ends: greetings, openers, days."""
    sections = ("function", "openers", "chatter", "full_months", "full_weekdays")
    return frozenset(word for name in sections for word in wordings(code).words(name))


_MARKED: Final = 2
"""Votes of a word that hardly any other language writes."""
_EVERYDAY: Final = 0.5
"""Votes of an ordinary word that is no English one; they decide between neighbours."""


def detect(words: Sequence[str], default: str = DEFAULT) -> str:
    """Language code of casefolded words: by their script, else by their function words.

    The default keeps a text unless another language has at least two votes more: a stray "no" or
    "die" in a short English turn must not change how it is stemmed.
    """
    if (code := _by_script(words)) is not None:
        return code
    votes: dict[str, float] = {}
    table = _votes_of()
    for word in words:
        for code, count in table.get(word, {}).items():
            votes[code] = votes.get(code, 0) + count
    if not votes:
        return default
    best = max(votes, key=lambda code: (votes[code], code == default, -_ORDER[code]))
    return best if votes[best] >= votes.get(default, 0) + 2 else default


_ORDER: Final = {code: place for place, code in enumerate(_SNOWBALL)}


def _by_script(words: Sequence[str]) -> str | None:
    """The language of a script of its own, unless most words are in another one.

    A name in another script does not change the language of an English question.
    """
    foreign = [word for word in words if not word.isascii()]
    if not foreign:
        return None
    for code, script in _SCRIPTS:
        signs = sum(len(script.findall(word)) for word in foreign)
        if signs and signs > len(words):
            return code
    return None


def snowball_name(code: str) -> str | None:
    """The name by which the Snowball stemmers know a language, if they do."""
    return _SNOWBALL.get(code)
