"""The gate: four questions asked of what was found for a query, and one action.

Search comes first because it costs milliseconds; what is decided is whether its result is put
in front of the model. Personal facts never fall back to what the model knows by itself.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from knowhen.memory.gate.advice import ask_advice, follow
from knowhen.memory.gate.calibration import ERROR, Calibration, Scored, Trace, calibrate
from knowhen.memory.gate.counterfactual import counterfactual, movers
from knowhen.memory.gate.heads import Heads, family_of, gain, logit, shipped_heads, sigmoid
from knowhen.memory.gate.signals import Signals, features, read_signals
from knowhen.memory.language.registry import language_of
from knowhen.memory.models.base import ChatModel
from knowhen.memory.records import Action, Decision
from knowhen.memory.search.scoring import Findings
from knowhen.memory.settings import GateSettings
from knowhen.memory.stores.base import Store

LIGHT = 0.9
"""Have above which one fact is enough, unless the question collects several."""
WORLDLY = 0.5
"""Need below which a question that is not personal is one about the world."""
LEFT = "somebody spoke of it, but a model is about as likely to know it"
HINTED = "it holds what this is about, and perhaps not the detail that is asked for"
OPEN = 0.9
"""Have of a question about a known person that asks for nothing in particular."""
GROWN, HOPE = 400, 0.3
"""Parts from which a memory is like those that Have was fitted on, and the least Have of a younger
one. There few words were said, and what is asked in other words is the rule."""
USELESS = GateSettings().useless
SURE = 0.75
"""Need times Have of a question on the world from which what was said here is worth telling."""
SMALL, SPREAD = 50, 0.12
"""The nearest of many passages is nearer by chance: by `SPREAD` for every factor of e."""
GREY = 0.75
"""Distance from the decisive threshold, in log-odds, within which a model is worth asking."""


def decide(
    signals: Signals, heads: Heads, *, cut: float, shift: float = 0.0, calibrated: bool = False
) -> Decision:
    """Need, Have, Know, Trust, and what follows from them.

    Args:
        cut: what Need times Have must reach for a recall of what is not about these people.
        shift: log-odds by which the price of a context and feedback move the bars.
        calibrated: whether `cut` was fitted to this memory's own past, and holds for all of it.
    """
    values = features(signals)
    values["detail"] = heads.detail.probability(values) if signals.parts else 0.0
    need = heads.need.probability(values) if signals.parts else 0.0
    have = heads.have.probability(values) if signals.parts and signals.terms else 0.0
    if signals.open and signals.names:
        have = max(have, OPEN)
    personal = asks_personal_fact(signals)
    know = 0.0 if personal else heads.know.probability(signals.shape)
    said = signals.utterance
    idle = (said.small_talk and not signals.window) or (said.work and not signals.called)
    worth = need * have
    whose = concerns(signals)
    left = whose == "world" and need < WORLDLY and _adds_little(signals, heads) and worth >= cut
    bars = Bars(cut=cut, shift=shift, calibrated=calibrated)
    holds = not left and _pays(signals, heads, whose, bars, worth=worth, have=have)
    about = personal or (whose == "us" and _asking(signals))
    action = _action(signals, idle=idle, personal=about, holds=holds)
    depth = _depth(signals, heads, values, have) if action == "recall" else "none"
    turned = depth == "hint" or whose == "world" or not holds
    return Decision(
        action,
        need=need,
        have=have,
        know=know,
        trust=signals.trust.value,
        reasons=(
            *_reasons(signals, action, have),
            *((LEFT,) if left and not idle else ()),
            *((HINTED,) if depth == "hint" else ()),
        ),
        depth=depth,
        personal=personal,
        grey=not idle and signals.parts > 0 and abs(logit(worth) - logit(cut)) < GREY,
        moved=movers(heads, values),
        features=values,
        counterfactual=(
            counterfactual(heads, values, cut)
            if turned and signals.parts and signals.terms and not (idle or left or signals.open)
            else ""
        ),
    )


Whose = Literal["us", "shared", "world"]
Depth = Literal["none", "hint", "light", "full"]


def concerns(signals: Signals) -> Whose:
    """Whose affairs a message is about, by its words; what was found cannot tell.

    A memory of a gardener holds words of every question about moles. What keeps the world's
    questions apart is that they name nobody here, say neither "I" nor "our", and take nothing for
    known. `shared` is a thing that both are taken to know: "the launch date".
    """
    said = [signals.utterance]
    if signals.window:  # "and the result?" is about what the question before was about
        said.append(language_of(signals.window).read_utterance(signals.window))
    if signals.names or signals.people or (said[0].personal and not signals.strangers):
        return "us"
    if any(each.own or each.recalling or each.of_listener for each in said):
        return "us"
    # Advice may be coloured by what somebody told; what takes up the window goes on with it.
    if signals.window or signals.things or any(each.shared or each.help for each in said):
        return "shared"
    return "world"


@dataclass(frozen=True, slots=True)
class Bars:
    """What a chance must reach, as calibration and feedback have moved it."""

    cut: float
    shift: float
    calibrated: bool

    def over(self, chance: float, bar: float) -> bool:
        return chance >= sigmoid(logit(bar) + self.shift)


def _pays(
    signals: Signals, heads: Heads, whose: Whose, bars: Bars, *, worth: float, have: float
) -> bool:
    """Whether what a context may bring is more than what it costs."""
    if not signals.parts:
        return False
    if whose == "us":
        return _pays_for_us(signals, bars, worth=worth, have=have)
    if not _asking(signals):
        return False
    if whose == "shared":
        near = signals.top_similarity + signals.window_coverage / 2
        bar = heads.near + SPREAD * math.log(max(signals.parts, SMALL) / 100)
        return near >= bar or bars.over(worth, WORLDLY)
    return worth >= bars.cut and (signals.reads or bars.over(worth, SURE))


def _pays_for_us(signals: Signals, bars: Bars, *, worth: float, have: float) -> bool:
    """A question about these people is nearly always answered better with what they said."""
    if not _asking(signals):
        return bool(signals.names or signals.people) or worth >= bars.cut
    if bars.calibrated:
        return worth >= bars.cut
    return bars.over(have if signals.parts >= GROWN else max(have, HOPE), USELESS)


def _asking(signals: Signals) -> bool:
    said = signals.utterance
    asking = said.question or said.request or said.help
    return asking or said.recalling or said.of_listener or bool(signals.window)


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


def _depth(signals: Signals, heads: Heads, values: Mapping[str, float], have: float) -> Depth:
    said = signals.utterance
    plain = not (signals.collects or signals.open)
    told = have >= LIGHT and signals.attribution is not None and values["best"] >= LIGHT
    asks_one = said.question and not (said.help or signals.collects)
    if asks_one and not told and signals.grip < heads.grip:
        return "hint"
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


_SETTING = "gate"
"""Setting of a space that holds the calibration."""


class Gate:
    """Decides on findings; keeps its calibration in the store, so that every process sees it."""

    def __init__(
        self,
        store: Store,
        space: str,
        *,
        embedder: str,
        heads: Heads | None = None,
        useless: float = USELESS,
    ) -> None:
        self._store, self._space = store, space
        self._price = logit(useless) - logit(USELESS)
        self._heads = heads or shipped_heads(family_of(embedder))

    def decide(self, findings: Findings) -> Decision:
        """What to do about the query of a search, and why."""
        calibration = self.calibration
        heads = calibration.apply(self._heads)
        cut = calibration.cut(self._heads)
        shift = self._price + logit(cut) - logit(Calibration().cut(self._heads))
        return decide(
            read_signals(findings),
            heads,
            cut=cut,
            shift=shift,
            calibrated=bool(calibration.levels),
        )

    @property
    def calibration(self) -> Calibration:
        """What `calibrate` and feedback have changed; the shipped one before."""
        text = self._store.setting(_SETTING, space=self._space)
        return Calibration() if text is None else Calibration.from_json(text)

    def calibrate(
        self, found: Sequence[tuple[Trace, Findings]], *, error: float = ERROR
    ) -> Calibration:
        """Fit to traces and what was found for them, and keep the result.

        Raises:
            InvalidInput: there are too few traces.
        """
        read = [(trace, features(read_signals(findings))) for trace, findings in found]
        fitted = calibrate(
            [
                Scored(trace, self._heads.need.logit(values), self._heads.have.logit(values))
                for trace, values in read
            ],
            error=error,
        )
        self._keep(fitted)
        return fitted

    def learn(self, *, missed: bool) -> None:
        """Move the threshold after one answer of feedback."""
        # Another process may be learning as well.
        with self._store.transaction(self._space):
            self._keep(self.calibration.learn(missed=missed))

    def _keep(self, calibration: Calibration) -> None:
        self._store.set_setting(_SETTING, calibration.to_json(), space=self._space)


def consult(
    model: ChatModel,
    gate: Gate,
    findings: Findings,
    decision: Decision,
    search: Callable[[str], Findings],
) -> tuple[Findings, Decision]:
    """Findings and decision after one cheap call, if the decision was close.

    Where memory is needed it is searched with the rewritten queries too: each passage keeps its
    best score, and the probabilities are those of the wording that found most.
    """
    if not decision.grey:
        return findings, decision
    advice = ask_advice(model, findings.query.text)
    if advice is None:
        note = "a model was asked because it was close, and gave no usable advice"
        return findings, replace(decision, reasons=(*decision.reasons, note))
    decision = follow(decision, advice)
    if decision.action != "recall":
        return findings, decision
    scores, best = findings.scores, decision
    for query in advice.queries:
        found = search(query)
        if len(found.scores) != len(scores):
            continue  # another process has just added to the memory
        scores = np.maximum(scores, found.scores)
        again = gate.decide(found)
        if again.have > best.have:
            best = replace(best, have=again.have, trust=again.trust)
    return replace(findings, scores=scores), best
