"""Memory against what the model says by itself: which answer stands, or both.

The rules: on personal facts memory wins. On the world a grounded answer wins over a draft if it
answers at all, unless the memory is only what somebody said in conversation; then both are shown,
for a model is swayed by whatever stands in front of it ("Adaptive Chameleon or Stubborn Sloth").
"""

from typing import Literal

from knowhen.memory.language.registry import language_of
from knowhen.memory.language.terms import terms

Standing = Literal["memory", "own", "both"]
TRUSTED = 0.75
"""Trust from which evidence alone may overrule what a model knows about the world."""


def fits(question: str, answer: str) -> bool:
    """Whether an answer is of the kind that the question asks for."""
    language = language_of(question)
    if language_of(answer).refuses(answer):
        return False
    wanted = language.read_question(question)
    if wanted.options:
        given = set(terms(answer))
        return any(set(terms(option)) <= given for option in wanted.options)
    return not wanted.yes_no or language.is_verdict(answer)


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
