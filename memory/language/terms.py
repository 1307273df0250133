"""Text to search terms: folded, stemmed by language, and bigrams where words have no spaces."""

import re
import unicodedata
from collections.abc import Set as AbstractSet
from functools import cache, lru_cache

from knowhen.memory.language.detection import detect, snowball_name, stop_words

# Scripts written without spaces between words: Han, kana, Hangul stays spaced, Thai, Lao, Khmer,
# Myanmar. Runs of them are indexed as overlapping pairs of characters.
_UNSPACED = "぀-ヿ㐀-䶿一-鿿豈-﫿฀-๿຀-໿ក-៿က-႟"
_TOKEN = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+(?:['’][^\W_{_UNSPACED}]+)*(?:\+\+|#)?")
_TOKEN_OR_END = re.compile(rf"{_TOKEN.pattern}|[.!?\n]")
_RUN = re.compile(rf"[{_UNSPACED}]")


def fold(text: str) -> str:
    """Compatibility-normalised, casefolded text with plain apostrophes."""
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'")


def words(text: str) -> list[str]:
    """Folded words in order; a run of an unspaced script is one word."""
    return _TOKEN.findall(fold(text))


def tokens(text: str) -> list[str]:
    """Folded words in order, and among them the marks and line breaks that end a sentence."""
    return _TOKEN_OR_END.findall(fold(text))


def overlap(first: AbstractSet[str], second: AbstractSet[str]) -> float:
    """Share of all words of two texts that both have (Jaccard); 0 where there are none."""
    return len(first & second) / (len(first | second) or 1)


@cache
def _stemmer(language: str) -> object:
    import snowballstemmer

    return snowballstemmer.stemmer(snowball_name(language))


@lru_cache(maxsize=65_536)
def stem(word: str, language: str) -> str:
    """The Snowball stem of a folded word; words with digits or signs stay as they are."""
    if not word.replace("'", "").isalpha():
        return word
    base = word[:-2] if word.endswith("'s") else word
    return str(_stemmer(language).stemWord(base))  # type: ignore[attr-defined]


def _bigrams(run: str) -> list[str]:
    return [run] if len(run) == 1 else [run[i : i + 2] for i in range(len(run) - 1)]


def unspaced(text: str) -> bool:
    """Whether some of it is in a script that sets no spaces between words."""
    return _RUN.search(text) is not None


def word_terms(word: str, language: str) -> list[str]:
    """Search terms of one folded word: its stem, or the pairs of a run of an unspaced script."""
    return _bigrams(word) if _RUN.match(word) else [stem(word, language)]


def terms(text: str, *, keep_stop_words: bool = False) -> list[str]:
    """Search terms in order, with repetitions.

    Function words of the text's language are left out, unless nothing else is in it.
    """
    found = words(text)
    language = detect(found)
    stops = stop_words()[language]
    content = found if keep_stop_words else [word for word in found if word not in stops]
    return [term for word in content or found for term in word_terms(word, language)]
