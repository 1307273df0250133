"""Memory against what the model says by itself: which answer stands, or both.

The rules: on personal facts memory wins. On the world a grounded answer wins over a draft if it
answers at all, unless the memory is only what somebody said in conversation; then both are shown,
for a model is swayed by whatever stands in front of it ("Adaptive Chameleon or Stubborn Sloth").
"""

import re
from typing import Literal

from knowhen.memory.language.terms import terms

Standing = Literal["memory", "own", "both"]
TRUSTED = 0.75
"""Trust from which evidence alone may overrule what a model knows about the world."""
# English rules.
_REFUSING = re.compile(
    r"^\W*(?:none|unknown|n/?a|not? (?:answer|information|specified|available|mentioned)|unsure)\b"
    r"|\b(?:(?:is|are|was|were|does|do|did|has|have|been)(?: not|n['’]t)|not|no) (?:\w+ )?"
    r"(?:mentioned|provided|available|specified|given|stated|known|clear|enough information|say|"
    r"answer|mention|information|contain|include)\b"
    r"|\b(?:i|we) (?:do not|don['’]t|cannot|can['’]t) (?:know|tell|say|answer|determine|"
    r"remember|recall|have (?:\w+ )?(?:information|record))\b"
    r"|\bcannot be (?:determined|answered)\b",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"^\W*(?:are|is|was|were|did|do|does|have|has|had|can|could|will)\b", re.IGNORECASE
)
_CHOICE = re.compile(r"[,:]\s*(?P<first>[^,:?]+?)\s+or\s+(?P<second>[^,?]+)\?*\s*$", re.IGNORECASE)
_VERDICT = re.compile(r"^\W*(?:yes|no)\b", re.IGNORECASE)


def refuses(answer: str) -> bool:
    """Whether an answer says that it has none."""
    return not answer.strip() or _REFUSING.search(answer) is not None


def fits(question: str, answer: str) -> bool:
    """Whether an answer is of the kind that the question asks for."""
    if refuses(answer):
        return False
    if choice := _CHOICE.search(question):
        given = set(terms(answer))
        options = [set(terms(choice[name])) for name in ("first", "second")]
        return any(option <= given for option in options)
    if _YES_NO.match(question) and not re.search(r"\bor\b", question):
        return _VERDICT.match(answer) is not None
    return True


def agree(first: str, second: str) -> bool:
    """Whether two short answers say the same: all terms of one are in the other."""
    one, two = set(terms(first)), set(terms(second))
    return bool(one and two) and (one <= two or two <= one)


def standing(
    question: str, *, memory: str, own: str, personal: bool, trust: float = 1.0
) -> Standing:
    """Which answer stands: the one from memory, the model's own, or both side by side."""
    if personal or agree(memory, own):
        return "memory"
    if not fits(question, memory):
        return "own" if fits(question, own) else "memory"
    if not fits(question, own) or trust >= TRUSTED:
        return "memory"
    return "both"
