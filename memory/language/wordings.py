"""The words of one language, read from the text files of its folder.

A file holds sections, each under a header that says how its lines are used:

    [greeting: start]       patterns that match at the start of a text
    [recalling: word]       patterns that match whole words anywhere
    [choice: raw]           patterns that match as they are written
    [chatter: words]        plain words, any number on a line
    [units: table]          lines "day = day days"
    [weekday: part]         patterns that other sections take in as {weekday}

A line of patterns is one alternative, in the syntax of `re`; lines that begin with # are comments.
Patterns ignore case. Scripts without spaces between words have no word boundaries, so there
"whole words" means any place.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

from knowhen.memory.errors import InvalidInput

_HEADER = re.compile(r"\[(?P<name>[a-z_ ]+): (?P<kind>start|word|raw|words|table|part)\]")
_TAKEN_IN = re.compile(r"\{([a-z_]+)\}")
NOTHING: Final = re.compile(r"(?!)")
"""Matches nowhere."""


class Wordings:
    """Sections of a language by name; a section that it lacks has no words and matches nothing."""

    def __init__(self, files: Mapping[str, str], *, spaced: bool = True) -> None:
        self._sections: dict[str, tuple[str, list[str]]] = {}
        self.spaced = spaced
        self.edge = r"\b" if spaced else ""
        """What ends a word in a pattern; nothing where words are not set apart."""
        self._patterns: dict[str, re.Pattern[str]] = {}
        self._words: dict[str, frozenset[str]] = {}
        for file, text in files.items():
            self._read(file, text)

    def _read(self, file: str, text: str) -> None:
        lines: list[str] = []
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            if not line.startswith("[") or not (header := _HEADER.fullmatch(line.rstrip())):
                lines.append(line.strip())
                continue
            lines = []
            if header["name"] in self._sections:
                raise InvalidInput(f"{file}:{number}: section {header['name']!r} stands twice")
            self._sections[header["name"]] = (header["kind"], lines)

    def __contains__(self, name: str) -> bool:
        return name in self._sections

    def words(self, name: str) -> frozenset[str]:
        """The words of a section."""
        if name not in self._words:
            self._words[name] = frozenset(self.listed(name))
        return self._words[name]

    def listed(self, name: str) -> tuple[str, ...]:
        """The words of a section in their order."""
        return tuple(word for line in self._lines(name) for word in line.split())

    def table(self, name: str) -> dict[str, str]:
        """The lines `key = value` of a section, in order; parts are taken in."""
        pairs = (line.partition(" = ") for line in self._lines(name))
        return {key.strip(): self._whole(value.strip()) for key, _, value in pairs}

    def pairs(self, name: str, *, whole: bool = True) -> list[tuple[str, str]]:
        """The lines `key = value` of a section in order, a key as often as it stands there."""
        pairs = [line.split(" = ", 1) for line in self._lines(name)]
        return [(key.strip(), self._whole(value) if whole else value) for key, value in pairs]

    def lines(self, name: str) -> list[str]:
        """The lines of a section in order, parts taken in."""
        return [self._whole(line) for line in self._lines(name)]

    def part(self, name: str) -> str:
        """The alternatives of a section as one pattern in a group, to build others from."""
        table = self._sections.get(name, ("",))[0] == "table"
        lines = list(self.table(name).values()) if table else self._lines(name)
        return f"(?:{'|'.join(map(self._whole, lines))})" if lines else NOTHING.pattern

    def pattern(self, name: str) -> re.Pattern[str]:
        """The pattern of a section, compiled when it is first asked for."""
        if name not in self._patterns:
            self._patterns[name] = self._compile(name)
        return self._patterns[name]

    def _lines(self, name: str) -> list[str]:
        return self._sections.get(name, ("", []))[1]

    def _whole(self, line: str) -> str:
        return _TAKEN_IN.sub(lambda match: self.part(match[1]), line)

    def _compile(self, name: str) -> re.Pattern[str]:
        kind, lines = self._sections.get(name, ("raw", []))
        if not lines:
            return NOTHING
        body = "|".join(map(self._whole, lines))
        if kind == "start":
            lead = f"{self.part(f'{name} before')}?" if f"{name} before" in self else ""
            body = rf"^\W*{lead}(?:{body}){self.edge}"
        elif kind == "word":
            body = rf"{self.edge}(?:{body}){self.edge}"
        return re.compile(body, re.IGNORECASE)


@cache
def wordings(code: str) -> Wordings:
    """The sections of a language's folder; none for a language without a folder."""
    folder = resources.files(__package__).joinpath(code)
    if not folder.is_dir():
        return Wordings({})
    files = sorted(file for file in folder.iterdir() if file.name.endswith(".txt"))  # type: ignore[type-var]
    texts = {file.name: file.read_text(encoding="utf-8") for file in files}
    return Wordings(texts, spaced=code not in UNSPACED)


PACKS: Final = ("en", "de", "fr", "es", "zh", "ja")
"""Languages that are read completely; others have their function words at most."""
UNSPACED: Final = frozenset(("ja", "zh"))
"""Languages that set no spaces between words."""
