"""What a turn's surroundings add to its own score, in the plainest way.

Each turn gets the z-scored sum of its BM25 and its cosine; a prior adds the same two of the group
of turns around it. Groups are the events that knowhen cuts, those of EM-LLM's own rule (surprise
above the trailing mean plus gamma deviations), and windows of as many turns as events have.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from baselines import Floats, Ranking, Turns
from conversations import Conversation
from methods.scorers import other_segmenter

from knowhen import MemoryManager
from knowhen.memory.embedders.base import Embedder
from knowhen.memory.episodes import Limits, Trailing, Unit

Groups = Sequence[int]
"""Number of the group of each turn."""


def with_priors(
    conversation: Conversation, turns: Turns, embedder: Embedder, memory: MemoryManager
) -> Mapping[str, Callable[[str], Ranking]]:
    """Rankings by turns alone and with the prior of each kind of group."""
    events = _groups(conversation, [event.first_turn for event in memory.events()])
    surprising = _groups(conversation, _surprising(conversation, embedder))
    size = round(len(conversation.turns) / len(set(events)))
    return {
        "turns": lambda query: _rank(turns.both(query)),
        "turns + windows": _prior(turns, _windows(conversation, size)),
        "turns + EM-LLM events": _prior(turns, surprising),
        "turns + events": _prior(turns, events),
    }


def _prior(turns: Turns, groups: Groups) -> Callable[[str], Ranking]:
    numbers = np.asarray(groups)
    return lambda query: _rank(turns.both(query) + turns.both_of_groups(query, numbers)[numbers])


def _rank(scores: Floats) -> Ranking:
    return list(np.argsort(-scores, kind="stable").tolist())


def _groups(conversation: Conversation, firsts: Sequence[str]) -> list[int]:
    """Groups that begin at the given turns; a session always begins one."""
    begins = set(firsts)
    groups: list[int] = []
    session = None
    for turn in conversation.turns:
        new = turn.id in begins or turn.session != session
        groups.append((groups[-1] if groups else -1) + new)
        session = turn.session
    return groups


def _windows(conversation: Conversation, size: int) -> list[int]:
    firsts, count, session = [], 0, None
    for turn in conversation.turns:
        count = 0 if turn.session != session else count + 1
        session = turn.session
        if count % size == 0:
            firsts.append(turn.id)
    return _groups(conversation, firsts)


def _surprising(conversation: Conversation, embedder: Embedder) -> list[str]:
    cutting = other_segmenter(
        "surprisal", embedder_name=embedder.name, limits=Limits(), threshold=Trailing()
    )
    vectors = embedder.embed([turn.text for turn in conversation.turns])
    sessions: dict[str, list[Unit]] = {}
    for turn, vector in zip(conversation.turns, vectors, strict=True):
        unit = Unit(turn.id, vector, turn.time, -(-len(turn.text) // 4), turn.text, turn.speaker)
        sessions.setdefault(turn.session, []).append(unit)
    return [units[cut.index].id for units in sessions.values() for cut in cutting.cut(units)]
