"""Questions about time itself: the first or last of something, before or after it, the order.

Such a question moves turns up by when they were said; it finds
nothing that similarity did not find. Off unless `RecallSettings.timeline` is set: on LoCoMo and
BEAM it moved evidence up as well as down, and changed no recall within a budget.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from knowhen.memory.language.registry import language_of
from knowhen.memory.recall.ranking import Ranked
from knowhen.memory.view.corpus import Corpus

Kind = Literal["first", "last", "before", "after", "order"]

STRENGTH = 1.0
"""Log-odds that the turn right in time gains over the one farthest from it."""
SIMILAR = 20
"""First turns among which the earliest or the latest is sought."""
REACH = 6.0
"""Turns from what a question names to where its before and after fade, by a factor of e."""

_PLAIN: tuple[Kind, ...] = ("order", "first", "last")


@dataclass(frozen=True, slots=True)
class TimeQuestion:
    """What a question wants of the timeline."""

    kind: Kind
    what: str = ""
    """What it asks before or after of; empty for the other kinds."""


def read_time_question(text: str) -> TimeQuestion | None:
    """The question's wish, or None. "Before" a date is the date cue's, so it is none here."""
    language = language_of(text)
    for kind in _PLAIN:
        if language.words.pattern(f"time {kind}").search(text):
            return TimeQuestion(kind)
    beside = language.words.pattern("time beside").search(text)
    if beside is None or len(beside["what"].split()) < 2:
        return None
    if language.find_dates(text[beside.start() :]):
        return None
    return TimeQuestion("before" if beside["before"] else "after", beside["what"])


def in_time(
    ranked: Sequence[Ranked], corpus: Corpus, question: TimeQuestion, anchor: int | None = None
) -> list[Ranked]:
    """The same turns with scores moved by when they were said, best first.

    `anchor` is the turn that tells of `question.what`; without one, before and after say nothing.
    """
    if question.kind == "order":
        moved = _spread(ranked, corpus)
    elif question.kind in ("first", "last"):
        moved = _toward_end(ranked, corpus, latest=question.kind == "last")
    elif anchor is not None:
        moved = _beside(ranked, corpus, anchor, forward=question.kind == "after")
    else:
        return list(ranked)
    return sorted(moved, key=lambda entry: -entry.score)


def _spread(ranked: Sequence[Ranked], corpus: Corpus) -> list[Ranked]:
    """An order has several members: each further turn of one event counts less."""
    taken: Counter[int] = Counter()
    moved = []
    for entry in ranked:
        event = int(corpus.event[entry.turn])
        moved.append(replace(entry, score=entry.score - STRENGTH * min(taken[event], 3) / 3))
        taken[event] += 1
    return moved


def _toward_end(ranked: Sequence[Ranked], corpus: Corpus, *, latest: bool) -> list[Ranked]:
    """Among the most similar, the earlier (or later) a turn, the more it gains."""
    similar, rest = ranked[:SIMILAR], ranked[SIMILAR:]
    times = np.nan_to_num(corpus.time[[entry.turn for entry in similar]], nan=0.0)
    places = np.argsort(np.argsort(times, kind="stable"), kind="stable")
    shares = places / max(1, len(similar) - 1)
    gains = STRENGTH * (shares if latest else 1.0 - shares)
    raised = [
        replace(entry, score=entry.score + float(gain))
        for entry, gain in zip(similar, gains, strict=True)
    ]
    return [*raised, *rest]


def _beside(
    ranked: Sequence[Ranked], corpus: Corpus, anchor: int, *, forward: bool
) -> list[Ranked]:
    """Turns of the anchor's session gain by how soon they follow (or precede) it."""
    moved = []
    for entry in ranked:
        apart = entry.turn - anchor if forward else anchor - entry.turn
        if apart >= 0 and corpus.session[entry.turn] == corpus.session[anchor]:
            entry = replace(entry, score=entry.score + STRENGTH * float(np.exp(-apart / REACH)))
        moved.append(entry)
    return moved
