"""When to use memory: four questions asked of what the search found, and one action.

Search comes first because it costs milliseconds; what is decided is whether its result is put
in front of the model. Personal facts never fall back to what the model knows by itself.
"""

from collections.abc import Iterator
from typing import Literal

from knowhen.memory.gate.counterfactual import counterfactual, movers
from knowhen.memory.gate.features import features
from knowhen.memory.gate.heads import Heads, logit
from knowhen.memory.gate.signals import Signals
from knowhen.memory.gate.world import gain
from knowhen.memory.records import Action, Decision

LIGHT = 0.9
"""Have above which one fact is enough, unless the question collects several."""
WORLDLY = 0.5
"""Need below which a question that is not personal is one about the world."""
LEFT = "somebody spoke of it, but a model is about as likely to know it"
OPEN = 0.9
"""Have of a question about a known person that asks for nothing in particular."""
GREY = 0.75
"""Distance from the decisive threshold, in log-odds, within which a model is worth asking."""


def decide(signals: Signals, heads: Heads, *, cut: float) -> Decision:
    """Need, Have, Know, Trust, and what follows from them.

    `cut` is what Need times Have must reach for a recall.
    """
    values = features(signals)
    need = heads.need.probability(values) if signals.parts else 0.0
    have = heads.have.probability(values) if signals.parts and signals.terms else 0.0
    if signals.open and signals.names:
        have = max(have, OPEN)
    personal = asks_personal_fact(signals)
    know = 0.0 if personal else heads.know.probability(signals.shape)
    idle = signals.utterance.small_talk or (signals.utterance.work and not signals.names)
    worth = need * have
    left = worth >= cut and not personal and need < WORLDLY and _adds_little(signals, heads)
    action = _action(signals, idle=idle, personal=personal, holds=worth >= cut and not left)
    return Decision(
        action,
        need=need,
        have=have,
        know=know,
        trust=signals.trust.value,
        reasons=(*_reasons(signals, action, have), *((LEFT,) if left and not idle else ())),
        depth=_depth(signals, have) if action == "recall" else "none",
        personal=personal,
        grey=not idle and signals.parts > 0 and abs(logit(worth) - logit(cut)) < GREY,
        moved=movers(heads, values),
        features=values,
        counterfactual=(
            counterfactual(heads, values, cut)
            if signals.parts and signals.terms and not (idle or left or signals.open)
            else ""
        ),
    )


def _adds_little(signals: Signals, heads: Heads) -> bool:
    """Whether a model is about as likely to be right alone, and memory only has it from hearsay."""
    hearsay = "user_on_world" in signals.trust.penalties
    return hearsay and gain(signals.shape, heads.know, heads.grounded) < heads.gain_cut


def asks_personal_fact(signals: Signals) -> bool:
    """Whether only this memory could know the answer: then a guess is worse than none."""
    said = signals.utterance
    if said.small_talk or said.work:
        return False
    asking = said.question or said.request or said.recalling
    about = bool(signals.names) or said.personal
    return asking and about and not (said.help and not signals.names)


def _action(signals: Signals, *, idle: bool, personal: bool, holds: bool) -> Action:
    said = signals.utterance
    if idle:
        return "skip"
    if holds:
        return "recall"
    if personal:
        return "abstain"
    return "parametric" if said.question or said.request or said.help else "skip"


def _depth(signals: Signals, have: float) -> Literal["light", "full"]:
    plain = not (signals.collects or signals.open)
    return "light" if have >= LIGHT and plain else "full"


def _reasons(signals: Signals, action: Action, have: float) -> tuple[str, ...]:
    found = [*_about_the_query(signals)]
    if action != "skip" and signals.parts:
        found.append(f"one place holds {signals.window_coverage:.0%} of what it asks about")
        found.extend(_attributed(signals))
        found.append(f"that the answer is here has a probability of {have:.0%}")
    if action == "recall":
        found.extend(signals.trust.reasons)
    if action == "parametric":
        found.append("it asks about the world, so the model's own knowledge may answer")
    if action == "abstain":
        found.append("it is personal, and personal facts are never guessed")
    return tuple(found)


def _about_the_query(signals: Signals) -> Iterator[str]:
    said = signals.utterance
    if said.small_talk:
        yield "it is small talk"
    elif said.work:
        yield "it asks for work on a text it brings along"
    if not signals.parts:
        yield "the memory is empty"
    if signals.names:
        yield f"it names {_listed(signals.names)}, whom this memory knows"
    elif said.personal:
        yield "it is about the people of this conversation"
    if signals.strangers:
        yield f"this memory has never met {_listed(signals.strangers)}"


def _attributed(signals: Signals) -> list[str]:
    """Says so when the topic is here, but under somebody else's name."""
    found = signals.attribution
    if found is None or found.other_reply < found.reply + 0.2:
        return []
    return [f"somebody else speaks of it more than {_listed(signals.names)}"]


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names)
