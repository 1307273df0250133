"""The fence around recalled text: shown to a model as data, and never learned again as new."""

import re

_OPEN = "<recalled-memory>"
_CLOSE = "</recalled-memory>"
_FENCED = re.compile(rf"{re.escape(_OPEN)}.*?(?:{re.escape(_CLOSE)}|\Z)", re.DOTALL)
_MARKS = re.compile(r"<\s*+(?:/\s*+)?recalled-memory[^<>]*+>", re.IGNORECASE)


def fenced(text: str) -> str:
    """The text between the marks; marks inside it are taken out, so that it cannot break out."""
    while _MARKS.search(text):  # taking one out can join the halves of another
        text = _MARKS.sub("", text)
    return f"{_OPEN}\n{text}\n{_CLOSE}"


def fences(text: str) -> list[tuple[int, int]]:
    """Where the text inside each fence begins and ends."""
    spans = ((match.start() + len(_OPEN), match.end()) for match in _FENCED.finditer(text))
    return [(start, end - len(_CLOSE) * text.endswith(_CLOSE, start, end)) for start, end in spans]


def unfenced(text: str) -> str:
    """The text with every fenced span blanked, each other character at its place.

    An opened fence that is never closed reaches to the end.
    """
    if _OPEN not in text:
        return text
    return _FENCED.sub(lambda match: " " * len(match.group()), text)
