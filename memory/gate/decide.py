"""When to use memory: four questions asked of what the search found, and one action.

Search comes first because it costs milliseconds; what is decided is whether its result is put
in front of the model. Personal facts never fall back to what the model knows by itself.
"""

import re

import numpy as np

from knowhen.memory.gate.signals import Signals
from knowhen.memory.records import Action, Decision

# English rules: what is said without asking memory for anything.
_SMALL_TALK = re.compile(
    r"^\W*(?:hi|hello|hey|yo|thanks?|thank you|thx|ok(?:ay)?|cool|great|nice|lol|haha\w*|bye|"
    r"goodbye|good (?:morning|night|evening|afternoon)|how are you|see you|you're welcome|sounds good|"
    r"got it|sure|yes|no|yep|nope|wow)\b[^?]{0,40}[\W]*(?:how are you[^?]*\?)?$",
    re.IGNORECASE,
)
_COMMAND = re.compile(
    r"^\W*(?:please\s+)?(?:translate|rewrite|rephrase|summari[sz]e this|fix|correct|proofread|"
    r"write|compose|calculate|compute|convert|format|spell)\b",
    re.IGNORECASE,
)


def decide(signals: Signals) -> Decision:
    """Need, Have, Know, Trust, and what follows from them."""
    need, need_reason = _need(signals)
    have, have_reason = _have(signals)
    know = _know(signals)
    trust = 0.5 if signals.contested else 0.9
    action = _action(need=need, have=have, know=know)
    reasons = [need_reason, have_reason]
    if signals.contested:
        reasons.append("the memory holds statements that contradict each other")
    if action == "parametric":
        reasons.append("it asks about the world, so the model's own knowledge may answer")
    if action == "abstain":
        reasons.append("it is personal, and personal facts are never guessed")
    return Decision(action, need, have, know, trust, tuple(reasons))


def _action(*, need: float, have: float, know: float) -> Action:
    if need < 0.5 and know < 0.5:
        return "skip"
    if have >= 0.5:
        return "recall"
    return "parametric" if know >= 0.5 else "abstain"


def _need(signals: Signals) -> tuple[float, str]:
    if signals.parts == 0 and not signals.personal:
        return 0.1, "the memory is empty"
    if _SMALL_TALK.match(signals.text):
        return 0.05, "it is small talk"
    if _COMMAND.match(signals.text) and not signals.personal and not signals.names:
        return 0.15, "it asks for work on the text itself"
    if signals.names:
        return 0.95, f"it names {', '.join(signals.names)}, whom this memory knows"
    if signals.personal:
        return 0.9, "it is about the people of this conversation"
    if signals.known_share >= 0.5:
        return 0.6, "it shares most of its words with this memory"
    return 0.3, "it shares few words with this memory"


def _have(signals: Signals) -> tuple[float, str]:
    if not signals.parts or not signals.terms:
        return 0.0, "nothing was found"
    # A false abstention hurts more than a spare context, so a third of the content is enough.
    value = 8.0 * (signals.coverage - 0.33) + 4.0 * (signals.top_similarity - 0.15)
    have = float(1 / (1 + np.exp(-value)))
    share = f"{signals.coverage:.0%} of what it asks about"
    return have, f"the best passage holds {share}"


def _know(signals: Signals) -> float:
    """World questions may be answered without memory; personal ones never."""
    if signals.personal or signals.names:
        return 0.0
    return 0.7 if signals.question else 0.2
