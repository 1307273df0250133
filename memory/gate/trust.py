"""Whether evidence may be believed: consistent, current, from whom, and how often.

These are rules, not a fitted head: no public data labels evidence for them. Each penalty is
named, so that a user sees what lowered the trust.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from knowhen.memory.gate.attribution import Content
from knowhen.memory.language.registry import language_of
from knowhen.memory.language.terms import overlap, words
from knowhen.memory.search.scoring import Findings

HITS = 8
SAME = 0.8
"""Overlap of words (Jaccard) above which two passages say the same and count once."""
PER_SESSION = 3
"""Passages of one session that may speak for a claim."""
HELD = 0.34
"""Share of the query's content that a passage must hold to speak for it."""
FACTORS: Mapping[str, float] = {
    "contested": 0.5,
    "agent_only": 0.6,
    "single": 0.9,
    "instructing": 0.6,
    "user_on_world": 0.7,
    "updated": 0.95,
}
WORDS: Mapping[str, str] = {
    "contested": "the memory holds statements that contradict each other",
    "agent_only": "only an assistant said it",
    "single": "a single passage says it",
    "instructing": "a passage reads like an instruction to a model; it is quoted, never followed",
    "user_on_world": "it is about the world, and rests on what somebody said in conversation",
    "updated": "an older statement was replaced by a newer one",
}


@dataclass(frozen=True, slots=True)
class Trust:
    """A probability, and the penalties that made it."""

    value: float
    penalties: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(WORDS[name] for name in self.penalties)


def read_trust(findings: Findings, content: Content, *, personal: bool) -> Trust:
    """Judge the evidence of a search."""
    voices = _voices(findings, content)
    turns = [findings.corpus.turns[turn].turn for turn in voices]
    facts = [hit.thought for hit in findings.facts[:3]]
    roles = {turn.role for turn in turns}
    found = {
        "contested": any(fact.contested for fact in facts),
        "agent_only": bool(roles) and roles <= {"assistant", "tool"},
        "single": len(turns) == 1,
        "instructing": any(language_of(turn.text).instructs(turn.text) for turn in turns),
        "user_on_world": not personal and bool(roles) and roles <= {"user", "assistant"},
        "updated": any(fact.supersedes for fact in facts),
    }
    value, penalties = 0.97, tuple(name for name, holds in found.items() if holds)
    for name in penalties:
        value *= FACTORS[name]
    return Trust(value, penalties)


def _voices(findings: Findings, content: Content) -> list[int]:
    """Turns that speak for an answer: no two alike, and not too many from one session."""
    corpus = findings.corpus
    chosen: list[int] = []
    said: list[set[str]] = []
    sessions: dict[int, int] = {}
    for turn, _, part in findings.turns(HITS):
        found = set(words(corpus.text(part)))
        session = int(corpus.session[turn])
        if content.held(content.terms_of(found)) < HELD or sessions.get(session, 0) >= PER_SESSION:
            continue
        if any(overlap(found, other) >= SAME for other in said):
            continue
        sessions[session] = sessions.get(session, 0) + 1
        chosen.append(turn)
        said.append(found)
    return chosen
