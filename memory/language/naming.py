"""Whom a text names: speakers by their names, genitives, beginnings, misspellings and aliases.

A name in a question says whose turns to look at. It need not be written as the label of the
speaker: "Tobis Bus" and "小梅的生日" hold genitives, "Lucia" lacks an accent, "Mel" is a beginning,
and "Kate" may be what everybody calls the speaker whose label is "Emi". An alias only widens whose
turns are looked at; whose words they are stays the label.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from knowhen.memory.language.detection import DEFAULT, stop_words
from knowhen.memory.language.terms import fold, unspaced, words
from knowhen.memory.language.wordings import PACKS, wordings

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_ELIDED = 2
"""Letters of an article or a preposition that lost its vowel to a name."""
_BEGINNING, _MISSPELT = 3, 6
"""Letters from which a beginning of a name, and a name with one wrong letter, are taken for it."""


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a text names, and the text without those names."""

    speakers: frozenset[str]
    bare: str


def find_speakers(
    text: str, speakers: Sequence[str], aliases: Mapping[str, str] | None = None
) -> Named:
    """Speakers that a text names, and what else it says.

    `aliases` maps a folded name to the speaker who is called so (`Callings.aliases`).
    """
    known = _NameTable(speakers, aliases or {})
    named: set[str] = set()
    kept: list[str] = []
    position = 0
    for match in _WORD.finditer(text):
        if unspaced(match.group()):
            found, rest = known.within(match.group())
        else:
            found, rest = known.owners(match.group(), opens=not text[: match.start()].strip()), ""
        if found:
            named |= found
            kept += (text[position : match.start()], rest)
            position = match.end()
    kept.append(text[position:])
    bare = " ".join("".join(kept).split())
    return Named(frozenset(named), bare if any(c.isalnum() for c in bare) else text)


class _NameTable:
    """The names of the speakers by their words."""

    def __init__(self, speakers: Sequence[str], aliases: Mapping[str, str]) -> None:
        self._names: dict[str, set[str]] = {}
        for speaker in speakers:
            for word in words(speaker):
                if len(word) > 1:
                    self._names.setdefault(word, set()).add(speaker)
        for alias, speaker in aliases.items():
            self._names.setdefault(alias, set()).add(speaker)
        self._plain: dict[str, set[str]] = {}
        for name, owners in self._names.items():
            self._plain.setdefault(_plain(name), set()).update(owners)

    def owners(self, word: str, *, opens: bool) -> set[str]:
        """Whom a word names, by the surest reading that names anybody.

        A function word names nobody for its letters alone: "will you come?" does not ask for Will.
        """
        folded = fold(word)
        if folded in stop_words()[DEFAULT] and (opens or not word[0].isupper()):
            return set()
        for base in _bases(folded):
            if found := self._names.get(base) or self._plain.get(_plain(base)):
                return found
        base = _bases(folded)[-1] if folded.endswith(("'s", "'")) else folded
        if not word[0].isupper():
            return set()
        return self._begun(base) or self._misspelt(base)

    def within(self, run: str) -> tuple[set[str], str]:
        """Whom a run of a script without spaces names anywhere, and the run without the names."""
        found: set[str] = set()
        for name, owners in self._names.items():
            if unspaced(name) and name in run:
                found |= owners
                run = run.replace(name, " ")
        return found, run

    def _begun(self, base: str) -> set[str]:
        if len(base) < _BEGINNING:
            return set()
        longer = [owners for name, owners in self._names.items() if name.startswith(base)]
        return longer[0] if len(longer) == 1 else set()

    def _misspelt(self, base: str) -> set[str]:
        if len(base) < _MISSPELT - 1:
            return set()
        near = [
            owners
            for name, owners in self._plain.items()
            if len(name) >= _MISSPELT and _one_apart(_plain(base), name)
        ]
        return near[0] if len(near) == 1 else set()


def _bases(folded: str) -> list[str]:
    """A folded name as it stands, and without the ending of a genitive: "tobis" -> "tobi"."""
    if folded.endswith("'s"):
        return [folded[:-2]]
    bare = folded.rstrip("'")
    head, mark, rest = bare.partition("'")
    if mark and len(head) <= _ELIDED and len(rest) >= _ELIDED:
        return [bare, *_bases(rest)]  # "d'anna", "qu'emma"
    return [bare, bare[:-1]] if len(bare) > _BEGINNING and bare.endswith("s") else [bare]


