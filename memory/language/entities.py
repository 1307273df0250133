"""Names, titles, dates and noun-like phrases in a turn, found without a model.

Capitals carry the evidence where a script has them; quotation marks, katakana and names that are
known already carry it elsewhere. Precision comes first: a capital that only begins a sentence
makes no name unless something else speaks for it.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import chain

from knowhen.graphs import names as _name_forms
from knowhen.memory.language.base import EntitySpan
from knowhen.memory.language.dates import date_reader
from knowhen.memory.language.detection import detect, stop_words
from knowhen.memory.language.pronouns import pronouns
from knowhen.memory.language.sentences import FENCE
from knowhen.memory.language.terms import fold, words
from knowhen.memory.language.wordings import wordings

normalise = lru_cache(maxsize=65_536)(_name_forms.normalise)

# An address of mail is looked for where a word begins: from every character of a long run
# without blanks, such as an image as text, it would take the square of its length.
_URL = re.compile(r"https?://\S+|www\.\S+|`[^`]*`|(?<!\S)@?[^\s@]+@\S+\.\w+")
_TITLE = re.compile(
    r"[\"“]([A-Z0-9][^\"“”\n]{1,60})[\"”]|[《「『]([^》」』\n]{1,40})[》」』]|«\s?([^»\n]{2,60}?)\s?»"
)
_TOKEN = re.compile(r"[^\W_]+(?:['’.&+/-][^\W_]+)*(?:\+\+|\+|#)?")
_KATAKANA = re.compile(r"[゠-ヿ]{3,}")


def find_entities(
    text: str, *, speaker: str = "", known: frozenset[str] = frozenset()
) -> list[EntitySpan]:
    """Entities that `text` mentions, in order and without overlap.

    `speaker` names who says it; first-person words are not resolved to it, but its name is known.
    `known` holds normalised names that count wherever they occur, in any script.
    """
    return rule_finder(detect(words(text[:_ENOUGH]))).find(text, speaker=speaker, known=known)


_ENOUGH = 400
"""Characters that show the language of a text."""


@cache
def rule_finder(code: str) -> "RuleFinder":
    """The rules with the words of one language."""
    return RuleFinder(code)


def _without_code(text: str) -> str:
    """The text with code and addresses blanked, every character at its place."""

    def blank(match: re.Match[str]) -> str:
        return " " * len(match.group())

    return _URL.sub(blank, FENCE.sub(blank, text) if "```" in text else text)


def _titles(text: str) -> Iterator[EntitySpan]:
    for match in _TITLE.finditer(text):
        group = match.lastindex or 1
        name = match[group].strip(" .,!?")
        if len(name) > 1 and len(name.split()) <= 8:
            yield EntitySpan(match.start(group), match.end(group), normalise(name), "title")


_OPENS = re.compile(r"(?:\A|[.!?:…\n•>|]|[-*–]\s)[\s\"“'‘(*_#¿¡]{0,6}\Z")
_WORD_BEFORE = re.compile(r"([^\W_]{1,20})\W{1,2}\Z")


class RuleFinder:
    """Finds entities by capitals, quotation marks and the words that stand beside a name.

    Which words are no names, and what tells that a word is one, stands in the `names.txt` of a
    language. Where every noun has a capital, a capital alone tells nothing.
    """

    def __init__(self, code: str) -> None:
        listed = wordings(code)
        self._code = code
        self._calendar = frozenset(
            form
            for section in ("full_months", "full_weekdays")
            for name in listed.words(section)
            for form in (name, name[:3])
        )
        self._ordinary = frozenset(
            chain(
                *(listed.words(name) for name in ("openers", "never_names")),
                *(wordings("en").words(name) for name in ("openers", "never_names")),
                *stop_words().values(),
                self._calendar,
            )
        )
        self._particles = listed.words("name_particles") or wordings("en").words("name_particles")
        self._begins = listed.words("name_begins")
        self._people = listed.words("titles_of_people")
        self._names_too = listed.words("names_too")
        self._nouns = listed.words("nouns")
        self._endings = listed.listed("ordinary_endings")
        self._nouns_have_capitals = "nouns_have_capitals" in listed
        self._tells = re.compile(rf"(?:['’]s)?\s+{listed.part('tells')}\b")
        self._does = re.compile(rf"['’]s\b|(?:\s+and\s+\w+)?\s+{listed.part('person_does')}\b")
        self._to_person = re.compile(rf"\b{listed.part('to_person')}\s+\Z", re.IGNORECASE)
        self._to_place = re.compile(listed.part("to_place"), re.IGNORECASE)
        self._no_places = listed.words("no_places")
        self._titled = listed.pattern("titled_name")
        self._plain_cache: dict[str, bool] = {}

    def find(
        self, text: str, *, speaker: str = "", known: frozenset[str] = frozenset()
    ) -> list[EntitySpan]:
        """Entities in order and without overlap; see `find_entities`."""
        blank = _without_code(text)
        taken: list[EntitySpan] = []
        covered = bytearray(len(text))
        sure = known | {normalise(speaker)} if speaker else known
        tokens = list(_TOKEN.finditer(blank))
        for finder in (
            _titles(blank),
            self._dates(blank),
            self._names(blank, tokens, sure),
            self._by_titles(blank),
            _scripts(blank, sure),
            self._phrases(blank, tokens),
        ):
            for span in finder:
                if not any(covered[span.start : span.end]):
                    covered[span.start : span.end] = b"\1" * (span.end - span.start)
                    taken.append(span)
        return sorted(taken, key=lambda span: span.start)

    def _is_ordinary(self, word: str) -> bool:
        if word not in self._plain_cache:
            if len(self._plain_cache) > _KEPT:
                self._plain_cache.clear()
            stem, _, tail = word.casefold().replace("’", "'").partition("'")
            self._plain_cache[word] = stem in self._ordinary or (bool(tail) and tail != "s")
        return self._plain_cache[word]

    def _dates(self, text: str) -> Iterator[EntitySpan]:
        """Dates that name a day or month by themselves; relative ones depend on when it is."""
        for span in date_reader(self._code).find(text):
            if len(span.text) > 4:
                yield EntitySpan(span.start, span.end, normalise(span.text), "date")

    def _by_titles(self, text: str) -> Iterator[EntitySpan]:
        """Names that a title shows where no capital does: "田中さん", "王老师"."""
        for match in self._titled.finditer(text):
            name = normalise(match["name"])
            if len(name) > 0 and name not in self._people:
                yield EntitySpan(match.start("name"), match.end("name"), name, "name")

    # Names by capitals ------------------------------------------------------------------
    def _names(
        self, text: str, tokens: Sequence[re.Match[str]], known: frozenset[str]
    ) -> Iterator[EntitySpan]:
        """Runs of capitalised words, joined by particles such as "of" and "van"."""
        capitals = [place for place, token in enumerate(tokens) if _capital(token.group())]
        if not capitals:
            return
        shouted = _shouted_lines(text)
        sure_words = {
            tokens[place].group().casefold()
            for place in capitals
            if not self._nouns_have_capitals and not _opens(text, tokens[place].start())
        }
        end = 0
        for place in capitals:
            if place >= end:
                run = self._run(text, tokens, place)
                end = place + len(run)
                span = self._name_of(text, run, sure_words, known, shouted)
                if span is not None:
                    yield span

    def _run(self, text: str, tokens: Sequence[re.Match[str]], place: int) -> list[re.Match[str]]:
        """The capitalised tokens from `place` on that stand in one name."""
        run: list[re.Match[str]] = []
        for index in range(place, len(tokens)):
            token = tokens[index]
            word = token.group()
            if run and text[run[-1].end() : token.start()] not in (" ", "  ", ". "):
                break
            if _capital(word) and not (run and self._is_speaker(word)):
                if run and text[run[-1].end() : token.start()] == ". " and len(run[-1].group()) > 2:
                    break
                run.append(token)
            elif run and word.isdigit() and len(word) <= 4 and not self._ordinary_at(text, run[-1]):
                run.append(token)
                break
            elif run and word in self._particles and self._continues(text, tokens, index):
                run.append(token)
            else:
                break
        return run

    def _is_speaker(self, word: str) -> bool:
        return word[0] == "I" and fold(word) in pronouns("en").speaker

    def _continues(self, text: str, tokens: Sequence[re.Match[str]], index: int) -> bool:
        """Whether a capital follows the particle at `index`, at most one small word between."""
        after = tokens[index + 1 : index + 3]
        for position, token in enumerate(after):
            before = tokens[index + position]
            if text[before.end() : token.start()] != " ":
                return False
            if _capital(token.group()):
                return True
            if token.group() not in self._particles:
                return False
        return False

    def _name_of(
        self,
        text: str,
        run: list[re.Match[str]],
        sure_words: set[str],
        known: frozenset[str],
        shouted: list[tuple[int, int]],
    ) -> EntitySpan | None:
        opens = _opens(text, run[0].start())
        while run and self._leads_no_name(text, run, opens):
            run = run[1:]
            opens = False
        while run and (self._ordinary_at(text, run[-1]) or run[-1].group().islower()):
            run = run[:-1]
        if not run:
            return None
        start, end = run[0].start(), run[-1].end()
        name = normalise(text[start:end])
        if name in known:
            return EntitySpan(start, end, name, "name")
        titled = any(a <= start < b for a, b in shouted)
        if len(name) < 2 or (titled and name not in sure_words):
            return None
        if len(run) > 1 or not (opens or self._nouns_have_capitals):
            return EntitySpan(start, end, name, "name")
        alone = self._stands_alone(text, run[0], end, sure_words)
        return EntitySpan(start, end, name, "name") if alone else None

    def _leads_no_name(self, text: str, run: Sequence[re.Match[str]], opens: bool) -> bool:
        """Whether the first word of a run is an ordinary one that only stands before a name."""
        word = run[0].group().casefold()
        if len(run) > 1 and (word in self._begins or not (opens or word in self._calendar)):
            if self._nouns_have_capitals:
                return self._is_ordinary(word)
            return self._is_speaker(run[0].group())
        return self._ordinary_at(text, run[0])

    def _ordinary_at(self, text: str, token: re.Match[str]) -> bool:
        """Whether a word is no name where it stands; some words are names too."""
        word = token.group()
        return self._is_ordinary(word) and not (
            fold(word).removesuffix("'s") in self._names_too and self._is_person(text, token)
        )

    def _is_person(self, text: str, token: re.Match[str]) -> bool:
        """Whether "Will", "Hope" or "May" is somebody here: by what follows or leads to a person.

        A month is told from a person by the deed: "May said", "with June", but "May is cold".
        """
        if self._does.match(text, token.end()):
            return True
        before = text[max(0, token.start() - 24) : token.start()]
        if self._to_person.search(before):
            return True
        month = fold(token.group())[:3] in self._calendar
        return not month and not _opens(text, token.start())

    def _stands_alone(
        self, text: str, token: re.Match[str], end: int, sure_words: set[str]
    ) -> bool:
        """Whether a single word that opens a sentence, or any noun, is a name all the same."""
        word = token.group()
        if word.casefold() in sure_words or (word.isupper() and len(word) > 1):
            return True
        if any(sign.isupper() for sign in word[1:]):
            return True
        before = _WORD_BEFORE.search(text, max(0, token.start() - 20), token.start())
        if before is not None and before[1].casefold() in self._people:
            return True
        if self._nouns_have_capitals and not _opens(text, token.start()):
            leads = before is not None and self._to_place.fullmatch(before[1]) is not None
            return leads and word.casefold() not in self._no_places
        plain = word.casefold().removesuffix("'s").removesuffix("’s")
        if self._endings and plain.endswith(self._endings):
            return False
        return self._tells.match(text, end) is not None or (
            plain in self._names_too and self._is_person(text, token)
        )

    # Noun-like phrases ------------------------------------------------------------------
    def _phrases(self, text: str, tokens: Sequence[re.Match[str]]) -> Iterator[EntitySpan]:
        """Runs of two or three plain words between function words, such as "support group"."""
        if not self._nouns:
            return
        run: list[re.Match[str]] = []
        end = -1
        for token in tokens:
            word = token.group()
            plain = len(word) > 2 and word.islower() and word.isalpha()
            plain = plain and (word in self._nouns or not self._is_ordinary(word))
            start, previous, end = token.start(), end, token.end()
            if run and not (plain and start == previous + 1 and text[previous] == " "):
                yield from _phrase(text, run)
                run = []
            if plain:
                run.append(token)
        if run:
            yield from _phrase(text, run)


_KEPT = 65_536


def _opens(text: str, start: int) -> bool:
    """Whether a sentence, a line or a quotation begins there."""
    return _OPENS.search(text, max(0, start - 6), start) is not None


def _capital(word: str) -> bool:
    return word[0].isupper() or (len(word) > 2 and word[1].isupper() and word[0].isalpha())


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


def _phrase(text: str, run: list[re.Match[str]]) -> Iterator[EntitySpan]:
    while run and run[0].group().endswith(("ing", "ed", "ly")):
        run = run[1:]
    while run and run[-1].group().endswith(("ed", "ly")):
        run = run[:-1]
    if 2 <= len(run) <= 3:
        start, end = run[0].start(), run[-1].end()
        yield EntitySpan(start, end, normalise(text[start:end]), "phrase")


# Titles of documents --------------------------------------------------------------------
_AFTERTHOUGHT = re.compile(r"(?<!\s)\s*+\([^()]*+\)\s*+\Z")


def title_names(title: str) -> list[str]:
    """The title as a name, and without what tells it from others, as in "Sting (musician)"."""
    names = [normalise(title), normalise(_AFTERTHOUGHT.sub("", title))]
    return [name for name in dict.fromkeys(names) if name]
