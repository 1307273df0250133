"""Text to search terms: folded, stemmed by language, and bigrams where words have no spaces."""

import re
import unicodedata
from collections.abc import Set as AbstractSet
from functools import cache, lru_cache

from knowhen.memory.language.detection import DEFAULT, detect, snowball_name, stop_words
from knowhen.memory.language.wordings import wordings

# Scripts written without spaces between words: Han, kana, Hangul stays spaced, Thai, Lao, Khmer,
# Myanmar. Runs of them are indexed as overlapping pairs of characters.
_UNSPACED = "぀-ヿ㐀-䶿一-鿿豈-﫿฀-๿຀-໿ក-៿က-႟"
_TOKEN = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+(?:['’][^\W_{_UNSPACED}]+)*(?:\+\+|#)?")
_TOKEN_OR_END = re.compile(rf"{_TOKEN.pattern}|[.!?\n]")
_RUN = re.compile(rf"[{_UNSPACED}]")
_KANA = re.compile("[\u3040-\u30ff]")


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
def _stemmer(language: str) -> object | None:
    import snowballstemmer

    name = snowball_name(language)
    return snowballstemmer.stemmer(name) if name else None


@lru_cache(maxsize=65_536)
def stem(word: str, language: str) -> str:
    """The Snowball stem of a folded word; words with digits or signs stay as they are, and all
    words of a language that Snowball does not know."""
    if not word.replace("'", "").isalpha():
        return word
    base = word[:-2] if word.endswith("'s") else word
    stemmer = _stemmer(language)
    return str(stemmer.stemWord(base)) if stemmer is not None else base  # type: ignore[attr-defined]


def _bigrams(run: str) -> list[str]:
    return [run] if len(run) == 1 else [run[i : i + 2] for i in range(len(run) - 1)]


def _pieces(run: str) -> list[str]:
    """A run of an unspaced script without the words in it that have no content."""
    listed = wordings("ja" if _KANA.search(run) else "zh")
    idle, edge = listed.words("function"), listed.pattern("edge")
    pieces = (edge.sub("", piece) for piece in listed.pattern("cut").split(run))
    return [piece for piece in pieces if piece and piece not in idle]


def unspaced(text: str) -> bool:
    """Whether some of it is in a script that sets no spaces between words."""
    return _RUN.search(text) is not None


def word_terms(word: str, language: str) -> list[str]:
    """Search terms of one folded word: its stem, or the pairs of a run of an unspaced script."""
    if not _RUN.match(word):
        return [stem(word, language)]
    return [pair for piece in _pieces(word) or [word] for pair in _bigrams(piece)]


def terms(text: str, *, keep_stop_words: bool = False) -> list[str]:
    """Search terms in order, with repetitions.

    Function words of the text's language are left out, unless nothing else is in it.
    """
    found = words(text)
    language = detect(found)
    stops = stop_words()[language]
    content = found if keep_stop_words else [word for word in found if word not in stops]
    names = _names(text) if language in _NAMES_STAND_OUT else frozenset[str]()
    return [
        term
        for word in content or found
        for term in (
            dict.fromkeys((*word_terms(word, language), *word_terms(word, DEFAULT)))
            if word in names
            else word_terms(word, language)
        )
    ]


_NAMES_STAND_OUT = frozenset(("es", "fr", "it", "nl", "pt", "sv"))
"""Languages other than the default in which a capital inside a sentence shows a name."""
_INNER_CAPITAL = re.compile(r"(?<=[\w,;:] )[A-ZÀ-ÖØ-Þ][\w'’]+")


def _names(text: str) -> frozenset[str]:
    """Folded words with a capital inside a sentence.

    A stem of one language is none of another: Spanish cuts "Amparo" to "ampar". Where languages
    mix, a name must be one term in all of them, so it gets the stem of the default language too.
    """
    return frozenset(fold(match.group()) for match in _INNER_CAPITAL.finditer(text))
