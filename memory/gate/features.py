"""Signals as the numbers that the heads weigh, each with words that a user understands."""

from collections.abc import Mapping

import numpy as np

from knowhen.memory.gate.attribution import Attribution
from knowhen.memory.gate.signals import Signals

WORDS: Mapping[str, str] = {
    "named": "it names a person of this memory",
    "attributed": "it asks about one person of several",
    "familiar": "it names something this memory has met",
    "foreign": "it names nobody of this memory, but somebody it has never met",
    "personal": "it is about the people of this conversation",
    "recalling": "it points back at what was said",
    "small_talk": "it is small talk",
    "work": "it asks for work on a text it brings along",
    "question": "it asks something",
    "request": "it asks for something to be done",
    "short": "it is very short",
    "length": "how much it asks for",
    "known": "the memory knows what it asks about",
    "window": "a passage and its neighbours hold what it asks about",
    "wide": "a stretch of the conversation holds what it asks about",
    "density": "a passage speaks of little else",
    "lift": "one passage holds words that rarely stand together",
    "dated": "it mentions a time",
    "near_time": "something was said in the time it mentions",
    "top": "the nearest passage is similar",
    "mean": "the nearest passages are similar",
    "background": "everything here is a little similar",
    "met": "the memory knows what it asks about",
    "matched": "a passage and its neighbours hold what it asks about",
    "similar": "the nearest passages are similar",
    "size": "the memory is large",
    "best": "the best evidence about whom it asks",
    "other_reply": "somebody else speaks of it",
    "second": "the person asked about speaks of it again",
    "sentence_lead": "one sentence says it of the person asked about rather than of another",
    "fact_lead": "a thought says it of the person asked about rather than of another",
    "own_i": "the person asked about says it of themself",
    "own_you": "the person asked about says it of the other",
    "other_you": "somebody else says it to the person asked about",
    "own_dense": "something similar was said by the person asked about",
    "other_dense": "something similar was said by somebody else",
    "ownership": "its words belong mostly to the person asked about",
    "best_known": "the best evidence, where the memory knows all words",
}
_ATTRIBUTED = (
    *("attributed", "other_reply", "second", "sentence_lead", "fact_lead"),
    *("own_i", "own_you", "other_you", "own_dense", "other_dense", "ownership"),
)
SMALLEST = 20
"""Memories with fewer parts count as having so many: smaller ones were not fitted on."""
_PLAIN = 0.9
"""A sentence without "I" or "you" is about its speaker, but for a little doubt."""


def features(signals: Signals) -> dict[str, float]:
    """Every feature of `WORDS`; lexical ones are shares from 0 to 1, cosines as they are."""
    said = signals.utterance
    serious = float(not (said.small_talk or said.work))
    values = {
        "named": float(bool(signals.names)),
        "familiar": float(bool(signals.familiar)),
        "foreign": float(bool(signals.strangers) and not signals.names),
        "personal": float(said.personal),
        "recalling": float(said.recalling),
        "small_talk": float(said.small_talk),
        "work": float(said.work),
        "question": float(said.question),
        "request": float(said.request),
        "short": float(said.words <= 3),
        "length": min(len(signals.terms), 12) / 12,
        "known": signals.known_share,
        "window": signals.window_coverage,
        "wide": signals.wide_coverage,
        "density": signals.density,
        "lift": signals.lift / 10,
        "dated": float(signals.dated),
        "near_time": signals.near_time,
        "top": signals.top_similarity,
        "mean": signals.mean_similarity,
        "background": signals.background,
        # For Need: what small talk happens to match speaks for nothing.
        "met": serious * signals.known_share,
        "matched": serious * signals.window_coverage,
        "similar": serious * signals.top_similarity,
        "size": float(np.log1p(max(signals.parts, SMALLEST))) / 7,
    }
    values |= _of_attribution(signals.attribution, signals.window_coverage)
    values["best_known"] = values["best"] * values["known"]
    return values


def with_name(values: Mapping[str, float]) -> dict[str, float]:
    """The features had the query named a person of this memory."""
    return {**values, "named": 1.0, "foreign": 0.0}


def with_recalling(values: Mapping[str, float]) -> dict[str, float]:
    """The features had the query pointed back at what was said."""
    return {**values, "recalling": 1.0, "personal": 1.0}


def with_coverage(values: Mapping[str, float], share: float) -> dict[str, float]:
    """The features had one passage, of whom it asks about, held that share of the content."""
    known = max(values["known"], share)
    serious = float(not (values["small_talk"] or values["work"]))
    return {
        **values,
        "best": share,
        "window": share,
        "wide": share,
        "known": known,
        "met": serious * known,
        "matched": serious * share,
        "best_known": share * known,
    }


def with_similarity(values: Mapping[str, float], cosine: float) -> dict[str, float]:
    """The features had the nearest passages been so much nearer, or farther."""
    serious = float(not (values["small_talk"] or values["work"]))
    mean = values["mean"] + cosine - values["top"]
    return {**values, "top": cosine, "mean": mean, "similar": serious * cosine}


def _of_attribution(found: Attribution | None, window: float) -> dict[str, float]:
    if found is None:
        return dict.fromkeys(_ATTRIBUTED, 0.0) | {"best": window}
    own = max(found.own_i, _PLAIN * found.own_plain, found.other_you)
    other = max(found.other_i, _PLAIN * found.other_plain, found.own_you)
    return {
        "attributed": 1.0,
        "best": max(own, found.reply, found.own_fact),
        "other_reply": found.other_reply,
        "second": found.second,
        "sentence_lead": own - other,
        "fact_lead": found.own_fact - found.other_fact,
        "own_i": found.own_i,
        "own_you": found.own_you,
        "other_you": found.other_you,
        "own_dense": found.own_dense,
        "other_dense": found.other_dense,
        "ownership": found.ownership,
    }
