"""Spans of a text: its sentences, in any script, and the pieces that a long text is cut into."""

import re
from bisect import bisect_right
from functools import cache

from knowhen.memory.language.wordings import wordings

FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
"""A block of code."""
_STOP = re.compile(
    r"(?<![.!?…])[.!?…]++[\"'”’»)\]*_]*+(?=\s|\Z)"  # Latin, Greek, Cyrillic: a stop, then a blank
    r"|[。！？｡؟।۔։።]+[」』”’）\]]*"  # scripts that put no space after it
    r"|\n\s*"
)
_WORD_BEFORE = re.compile(r"([^\W\d_][\w.&'-]*|\d+)\Z")
_LIST_ITEM = re.compile(r"(?:[-*+•–]|#{1,6}|\d{1,3}[.)]|[a-zA-Z][.)]|>|\|)(?:\s|\Z)")
_MARK_ONLY = re.compile(r"\A\s*(?:[-*+•–#>]+|\d{1,3}[.)]|[a-zA-Z]\))\s*\Z")
_WRAPPED_LINE = 60
"""A line at least this long that goes on in lower case on the next was wrapped, not ended."""


@cache
def _abbreviations() -> frozenset[str]:
    """Words that a full stop follows inside a sentence."""
    return wordings("en").words("abbreviations")


@cache
def _months() -> tuple[str, ...]:
    """Months before which a day is written with a full stop: "am 11. Oktober"."""
    return tuple(month[:3] for month in wordings("de").listed("full_months"))


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans `(start, end)` of the sentences of `text`, in order and without outer white space.

    A fenced code block is one span however long; list items and paragraphs end at their line.
    """
    spans: list[tuple[int, int]] = []
    position = 0
    if "```" in text:
        for fence in FENCE.finditer(text):
            _prose(text, position, fence.start(), spans)
            spans.append((fence.start(), fence.end()))
            position = fence.end()
    _prose(text, position, len(text), spans)
    return spans


def _prose(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> None:
    for stop in _STOP.finditer(text, start, end):
        if stop.start() < start or not _ends_sentence(text, start, stop, end):
            continue
        _add(text, start, stop.end(), spans)
        start = stop.end()
    _add(text, start, end, spans)


def _add(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> None:
    piece = text[start:end]
    stripped = piece.strip()
    if stripped:
        first = start + piece.index(stripped[0])
        spans.append((first, first + len(stripped)))


def _ends_sentence(text: str, start: int, stop: re.Match[str], end: int) -> bool:
    mark = stop.group()
    if mark[0] == "\n":
        return _ends_line(text, start, stop, end)
    if mark[0] != ".":
        return True
    following = text[stop.end() : min(stop.end() + 8, end)].lstrip()
    if following[:1].islower():
        return len(mark) > 1 and not mark.startswith("..")
    before = _WORD_BEFORE.search(text, max(start, stop.start() - 12), stop.start())
    if before is None:
        return True
    word = before.group()
    if word.isdigit() and len(word) <= 2 and following.casefold().startswith(_months()):
        return False
    if word.isdigit():
        return not _MARK_ONLY.match(text[start : stop.end()])
    initial = len(word) == 1 and word.isupper() and word != "I"
    title = word.casefold() in _abbreviations() and word != "ms"  # 5 ms. is no Ms.
    return not (mark == "." and (initial or title))


def _ends_line(text: str, start: int, stop: re.Match[str], end: int) -> bool:
    if stop.group().count("\n") > 1 or _LIST_ITEM.match(text, stop.end(), end):
        return True
    line = text[max(text.rfind("\n", start, stop.start()) + 1, start) : stop.start()]
    return len(line) < _WRAPPED_LINE or not text[stop.end() : stop.end() + 1].islower()


def parts(text: str, *, size: int, whole: int) -> list[tuple[int, int]]:
    """Spans that cover the text: one if it has at most `whole` characters, else of about `size`.

    A sentence longer than `size` is cut at a space, or in the middle of a run without spaces.
    """
    if len(text) <= whole:
        return [(0, len(text))]
    ends = [0, *(end for _, end in sentences(text))]
    spans: list[tuple[int, int]] = []
    start = 0
    while len(text) - start > whole:
        limit = start + size
        end = ends[bisect_right(ends, limit) - 1]
        if end <= start + size // 3:  # a very long sentence: better cut than carry
            space = text.rfind(" ", start + size // 3, limit)
            end = space + 1 if space > start else limit
        spans.append((start, end))
        start = end
    spans.append((start, len(text)))
    return spans
