"""Names, titles, dates and noun-like phrases in a turn, found without a model.

Capitals carry the evidence where a script has them; quotation marks, katakana and names that are
known already carry it elsewhere. Precision comes first: a capital that only begins a sentence
makes no name unless something else speaks for it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain

from knowhen.graphs import names as _name_forms
from knowhen.memory.language.base import EntitySpan
from knowhen.memory.language.dates import find_dates
from knowhen.memory.language.detection import stop_words
from knowhen.memory.language.periods import MONTHS, WEEKDAYS
from knowhen.memory.language.wordings import wordings

normalise = lru_cache(maxsize=65_536)(_name_forms.normalise)

# An address of mail is looked for where a word begins: from every character of a long run
# without blanks, such as an image as text, it would take the square of its length.
_URL = re.compile(r"https?://\S+|www\.\S+|`[^`]*`|(?<!\S)@?[^\s@]+@\S+\.\w+")
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_TITLE = re.compile(
    r"[\"“]([A-Z0-9][^\"“”\n]{1,60})[\"”]|[《「『]([^》」』\n]{1,40})[》」』]|«\s?([^»\n]{2,60}?)\s?»"
)
_TOKEN = re.compile(r"[^\W_]+(?:['’.&+/-][^\W_]+)*(?:\+\+|\+|#)?")
_KATAKANA = re.compile(r"[゠-ヿ]{3,}")
_WORDS = wordings("en")
_PARTICLES = _WORDS.words("name_particles")


def find_entities(
    text: str, *, speaker: str = "", known: frozenset[str] = frozenset()
) -> list[EntitySpan]:
    """Entities that `text` mentions, in order and without overlap.

    `speaker` names who says it; first-person words are not resolved to it, but its name is known.
    `known` holds normalised names that count wherever they occur, in any script.
    """
    blank = _without_code(text)
    taken: list[EntitySpan] = []
    covered = bytearray(len(text))
    sure = known | {normalise(speaker)} if speaker else known
    tokens = list(_TOKEN.finditer(blank))
    for finder in (
        _titles(blank),
        _dates(blank),
        _names(blank, tokens, sure),
        _scripts(blank, sure),
        _phrases(blank, tokens),
    ):
        for span in finder:
            if not any(covered[span.start : span.end]):
                covered[span.start : span.end] = b"\1" * (span.end - span.start)
                taken.append(span)
    return sorted(taken, key=lambda span: span.start)


def _without_code(text: str) -> str:
    """The text with code and addresses blanked, every character at its place."""

    def blank(match: re.Match[str]) -> str:
        return " " * len(match.group())

    return _URL.sub(blank, _FENCE.sub(blank, text) if "```" in text else text)


@lru_cache(maxsize=1)
def _ordinary() -> frozenset[str]:
    """Words that are no names by themselves: function words, openers, months, weekdays."""
    listed = (_WORDS.words("openers"), _WORDS.words("never_names"), _calendar())
    return frozenset(chain(*listed, *stop_words().values()))


@lru_cache(maxsize=65_536)
def _is_ordinary(word: str) -> bool:
    plain = word.casefold().replace("’", "'")
    stem, _, tail = plain.partition("'")
    return stem in _ordinary() or (bool(tail) and tail != "s")


def _titles(text: str) -> Iterator[EntitySpan]:
    for match in _TITLE.finditer(text):
        group = match.lastindex or 1
        name = match[group].strip(" .,!?")
        if len(name) > 1 and len(name.split()) <= 8:
            yield EntitySpan(match.start(group), match.end(group), normalise(name), "title")


def _dates(text: str) -> Iterator[EntitySpan]:
    """Dates that name a day or month by themselves; relative ones depend on when they are said."""
    for span in find_dates(text):
        if len(span.text) > 4:
            yield EntitySpan(span.start, span.end, normalise(span.text), "date")


# Names by capitals -------------------------------------------------------------------------
_OPENS = re.compile(r"(?:\A|[.!?:…\n•>|]|[-*–]\s)[\s\"“'‘(*_#]*\Z")
_TELLS = re.compile(rf"(?:['’]s)?\s+{_WORDS.part('tells')}\b")
_ENDINGS = _WORDS.listed("ordinary_endings")


def _names(
    text: str, tokens: Sequence[re.Match[str]], known: frozenset[str]
) -> Iterator[EntitySpan]:
    """Runs of capitalised words, joined by particles such as "of" and "van"."""
    capitals = [place for place, token in enumerate(tokens) if _capital(token.group())]
    if not capitals:
        return
    shouted = _shouted_lines(text)
    sure_words = {
        tokens[place].group().casefold()
        for place in capitals
        if not _OPENS.search(text, max(0, tokens[place].start() - 6), tokens[place].start())
    }
    end = 0
    for place in capitals:
        if place >= end:
            run = _run(text, tokens, place)
            end = place + len(run)
            span = _name_of(text, run, sure_words, known, shouted)
            if span is not None:
                yield span


def _capital(word: str) -> bool:
    return word[0].isupper() or (len(word) > 2 and word[1].isupper() and word[0].isalpha())


def _run(text: str, tokens: Sequence[re.Match[str]], place: int) -> list[re.Match[str]]:
    """The capitalised tokens from `place` on that stand in one name."""
    run: list[re.Match[str]] = []
    for index in range(place, len(tokens)):
        token = tokens[index]
        word = token.group()
        if run and text[run[-1].end() : token.start()] not in (" ", "  ", ". "):
            break
        if _capital(word) and not (run and word in ("I", "I'm", "I've", "I'll", "I'd")):
            if run and text[run[-1].end() : token.start()] == ". " and len(run[-1].group()) > 2:
                break
            run.append(token)
        elif run and word.isdigit() and len(word) <= 4 and not _is_ordinary(run[-1].group()):
            run.append(token)
            break
        elif run and word in _PARTICLES and _continues(text, tokens, index):
            run.append(token)
        else:
            break
    return run


def _continues(text: str, tokens: Sequence[re.Match[str]], index: int) -> bool:
    """Whether a capital follows the particle at `index`, at most one small word between."""
    after = tokens[index + 1 : index + 3]
    for position, token in enumerate(after):
        before = tokens[index + position]
        if text[before.end() : token.start()] != " ":
            return False
        if _capital(token.group()):
            return True
        if token.group() not in _PARTICLES:
            return False
    return False


def _name_of(
    text: str,
    run: list[re.Match[str]],
    sure_words: set[str],
    known: frozenset[str],
    shouted: list[tuple[int, int]],
) -> EntitySpan | None:
    opens = _OPENS.search(text, max(0, run[0].start() - 6), run[0].start()) is not None
    while run and _leads_no_name(run, opens):
        run = run[1:]
        opens = False
    while run and (_is_ordinary(run[-1].group()) or run[-1].group().islower()):
        run = run[:-1]
    if not run:
        return None
    start, end = run[0].start(), run[-1].end()
    surface = text[start:end]
    name = normalise(surface)
    first = run[0].group()
    titled = any(a <= start < b for a, b in shouted)
    if name not in known and (
        not name
        or (titled and name not in sure_words)
        or (opens and len(run) == 1 and not _stands_alone(text, first, end, sure_words))
        or (len(name) < 2)
    ):
        return None
    return EntitySpan(start, end, name, "name")


def _leads_no_name(run: Sequence[re.Match[str]], opens: bool) -> bool:
    """Whether the first word of a run is an ordinary one that only stands before a name."""
    word = run[0].group().casefold()
    if len(run) > 1 and (word in _WORDS.words("name_begins") or not (opens or word in _calendar())):
        return word.startswith("i'") or word == "i"
    return _is_ordinary(word)


@lru_cache(maxsize=1)
def _calendar() -> frozenset[str]:
    return frozenset(form for name in (*MONTHS, *WEEKDAYS) for form in (name, name[:3]))


def _stands_alone(text: str, word: str, end: int, sure_words: set[str]) -> bool:
    """Whether a single word that opens a sentence is a name all the same."""
    if word.casefold() in sure_words or (word.isupper() and len(word) > 1):
        return True
    if any(sign.isupper() for sign in word[1:]):
        return True
    plain = word.casefold().removesuffix("'s").removesuffix("’s")
    return not plain.endswith(_ENDINGS) and _TELLS.match(text, end) is not None


def _shouted_lines(text: str) -> list[tuple[int, int]]:
    """Spans of lines in title case or capitals, where a capital tells nothing."""
    spans: list[tuple[int, int]] = []
    start = 0
    for line in text.splitlines(keepends=True):
        words = [word for word in _TOKEN.findall(line) if len(word) > 3]
        heading = line.lstrip().startswith(("#", "**"))
        capitals = sum(_capital(word) for word in words)
        if (len(words) > 3 and capitals > 0.75 * len(words)) or (heading and capitals):
            spans.append((start, start + len(line)))
        start += len(line)
    return spans


def _scripts(text: str, known: frozenset[str]) -> Iterator[EntitySpan]:
    """Known names and katakana words where no capitals show them."""
    if text.isascii() and not known:
        return
    for match in _KATAKANA.finditer(text):
        yield EntitySpan(match.start(), match.end(), normalise(match.group()), "name")
    if not known:
        return
    folded = text.casefold()
    if len(folded) != len(text):
        return
    for name in known:
        place = folded.find(name) if len(name) > 1 else -1
        if place < 0:
            continue
        end = place + len(name)
        spaced = name.isascii()
        if spaced and (folded[place - 1 : place].isalnum() or folded[end : end + 1].isalnum()):
            continue
        yield EntitySpan(place, end, name, "name")


# Noun-like phrases -------------------------------------------------------------------------
_NOUNS = _WORDS.words("nouns")
"""Ordinary words that are nouns, or stand before one, as in "support group"."""


def _phrases(text: str, tokens: Sequence[re.Match[str]]) -> Iterator[EntitySpan]:
    """Runs of two or three plain words between function words, such as "support group"."""
    run: list[re.Match[str]] = []
    end = -1
    for token in tokens:
        word = token.group()
        plain = len(word) > 2 and word.islower() and word.isalpha()
        plain = plain and (word in _NOUNS or not _is_ordinary(word))
        start, previous, end = token.start(), end, token.end()
        if run and not (plain and start == previous + 1 and text[previous] == " "):
            yield from _phrase(text, run)
            run = []
        if plain:
            run.append(token)
    if run:
        yield from _phrase(text, run)


def _phrase(text: str, run: list[re.Match[str]]) -> Iterator[EntitySpan]:
    while run and run[0].group().endswith(("ing", "ed", "ly")):
        run = run[1:]
    while run and run[-1].group().endswith(("ed", "ly")):
        run = run[:-1]
    if 2 <= len(run) <= 3:
        start, end = run[0].start(), run[-1].end()
        yield EntitySpan(start, end, normalise(text[start:end]), "phrase")


# Titles of documents --------------------------------------------------------------------
_AFTERTHOUGHT = re.compile(r"\s*\([^()]*\)\s*\Z")


def title_names(title: str) -> list[str]:
    """The title as a name, and without what tells it from others, as in "Sting (musician)"."""
    names = [normalise(title), normalise(_AFTERTHOUGHT.sub("", title))]
    return [name for name in dict.fromkeys(names) if name]


def document_entities(title: str, text: str) -> list[str]:
    """Normalised names, those of the title first."""
    found: Iterable[str] = (span.name for span in find_entities(text, speaker=title))
    return list(dict.fromkeys([*title_names(title), *found]))
