"""Names of entities: one form in any script, and the known ones that stand in a text."""

import re
import unicodedata
from collections.abc import Container

_INITIALS = re.compile(r"(?<!\w)([^\W\d_])\.(?=\w(?:\W|$))")
_POSSESSIVE = re.compile(r"(?<=\w)'s(?!\w)")
# A sign stays where it belongs to the name (C++, C#, AT&T, O'Brien, node.js, .NET, 3.5, 50%,
# $5, @kim); anywhere else it separates words.
_SIGNS = re.compile(
    r"(?<=\w)[+#](?!\w)"
    r"|(?<=[+#])[+#](?!\w)"
    r"|(?<=\w)[&'.@](?=\w)"
    r"|(?<!\S)[.@#$](?=\w)"
    r"|(?<=\d)%"
)

LONGEST = 10
"""Words (or signs, in scripts without spaces) of the longest name looked for in a query."""

# Kana, Han, Thai, Lao and Khmer write no spaces: each sign is a word of its own.
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\u0e00-\u0eff\u1780-\u17ff"
PARTS = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")
"""The words of a text; in scripts without spaces each sign is one."""


def normalise(name: str) -> str:
    """The form under which a name is one node: same letters in any case, width or spacing.

    Letters, marks, digits and symbols of every script stay, so that no name becomes empty and
    no two scripts fall together (HippoRAG keeps A-Z only). Idempotent.
    """
    form = name
    for _ in range(4):  # NFKC and case folding can each undo the other once
        previous, form = form, _once(form)
        if form == previous:
            break
    return form


def _once(name: str) -> str:
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    text = " ".join(text.replace("\u2019", "'").replace("\u2018", "'").split())
    stripped = _INITIALS.sub(r"\1 ", _POSSESSIVE.sub("", text))
    kept = {i for match in _SIGNS.finditer(stripped) for i in range(*match.span())}
    words = "".join(sign if i in kept or _belongs(sign) else " " for i, sign in enumerate(stripped))
    return " ".join(words.split()) or text


def _belongs(sign: str) -> bool:
    """Letters, marks, numbers and pictographs; punctuation, ASCII symbols and spaces not."""
    category = unicodedata.category(sign)
    return category[0] in "LMN" or (category[0] == "S" and not sign.isascii())


def alphanumerics(name: str) -> int:
    """How many letters and digits of any script the name has."""
    return sum(sign.isalnum() for sign in name)


def entities_in(
    query: str, known: Container[str], *, stop: Container[str] = frozenset()
) -> dict[str, float]:
    """The known names that stand in the query, longest first, none inside another.

    Query and names are compared in their normalised form, in scripts written without spaces
    sign by sign, in others word by word. Single words in `stop` are no names.
    """
    text = normalise(query)
    parts = [match.span() for match in PARTS.finditer(text)]
    free, found = [True] * len(parts), {}
    for length in range(min(LONGEST, len(parts)), 0, -1):
        for first in range(len(parts) - length + 1):
            name = text[parts[first][0] : parts[first + length - 1][1]]
            run = slice(first, first + length)
            if name in known and all(free[run]) and not (length == 1 and name in stop):
                free[run] = [False] * length
                found[name] = 1.0
    return found
