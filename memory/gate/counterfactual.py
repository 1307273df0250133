"""Why a probability came out as it did, and the smallest change that would have turned it."""

from collections.abc import Mapping

from knowhen.memory.gate.features import WORDS
from knowhen.memory.gate.heads import Head, Heads

MOVERS = 6
MARGIN = 0.05
"""Log-odds beyond the threshold that a change must reach."""
# What the asker or the memory could change; the rest describes the memory as a whole.
_SWITCHES = ("named", "familiar", "foreign", "personal", "recalling")
_AMOUNTS: Mapping[str, str] = {
    "best_known": "the share of what it asks about that fits whom it asks about",
    "wide": "the share of what it asks about in one stretch of conversation",
    "other_reply": "the share of what it asks about that somebody else speaks of",
    "top": "the similarity of the nearest passage",
}


def movers(heads: Heads, values: Mapping[str, float]) -> dict[str, float]:
    """The features that moved Need and Have most, in log-odds, as `head: feature`."""
    found = {
        f"{name}: {feature}": change
        for name, head in (("need", heads.need), ("have", heads.have))
        for feature, change in head.contributions(values).items()
    }
    strongest = sorted(found, key=lambda key: (-abs(found[key]), key))[:MOVERS]
    return {key: found[key] for key in strongest}


def turning_point(
    head: Head, values: Mapping[str, float], target: float
) -> tuple[str, float] | None:
    """The feature whose smallest change alone takes the log-odds to `target`, and its value.

    None when no single feature can do it within its range from 0 to 1.
    """
    missing = target - head.logit(values)
    best: tuple[float, str, float] | None = None
    for name in (*_SWITCHES, *_AMOUNTS):
        weight = head.slope * head.weights.get(name, 0.0)
        if not weight:
            continue
        value = values[name] + (missing + MARGIN * (1 if missing > 0 else -1)) / weight
        if not 0.0 <= value <= 1.0:
            continue
        if name in _SWITCHES:
            value = 1.0 if value > values[name] else 0.0
        distance = abs(value - values[name])
        if distance and (best is None or distance < best[0]):
            best = (distance, name, value)
    return (best[1], best[2]) if best else None


def explain_threshold(
    head: Head, values: Mapping[str, float], target: float, *, recalled: bool
) -> str:
    """In words: what would have had to be otherwise."""
    found = turning_point(head, values, target)
    if found is None:
        return (
            "no single change would undo the recall"
            if recalled
            else "would recall only if several things were otherwise"
        )
    name, value = found
    start = "would not recall" if recalled else "would recall"
    if name in _SWITCHES:
        return f"{start} if it were {'' if value else 'not '}so that {WORDS[name]}"
    return f"{start} if {_AMOUNTS[name]} were {value:.2f} instead of {values[name]:.2f}"
