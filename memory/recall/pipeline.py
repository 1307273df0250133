"""The way of a question: search, decide, rank, pack. Nothing here writes, or keeps anything.

What is expensive comes after the decision: an adviser is asked, and further queries are searched,
only where it is close; the graph is walked only for what is let through; and a reranker reads
only what no single passage answers by itself.
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Literal

from knowhen.memory.clock import Clock
from knowhen.memory.errors import InvalidBudget, InvalidInput, ModelFailed
from knowhen.memory.gate.gate import Gate, consult
from knowhen.memory.models.base import ChatModel
from knowhen.memory.recall.packing import Candidate, Packing, pack
from knowhen.memory.recall.ranking import (
    Ranked,
    above_floor,
    answering_thoughts,
    over_places,
    ranked_turns,
    what_holds,
    with_answers,
    with_remarks,
)
from knowhen.memory.recall.rerankers.base import Reranker
from knowhen.memory.records import Decision, Recall, Recollection, Thought, Turn
from knowhen.memory.search.scoring import Findings, SearchPlan, score
from knowhen.memory.search.walking import walk
from knowhen.memory.thoughts.current import Values
from knowhen.memory.tokens import TokenCounter
from knowhen.memory.validation import check, text_fault
from knowhen.memory.view.view import View

log = logging.getLogger(__name__)

CANDIDATES = 400
"""Best turns that packing may choose from."""
RERANKED = 40
"""First turns that a reranker reads."""
FACTS = 5
"""Thoughts listed beside the turns."""


@dataclass(frozen=True, slots=True)
class Way:
    """What a query went through, from the first scores to the context."""

    scored: Findings
    """Before any walk."""
    findings: Findings
    decision: Decision
    ranked: list[Ranked]
    """The turns that packing might have chosen from, best first."""
    kept: list[Ranked]
    """Those of them above the floor; none where the gate let nothing through."""
    packing: Packing
    told: list[Thought]
    notes: tuple[str, ...]
    passes: bool
    """Whether the gate let a context through."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Takes a query through the rooms of one space. Every method is a function of the view."""

    plan: SearchPlan
    gate: Gate
    counter: TokenCounter
    clock: Clock
    reranker: Reranker | None
    limit: int
    """How many recollections a recall lists, if not more were packed."""
    mode: Literal["on", "off", "shadow"] = "on"
    """Whether the gate's decision counts, or is only given, or logged as well."""

    def score(
        self,
        view: View,
        query: str,
        *,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        recent: Sequence[Turn] = (),
        asker: str | None = None,
    ) -> Findings:
        """The cheap part of a search, and all that the gate looks at: no walk over the graph.

        Raises:
            InvalidInput: the query is empty, or no text.
        """
        check("the query", text_fault(query))
        if not query.strip():
            raise InvalidInput("the query is empty")
        return score(
            view,
            query,
            self.plan,
            now=self.clock.now(),
            as_of=as_of,
            known_at=known_at,
            recent=recent,
            asker=asker,
        )

    def search(self, view: View, query: str) -> Findings:
        """The whole search: scores of every part, and what the walk adds to them."""
        return walk(view, self.score(view, query), self.plan)

    def decide(self, view: View, query: str) -> Decision:
        """What to do about a query, and why."""
        findings = self.score(view, query)
        return _informed(self.gate.decide(findings), self._holds(view, findings))

    def _holds(
        self,
        view: View,
        findings: Findings,
        *,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
    ) -> Values:
        return what_holds(view, findings, now=self.clock.now(), as_of=as_of, known_at=known_at)

    def recall(
        self,
        view: View,
        query: str,
        *,
        budget: int,
        gate: bool,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        recent: Sequence[Turn] = (),
        asker: str | None = None,
        adviser: ChatModel | None = None,
    ) -> Recall:
        """Search, decide, and pack what the decision lets through."""
        way = self.follow(
            view,
            query,
            budget=budget,
            gate=gate,
            as_of=as_of,
            known_at=known_at,
            recent=recent,
            asker=asker,
            adviser=adviser,
        )
        return Recall(
            query=query,
            decision=way.decision,
            items=self._items(way.findings, way.ranked, way.packing, way.told),
            context=way.packing.context,
            tokens=way.packing.tokens,
            exact_tokens=self.counter.exact,
            notes=(*way.notes, *way.packing.notes),
            lines=tuple(way.packing.lines),
        )

    def follow(
        self,
        view: View,
        query: str,
        *,
        budget: int,
        gate: bool,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        recent: Sequence[Turn] = (),
        asker: str | None = None,
        adviser: ChatModel | None = None,
    ) -> "Way":
        """The same with all that was worked out on the way, to explain a recall by."""
        if isinstance(budget, bool) or not isinstance(budget, int) or budget <= 0:
            raise InvalidBudget(budget)
        again = partial(
            self.score, view, as_of=as_of, known_at=known_at, recent=recent, asker=asker
        )
        findings = again(query)
        holds = self._holds(view, findings, as_of=as_of, known_at=known_at)
        decision = _informed(self.gate.decide(findings), holds)
        if adviser is not None:
            findings, decision = consult(adviser, self.gate, findings, decision, again)
        if self.mode == "shadow" and decision.action != "recall":
            log.info("the gate would have held a context back: %s", decision.action)
        passes = not gate or self.mode != "on" or decision.action == "recall"
        scored = findings
        if passes:
            findings = walk(view, findings, self.plan)
        ranked = ranked_turns(findings, CANDIDATES)
        packing, notes = Packing(), findings.notes
        kept: list[Ranked] = []
        told: list[Thought] = []
        if passes:
            if not gate or decision.depth in ("hint", "full"):
                ranked, notes = self._reranked(findings, ranked)
            then = {"as_of": as_of, "known_at": known_at}
            if findings.query.collects:
                ranked = over_places(ranked, findings)
            ranked = with_answers(ranked, findings, holds)
            ranked = with_remarks(ranked, findings, view, holds, **then)
            told = answering_thoughts(view, findings, holds)
            kept = above_floor(ranked)
            packing = pack(
                findings.corpus,
                _candidates(kept),
                budget=budget,
                counter=self.counter,
                weights=findings.evidence.term_weights,
                thoughts=told,
            )
        return Way(scored, findings, decision, ranked, kept, packing, told, notes, passes)

    def _reranked(
        self, findings: Findings, ranked: list[Ranked]
    ) -> tuple[list[Ranked], tuple[str, ...]]:
        """The first turns in the reranker's order; they share out the scores they had.

        So the reranker decides who comes first, and packing still sees fitted log-odds.
        """
        if self.reranker is None or not ranked:
            return ranked, findings.notes
        first = ranked[:RERANKED]
        texts = [findings.corpus.text(entry.part) for entry in first]
        try:
            relevances = self.reranker.relevances(findings.query.text, texts)
        except ModelFailed as error:
            log.warning("recall goes on without reranking: %s", error)
            return ranked, (*findings.notes, f"not reranked: {error}")
        order = sorted(range(len(first)), key=lambda place: (-relevances[place], place))
        moved = [
            replace(first[place], score=entry.score)
            for place, entry in zip(order, first, strict=True)
        ]
        return [*moved, *ranked[RERANKED:]], findings.notes

    def _items(
        self,
        findings: Findings,
        ranked: list[Ranked],
        packing: Packing,
        told: Sequence[Thought],
    ) -> tuple[Recollection, ...]:
        """Turns in rank order, every packed one among them, then the thoughts that match."""
        listed = [
            _turn_item(findings, entry, packing.packed.get(entry.turn))
            for rank, entry in enumerate(ranked)
            if rank < self.limit or entry.turn in packing.packed
        ]
        scores = {hit.thought.id: hit.score for hit in findings.facts}
        known = {hit.thought.id: hit.thought for hit in findings.facts[:FACTS]}
        known |= {thought.id: thought for thought in told}
        thoughts = [
            Recollection(
                kind="thought",
                id=thought.id,
                text=thought.text,
                time=thought.valid_from,
                score=scores.get(thought.id, 0.0),
                sources=tuple(source.turn_id for source in thought.sources),
                why={"fact": scores.get(thought.id, 0.0)},
                speaker=thought.subject,
                packed=packing.told.get(thought.id),
            )
            for thought in known.values()
        ]
        return (*listed, *thoughts)


def _informed(decision: Decision, holds: Values) -> Decision:
    """The decision, knowing that a thought fills what is asked for: then nothing is in doubt."""
    sure = decision.action == "recall" and decision.depth != "hint"
    if not holds.current or sure or decision.action not in ("recall", "abstain"):
        return decision
    reasons = (*decision.reasons, "a statement says what is asked for")
    return replace(decision, action="recall", depth="light", reasons=reasons)


def _candidates(ranked: Sequence[Ranked]) -> list[Candidate]:
    return [Candidate(each.turn, worth(each.score), each.part, each.mark) for each in ranked]


def _turn_item(findings: Findings, entry: Ranked, packed: str | None) -> Recollection:
    stored = findings.corpus.turns[entry.turn].turn
    return Recollection(
        kind="turn",
        id=stored.id,
        text=stored.text,
        time=stored.time,
        score=entry.score,
        sources=(stored.id,),
        why={name: float(values[entry.part]) for name, values in findings.shares.items()},
        speaker=stored.speaker,
        packed=packed,
        mark=entry.mark.removeprefix("; "),
    )


def worth(score: float) -> float:
    """Probability from log-odds."""
    return 1.0 / (1.0 + math.exp(min(-score, 700.0)))  # more would overflow
