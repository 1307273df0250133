"""Who speaks of whom, by pronouns."""

import re
from collections.abc import Mapping, Sequence

from knowhen.memory.language.detection import detect

I = frozenset(("i", "i'm", "i've", "i'd", "i'll", "me", "my", "mine", "myself"))  # noqa: E741
WE = frozenset(("we", "we're", "we've", "we'd", "we'll", "us", "our", "ours"))
YOU = frozenset(("you", "you're", "you've", "you'd", "you'll", "your", "yours", "yourself"))
"""English, the language of the rules that tell "I" from "you"."""
_SPEAKER: Mapping[str, frozenset[str]] = {
    language: frozenset(listed.split())
    for language, listed in {
        "de": "ich mich mir mein meine meinen meinem meiner meines",
        "fr": "je moi mon ma mes mien mienne",
        "es": "yo mi mis mí mío mía conmigo",
        "it": "io mio mia miei mie",
        "pt": "eu meu minha meus minhas mim comigo",
        "nl": "ik mij mijn",
        "sv": "jag mig min mitt mina",
        "ru": "я меня мне мной мой моя моё мое мои моего моей моих моим",
    }.items()
}
# Languages that are not told apart by function words, in scripts of their own.
_ANYWHERE = frozenset(("나", "나는", "내", "내가", "나의", "저", "저는", "제", "제가", "저의"))
_UNSPACED = re.compile("[我俺私僕]")


def names_the_speaker(found: Sequence[str]) -> bool:
    """Whether folded words hold an "I", "me" or "my" of the language that they are in."""
    own = I | _ANYWHERE | _SPEAKER.get(detect([*found]), frozenset())
    return any(word in own or _UNSPACED.search(word) for word in found)