@cache
def _plain(name: str) -> str:
    """The name without accents: "lucía" -> "lucia"."""
    parts = unicodedata.normalize("NFD", name)
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def _one_apart(one: str, other: str) -> bool:
    """Whether one letter changed, added, left out or swapped with the next makes them equal."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:
        return True  # one is the other with a letter behind it
    a, b = one[start:], other[start:]
    swapped = a[:2] == b[:2][::-1] and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or swapped


# What people call each other ---------------------------------------------------------------
_NAME = r"[^\W\d_][^\W\d_'’-]{1,19}"
_HAN = r"[\u4e00-\u9fff\u30a0-\u30ff]{2,4}?"
_HEAD, _TAIL = 80, 60
"""Characters at either end of a turn in which somebody is addressed."""
_USES, _SHARE = 2, 0.75
"""How often a name must have been called, and how often beside a turn of the one who is meant."""


class Callings:
    """Learns what speakers are called from how they are addressed, turn by turn.

    "Thanks, Kate!" after a turn of Emi speaks for Emi being called Kate; twice is enough, if
    nobody else answers to it. What a speaker says of themself ("call me Kate") counts at once.
    """

    def __init__(self) -> None:
        self._beside: dict[str, Counter[str]] = {}
        self._uses: Counter[str] = Counter()
        self._own: dict[str, str] = {}
        self._last: dict[str, tuple[str, frozenset[str]]] = {}

    def read(self, session: str, speaker: str, text: str) -> None:
        """Take in the next turn of a session."""
        before, waiting = self._last.get(session, ("", frozenset[str]()))
        if before and before != speaker:
            for name in waiting:
                self._beside[name][speaker] += 1
        called = self._called(text)
        for name in called:
            self._uses[name] += 1
            beside = self._beside.setdefault(name, Counter())
            if before and before != speaker:
                beside[before] += 1
        for match in _own_name().finditer(text[: _HEAD + _TAIL]):
            if (name := fold(match["name"])) not in _ordinary() and match["name"][0].isupper():
                self._own[name] = speaker
        self._last[session] = (speaker, called)

    def aliases(self, speakers: Iterable[str]) -> dict[str, str]:
        """Folded names by the speaker who is called so; never the name of another speaker."""
        people = set(speakers)
        labels = {word for speaker in people for word in words(speaker)}
        found = {name: speaker for name, speaker in self._own.items() if speaker in people}
        for name, beside in self._beside.items():
            (best, most), *rest = beside.most_common(2) or [("", 0)]
            second = rest[0][1] if rest else 0
            sure = self._uses[name] >= _USES and most >= _SHARE * self._uses[name]
            if best in people and sure and most > second:
                found.setdefault(name, best)
        return {name: speaker for name, speaker in found.items() if name not in labels}

    def _called(self, text: str) -> frozenset[str]:
        ends = text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}\n{text[-_TAIL:]}"
        names = (
            fold(match["name"] or match["first"] or match["last"] or match["run"] or "")
            for match in _calling().finditer(ends)
        )
        return frozenset(name for name in names if name and name not in _ordinary())


@cache
def _calling() -> re.Pattern[str]:
    """What addresses somebody, in any language: "Thanks, Kate!", "Kate, could you", "谢谢小梅"."""
    spaced = _joined("calling", spaced=True)
    runs = _joined("calling", spaced=False)
    capital = r"(?-i:[^\W\d_a-zß-öø-ÿ][^\W\d_A-Z'’-]{1,19})"
    return re.compile(
        rf"(?:^|[.!?,…\n])\s*(?:{spaced})(?:,\s*|\s+)(?P<name>{_NAME})\s*(?=[,.!?…)]|$|[^\w\s'’-])"
        rf"|^\s*(?P<first>{capital})[,!:]\s"
        rf"|,\s(?P<last>{capital})\s*[.!?…]*\s*$"
        rf"|(?:{runs})[，,、]?(?P<run>{_HAN})(?:さん|ちゃん|くん)?(?=[，。！!~～,\s]|$)",
        re.IGNORECASE | re.MULTILINE,
    )


@cache
def _own_name() -> re.Pattern[str]:
    """What a speaker says about how to call them: "call me Kate", "ich heiße Tobi"."""
    forms = "|".join(wordings(code).part("own_name") for code in PACKS)
    return re.compile(rf"(?<!\w)(?:{forms})\s*(?P<name>{_NAME})", re.IGNORECASE)


def _joined(section: str, *, spaced: bool) -> str:
    codes = [code for code in PACKS if wordings(code).spaced is spaced]
    return "|".join(wordings(code).part(section) for code in codes)


@cache
def _ordinary() -> frozenset[str]:
    """Words that are no names although somebody is addressed by them, in any language."""
    sections = ("function", "openers", "never_names", "chatter", "called_words", "pointing")
    return frozenset(
        word for code in PACKS for name in sections for word in wordings(code).words(name)
    )
