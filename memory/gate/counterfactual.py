"""Why a probability came out as it did, and the smallest change that would have turned it.

A change moves every feature that depends on it, and both heads are asked again, so what it says
would happen does.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from knowhen.memory.gate.heads import Heads
from knowhen.memory.gate.signals import with_coverage, with_name, with_recalling, with_similarity

MOVERS = 6
_HALVINGS = 6
Values = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Amount:
    """Something of which there could have been more or less, from 0 to 1."""

    words: str
    now: float
    change: Callable[[float], Values]
    helps: bool = True
    """Whether more of it speaks for a recall."""


def movers(heads: Heads, values: Values) -> dict[str, float]:
    """The features that moved Need and Have most, in log-odds, as `head: feature`."""
    found = {
        f"{name}: {feature}": change
        for name, head in (("need", heads.need), ("have", heads.have))
        for feature, change in head.contributions(values).items()
    }
    strongest = sorted(found, key=lambda key: (-abs(found[key]), key))[:MOVERS]
    return {key: found[key] for key in strongest}


def worth(heads: Heads, values: Values) -> float:
    """Probability that memory is needed and holds the answer."""
    return heads.need.probability(values) * heads.have.probability(values)


def counterfactual(heads: Heads, values: Values, cut: float) -> str:
    """In words: what would have had to be otherwise for the other decision.

    What a memory holds comes first, then how the query was put.
    """
    recalled = worth(heads, values) >= cut

    def turns(changed: Values) -> bool:
        return (worth(heads, changed) >= cut) != recalled

    start = "would not recall" if recalled else "would recall"
    for amount in _amounts(values):
        value = _turning(amount, turns, up=amount.helps != recalled)
        if value is not None:
            return f"{start} if {amount.words.format(value, amount.now)}"
    for words, changed in _switches(values):
        if turns(changed):
            return f"{start} if {words}"
    if recalled:
        return "no single change would undo the recall"
    return "would recall only if several things were otherwise"


def _switches(values: Values) -> Iterator[tuple[str, Values]]:
    """What is so or is not so, turned round."""
    if not values["recalling"]:
        yield "it pointed back at what was said", with_recalling(values)
    if not values["named"]:
        yield "it named a person of this memory", with_name(values)


def _amounts(values: Values) -> Iterator[Amount]:
    yield Amount(
        "one passage held {:.0%} of what it asks about instead of {:.0%}",
        values["best"],
        lambda value: with_coverage(values, value),
    )
    if values["attributed"]:
        yield Amount(
            "somebody else spoke of {:.0%} of it instead of {:.0%}",
            values["other_reply"],
            lambda value: {**values, "other_reply": value},
            helps=False,
        )
    yield Amount(
        "the nearest passage had a similarity of {:.2f} instead of {:.2f}",
        values["top"],
        lambda value: with_similarity(values, value),
    )


def _turning(amount: Amount, turns: Callable[[Values], bool], *, up: bool) -> float | None:
    """The nearest value that turns the decision, by halving; None if none does."""
    near, far = amount.now, 1.0 if up else 0.0
    if not turns(amount.change(far)):
        return None
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        near, far = (near, middle) if turns(amount.change(middle)) else (middle, far)
    return far
