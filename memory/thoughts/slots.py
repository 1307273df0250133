"""Attributes that hold one value at a time, and the English wordings that state them."""

import re
from dataclasses import dataclass

from knowhen.memory.language.periods import MONTHS

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
