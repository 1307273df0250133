"""Names of entities, brought to one form in any script."""

import re
import unicodedata

_INITIALS = re.compile(r"(?<!\w)([^\W\d_])\.(?=\w(?:\W|$))")
_POSSESSIVE = re.compile(r"(?<=\w)'s(?!\w)")
# A sign stays where it belongs to the name (C++, C#, AT&T, O'Brien, node.js, .NET, 3.5, 50%,
# $5, @kim); anywhere else it separates words.
_SIGNS = re.compile(
    r"[+#]+(?<=\w[+#])(?!\w)"
    r"|(?<=[+#])[+#](?!\w)"
    r"|(?<=\w)[&'.@](?=\w)"
    r"|(?<!\S)[.@#$](?=\w)"
    r"|(?<=\d)%"
)


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
