"""Reading a turn: its clauses, the person who says "I", and the attributes that are stated.

The cues are English. Text in other languages is cut at sentence ends only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowhen.memory.fence import unfenced
from knowhen.memory.language.periods import MONTHS
from knowhen.memory.language.sentences import sentences

SINGLE = frozenset(
    ("lives in", "works at", "works as", "name", "age", "relationship status", "birthday")
)
"""Predicates with one value at a time; so has every `favorite …` and every attribute below."""

_ATTRIBUTES = (
    "address|age|birthday|budget|deadline|due date|email(?: address)?|goal|home ?town|hometown"
    "|job|job title|major|maiden name|main goal|middle name|name|nationality|nickname"
    "|occupation|password|phone(?: number)?|position|profession|role|salary|score|status|title"
    "|target|weight|height|zip code|time ?zone|language|accuracy|progress|rent|start date|end date"
)
_VALUE_ENDS = re.compile(
    r"\s*(?:[,;.!?(]|\s(?:and|but|so|because|since|for|with|where|which|who|when|while|after|before"
    r"|last|next|this|on|from|until|now|again|too|as well|at the|in (?:19|20)\d\d|in (?:"
    + "|".join(month.capitalize() for month in MONTHS)
    + r"))(?:\s|\Z|[.,!?]))"
)


@dataclass(frozen=True, slots=True)
class Slot:
    predicate: str
    value: str


def is_single(predicate: str) -> bool:
    """Whether a subject has one value of this predicate at a time."""
    return predicate in SINGLE or predicate.startswith(("favorite ", "attribute "))


_WORDINGS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (predicate, re.compile(pattern))
    for predicate, pattern in (
        (
            "lives in",
            r"(?:(?:now\s+|currently\s+|still\s+)?(?:lives|(?:is|has been)\s+(?:now\s+"
            r"|currently\s+)?"
            r"(?:living|based))\s+in|(?:has\s+|recently\s+|just\s+|finally\s+)*(?:moved|relocated)"
            r"\s+(?:back\s+|over\s+|out\s+)?to)\s+(?P<value>(?:the\s+)?[A-Z].*)",
        ),
        (
            "works as",
            r"(?:now\s+|currently\s+)?(?:works|is\s+(?:now\s+|currently\s+)?working|started"
            r"(?:\s+working)?|(?:has\s+|just\s+)*got\s+a\s+(?:new\s+)?job)\s+as\s+(?:an?\s+"
            r"|the\s+)?"
            r"(?P<value>\w.*)",
        ),
        (
            "works at",
            r"(?:now\s+|currently\s+)?(?:works|is\s+(?:now\s+|currently\s+)?working|started"
            r"(?:\s+working)?|(?:has\s+|just\s+)*got\s+a\s+(?:new\s+)?job|(?:has\s+"
            r"|just\s+)*joined)"
            r"\s+(?:at|for|with)\s+(?P<value>(?:the\s+)?[A-Z].*)",
        ),
        ("age", r"is\s+(?:now\s+|already\s+)?(?P<value>\d{1,3})(?:\s+years?\s+old|\s*\Z|\s*[.,!])"),
        ("age", r"(?:just\s+)?turned\s+(?P<value>\d{1,3})\b"),
        (
            "relationship status",
            r"(?:is|got|has\s+been|has\s+gotten)\s+(?:now\s+|just\s+|still\s+|recently\s+"
            r"|happily\s+)*"
            r"(?P<value>single|married|divorced|engaged|widowed|separated|in\s+a\s+relationship)\b",
        ),
        ("name", r"is\s+(?:called|named)\s+(?P<value>[A-Z].*)"),
    )
)
_POSSESSED = re.compile(
    rf"(?P<owner>.+?)['’]s\s+(?:new\s+|current\s+|updated\s+)?"
    rf"(?P<attribute>(?:all-time\s+)?favou?rite\s+[\w ]{{2,30}}?|{_ATTRIBUTES})"
    rf"\s+(?:is|was\s+changed\s+to|is\s+now|has\s+changed\s+to|changed\s+to|has\s+become)\s+"
    rf"(?:now\s+)?(?P<value>.+)",
    re.IGNORECASE,
)


def slot_of(rest: str) -> Slot | None:
    """The single-valued attribute that the words after a subject state, if they state one."""
    for predicate, wording in _WORDINGS:
        match = wording.match(rest)
        if match is not None:
            value = _cut(match["value"])
            return Slot(predicate, value) if value else None
    return None


def possessed_slot(text: str) -> tuple[str, Slot] | None:
    """Owner and attribute of a statement such as "Ann's favourite colour is green"."""
    match = _POSSESSED.match(text)
    if match is None:
        return None
    value = _cut(match["value"])
    attribute = (
        match["attribute"].lower().replace("favourite", "favorite").removeprefix("all-time ")
    )
    if not value:
        return None
    if attribute in ("name", "age", "birthday") or attribute.startswith("favorite "):
        return match["owner"], Slot(attribute, value)
    return match["owner"], Slot(f"attribute {attribute}", value)


def _cut(value: str) -> str:
    """The value without what follows it in the sentence."""
    end = _VALUE_ENDS.search(value, 1)
    return (value[: end.start()] if end else value).strip(" .,!?;:\"'")


_PAST = frozenset(
    (
        *("was", "were", "had", "did", "went", "ran", "took", "got", "felt", "made", "saw", "came"),
        *("gave", "found", "told", "said", "thought", "knew", "became", "began", "left", "met"),
        *("won", "lost", "bought", "brought", "built", "caught", "chose", "drew", "drove", "ate"),
        *("fell", "flew", "forgot", "grew", "heard", "held", "kept", "led", "learnt", "lent"),
        *("paid", "rode", "sold", "sent", "sang", "sat", "slept", "spoke", "spent", "stood"),
        *("swam", "taught", "threw", "understood", "woke", "wore", "wrote", "read", "put", "set"),
        *("hit", "cut", "let", "hurt", "quit", "shut", "cost", "broke", "hid", "shot", "struck"),
        *("meant", "dreamt", "dealt", "fought", "hung", "laid", "lay", "rose", "shook", "sought"),
        *("stole", "tore", "withdrew", "overcame", "saved", "beat", "bet", "spread", "split"),
    )
)
_AUXILIARIES = frozenset(
    (
        *("will", "would", "can", "could", "may", "might", "must", "shall", "should", "ought"),
        *("won't", "wouldn't", "can't", "cannot", "couldn't", "mustn't", "shouldn't", "ain't"),
        *("didn't", "wasn't", "hadn't", "used", "gotta", "wanna", "gonna", "has", "is", "and"),
        *("or", "in", "at", "on", "to", "with", "for", "of", "who", "as", "from", "by", "hadn't"),
    )
)
_IRREGULAR = {
    "am": "is",
    "are": "is",
    "have": "has",
    "do": "does",
    "don't": "doesn't",
    "haven't": "hasn't",
    "aren't": "isn't",
    "go": "goes",
}
_ADVERB = frozenset(
    (
        *("also", "always", "never", "often", "usually", "sometimes", "just", "still", "already"),
        *("even", "ever", "now", "then", "too", "both", "only", "kinda", "sorta", "really"),
        *("rarely", "seldom", "recently", "currently", "totally", "definitely", "actually"),
        *("mostly", "generally", "probably", "certainly", "finally", "hardly", "almost", "not"),
        *("honestly", "truly", "absolutely", "personally", "basically", "typically", "too"),
    )
)
_CONTRACTED = {"'m": " is", "'ve": " has", "'ll": " will", "'d": " would", "": ""}
_D_HAD = re.compile(
    r"\s+(?:already\s+|just\s+|always\s+|never\s+)?(?:been|had|gone|done|seen|better|\w+ed)\b"
)
_FIRST = re.compile(
    r"(?<![\w'’.])(?:(?P<i>[Ii])(?P<tail>['’](?:m|ve|ll|d))?(?![\w'’.])"
    r"|(?P<im>[Ii]m|[Ii]ve)(?![\w'’])"
    r"|(?P<own>[Mm]y|[Mm]ine)(?![\w'’-])"
    r"|(?P<me>[Mm]e)(?![\w'’-])"
    r"|(?P<self>[Mm]yself)(?![\w'’]))"
)
_NEXT_WORD = re.compile(r"\s+([A-Za-z]+(?:['’]t)?)")


def named(text: str, name: str) -> str:
    """`text` with first-person words put as `name`, and the verbs after them agreeing.

    "I've moved and my dog loves it" becomes "Ann has moved and Ann's dog loves it".
    """
    if _FIRST.search(text) is None:
        return text
    result: list[str] = []
    position = 0
    named_before = False
    for match in _FIRST.finditer(text):
        if match.start() < position:
            continue
        result.append(text[position : match.start()])
        position = match.end()
        words, position = _replacement(match, text, name, named_before)
        result.append(words)
        named_before = True
    result.append(text[position:])
    return "".join(result)


def _replacement(match: re.Match[str], text: str, name: str, again: bool) -> tuple[str, int]:
    if match["own"]:
        return ("their" if again else f"{name}'s"), match.end()
    if match["self"]:
        return "themself", match.end()
    if match["me"]:
        return name, match.end()
    tail = (match["tail"] or "").replace("’", "'")
    if match["im"]:
        tail = "'" + match["im"][1:]
    if tail == "'d" and _D_HAD.match(text, match.end()):
        return f"{name} had", match.end()
    if tail:
        return name + _CONTRACTED[tail], match.end()
    return _agreeing(name, text, match.end())


def _agreeing(name: str, text: str, position: int) -> tuple[str, int]:
    """The name and the verb that follows it, in the third person."""
    words = [name]
    following = _NEXT_WORD.match(text, position)
    while following:
        word = following[1].replace("’", "'")
        if word.lower() in _ADVERB or word.lower().endswith("ly"):
            words.append(following[1])
            position = following.end()
            following = _NEXT_WORD.match(text, position)
            continue
        words.append(third_person(word))
        position = following.end()
        break
    return " ".join(words), position


def third_person(verb: str) -> str:
    """The form that goes with a name: `like` as `likes`; past forms and auxiliaries stay."""
    plain = verb.lower()
    if plain in _IRREGULAR:
        return _IRREGULAR[plain]
    ends_like_past = plain.endswith(("ed", "s", "ing")) and not plain.endswith(("ss", "eed"))
    if plain in _PAST or plain in _AUXILIARIES or ends_like_past:
        return verb
    if plain.endswith(("sh", "ch", "x", "z", "ss", "o")):
        return verb + "es"
    if plain.endswith("y") and plain[-2:-1] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + "s"


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
    rf"(?:(?:so|and|but|or|well|hey|hi|ok|okay|also|anyway|now|then|yeah|yes|wow|oh|btw)[,\s]+)*"
    rf"(?:[A-Z]\w+,\s+)?(?:{_ASK}|(?:any|got)\s+(?:\w+\s+){{0,4}}(?:plans|ideas|tips|advice"
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
    r"(?:(?:it|it's|its|this|that|that's|they|these|those|which)\b.*\d"
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
