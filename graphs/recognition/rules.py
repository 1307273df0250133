"""Recognition without any model: a fact must share words with the query."""

from collections.abc import Sequence

from knowhen.graphs.facts import Fact
from knowhen.graphs.names import normalise
from knowhen.graphs.recognition.base import Recognition


class RuleRecogniser:
    """Keeps the facts whose subject or object stands in the query, or shares enough words.

    Args:
        share: share of the words of a fact's subject or object that the query must hold.
        shortest: words with fewer letters do not count.
    """

    def __init__(self, *, share: float = 0.5, shortest: int = 3) -> None:
        self._share, self._shortest = share, shortest

    def recognise(self, query: str, facts: Sequence[Fact]) -> Recognition:
        asked = self._words(query)
        return Recognition(
            tuple(place for place, fact in enumerate(facts) if self._bears_on(fact, asked))
        )

    def _bears_on(self, fact: Fact, asked: set[str]) -> bool:
        for name in fact.entities:
            words = self._words(name)
            if words and len(words & asked) >= self._share * len(words):
                return True
        return False

    def _words(self, text: str) -> set[str]:
        """Words of the normalised text; in scripts without spaces each letter is one."""
        words: set[str] = set()
        for word in normalise(text).split():
            if _unspaced(word):
                words.update(word)
            elif len(word) >= self._shortest:
                words.add(word)
        return words


def _unspaced(word: str) -> bool:
    """Whether the word is of a script written without spaces: kana, Han, Thai, Lao, Khmer."""
    return any(
        "\u3040" <= sign <= "\u30ff"
        or "\u3400" <= sign <= "\u9fff"
        or "\u0e00" <= sign <= "\u0eff"
        or "\u1780" <= sign <= "\u17ff"
        for sign in word
    )
