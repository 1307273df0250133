"""Cutting a turn into clauses that state one thing each, with their place in the text.

The cues are English. Text in other languages is cut at sentence ends only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowhen.memory.fence import unfenced
from knowhen.memory.language.sentences import sentences


@dataclass(frozen=True, slots=True)
class Clause:
    """Characters `start:end` of a turn."""

    start: int
    end: int
    text: str


_SUBJECT = (
    r"(?:I|I'm|I've|I'd|I'll|i|i'm|i've|we|we're|we've|my|our|he|she|they|it|it's|its|this|that's"
    r"|there|the|these|those|[A-Z][\w'’-]+)\b"
)
_ASK = (
    r"(?:can|could|would|should|do|does|did|will|is|are|am|have|has|was|were|may|might)\s+"
    r"(?:you|I|we|it|they|he|she|there|this|that|the|my|your|someone|anyone)\b"
    r"|(?:what|how|why|where|when|who|which|whose|whom)\b(?!\s+(?:I|we)\s+(?:need|want))"
)
# Runs of blanks are possessive and begin where the run begins: each character of a run is looked
# at once, so that ten thousand spaces cost no more than ten thousand letters.
_GAP = r"(?<!\s)\s++"
_COMMA = r"(?<!\s)\s*+,\s*+"
_MAYBE_COMMA = r"(?<!\s)(?:\s*+,\s++|\s++)"
_CUT = re.compile(
    rf"(?<!\s)\s*+;\s*+"
    rf"|{_GAP}[-–—]++\s++"
    rf"|{_MAYBE_COMMA}(?:but|yet)\s++(?:(?:now|then|also)\s++)?(?={_SUBJECT})"
    rf"|{_COMMA}(?:and|so|or)\s++(?:(?:now|then|also|that)\s++)?(?={_SUBJECT})"
    rf"|{_GAP}and\s++(?=(?:I|I'm|I've|I'd|I'll|we|we're|we've|my)\b)"
    rf"|{_MAYBE_COMMA}(?:especially\s++|given\s++(?:that\s++)?|considering\s++(?:that\s++)?"
    rf"|(?:even\s++)?though\s++|although\s++|since\s++|because\s++|while\s++|whereas\s++)"
    rf"(?={_SUBJECT})"
    rf"|{_COMMA}(?=(?:I|I'm|I've|I'd|I'll|we|we're|we've|please)\b)"
    rf"|{_COMMA}(?:(?:and|so|but|then)\s++)?(?=(?:{_ASK}))"
    rf"|{_GAP}(?:so|but)\s++(?=(?:{_ASK}))",
)
_QUESTION = re.compile(
    rf"(?:(?:so|and|but|or|well|hey|hi|ok|okay|also|anyway|now|then|yeah|yes|wow|oh|btw)[,\s]++){{0,6}}+"
    rf"(?:[A-Z]\w{{1,40}},\s++)?(?:{_ASK}|(?:any|got)\s+(?:\w+\s+){{0,4}}(?:plans|ideas|tips|advice"
    rf"|thoughts)|ever\s)",
    re.IGNORECASE,
)
_TOLD = re.compile(
    r"\b(?:the fact that|now that|given that|considering that|knowing that|since|because|after)\s+"
    r"(?=(?:I|I'm|I've|we|we've|my|our)\b)"
)
"""Words in a question after which something is told all the same."""
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+", re.DOTALL)
_BARE_VALUE = re.compile(
    r"(?:(?:it|it's|its|this|that|that's|they|these|those|which)\b.{0,200}\d"
    r"|(?:I|I've|I have)\b[^,;]{0,40}\d[^,;]{0,30}\b(?:it|this|that|them)\b)",
    re.IGNORECASE,
)


def clauses(text: str) -> Iterator[Clause]:
    """Statements of a turn in order: no questions, no code, nothing that was recalled."""
    plain = _CODE.sub(_blank, unfenced(text)) if "`" in text or "http" in text else unfenced(text)
    for start, end in sentences(plain):
        sentence = plain[start:end]
        if len(sentence) > 3:
            yield from _of_sentence(sentence, start)


def _blank(match: re.Match[str]) -> str:
    code = match.group()
    if code.startswith("`") and not code.startswith("```"):  # a name in code reads as a word
        return " " + code[1:-1] + " "
    return re.sub(r"[^\n]", " ", code)


def _of_sentence(sentence: str, offset: int) -> Iterator[Clause]:
    asks = sentence.rstrip("\"'”’) ").endswith("?")
    pieces = list(_pieces(sentence))
    for place, (start, end) in enumerate(pieces):
        text = sentence[start:end]
        last = place == len(pieces) - 1
        if (last and asks) or _QUESTION.match(text):
            told = _TOLD.search(text)
            if told is None:
                continue
            start, text = start + told.end(), text[told.end() :].rstrip("?")
        yield Clause(offset + start, offset + end, text)


def _pieces(sentence: str) -> Iterator[tuple[int, int]]:
    """Spans between cuts; a pronoun with a number stays with the clause it points back to."""
    start = 0
    for cut in _CUT.finditer(sentence):
        if cut.start() <= start or _BARE_VALUE.match(sentence, cut.end()):
            continue
        if sentence.count('"', start, cut.start()) % 2 or sentence.count(
            "“", start, cut.start()
        ) > sentence.count("”", start, cut.start()):
            continue
        if len(sentence[start : cut.start()].split()) < 2 and not sentence[start].isupper():
            continue
        yield start, cut.start()
        start = cut.end()
    end = len(sentence.rstrip())
    if start < end:
        yield start, end
