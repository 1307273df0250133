"""From a query to a `Recall`: search, decide, pack."""

import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from knowhen.memory.errors import InvalidBudget, InvalidInput, ModelFailed
from knowhen.memory.gate.consulting import consult
from knowhen.memory.gate.gate import Gate
from knowhen.memory.models.base import ChatModel
from knowhen.memory.recall.contiguity import neighbours
from knowhen.memory.recall.packing import Candidate, Packing, pack
from knowhen.memory.recall.ranking import Ranked, ranked_turns, with_remarks
from knowhen.memory.recall.rerankers.base import Reranker
from knowhen.memory.recall.timeline import in_time, read_time_question
from knowhen.memory.records import Recall, Recollection
from knowhen.memory.search.engine import Findings, RecallEngine
from knowhen.memory.settings import RecallSettings
from knowhen.memory.tokens import TokenCounter
from knowhen.memory.validation import check, text_fault

log = logging.getLogger(__name__)

CANDIDATES = 400
"""Best turns that packing may choose from."""
RERANKED = 40
"""First turns that a reranker reads."""
FACTS = 5
"""Thoughts listed beside the turns."""


class Recalling:
    """Answers recalls of one space; reads only."""

    def __init__(
        self,
        engine: RecallEngine,
        *,
        gate: Gate,
        counter: TokenCounter,
        settings: RecallSettings,
        reranker: Reranker | None = None,
    ) -> None:
        self._engine, self._counter, self._settings = engine, counter, settings
        self._gate = gate
        self._reranker = reranker

    def search(
        self,
        query: str,
        *,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
    ) -> Findings:
        """Score everything for a query, with all that the settings allow.

        Raises:
            InvalidInput: the query is empty, or no text.
        """
        return self._engine.walk(self.look(query, as_of=as_of, known_at=known_at))

    def look(
        self,
        query: str,
        *,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
    ) -> Findings:
        """The cheap part of a search, and all that the gate looks at: no walk over the graph.

        Raises:
            InvalidInput: the query is empty, or no text.
        """
        check("the query", text_fault(query))
        if not query.strip():
            raise InvalidInput("the query is empty")
        return self._engine.search(query, as_of=as_of, known_at=known_at)

    def recall(
        self,
        query: str,
        *,
        budget: int,
        gate: bool,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        adviser: ChatModel | None = None,
    ) -> Recall:
        """Search, decide, and pack what the decision lets through.

        What is expensive comes after the decision: an adviser is asked, and further queries are
        searched, only where it is close; the graph is walked only for what is let through; and a
        reranker reads only what no single passage answers by itself.
        """
        if isinstance(budget, bool) or not isinstance(budget, int) or budget <= 0:
            raise InvalidBudget(budget)
        findings = self.look(query, as_of=as_of, known_at=known_at)
        decision = self._gate.decide(findings)
        if adviser is not None:
            again = partial(self.look, as_of=as_of, known_at=known_at)
            findings, decision = consult(adviser, self._gate, findings, decision, again)
        passes = not gate or decision.action == "recall"
        if passes:
            findings = self._engine.walk(findings)
        ranked = ranked_turns(findings, CANDIDATES)
        if self._settings.timeline:
            ranked = self._in_time(findings, ranked, as_of=as_of, known_at=known_at)
        packing = Packing()
        notes = findings.notes
        if passes:
            if not gate or decision.depth == "full":
                ranked, notes = self._reranked(findings, ranked)
            ranked = with_remarks(
                ranked, findings, self._engine.currency, as_of=as_of, known_at=known_at
            )
            share = self._settings.contiguity
            beside = neighbours(ranked, findings) if share else []
            packing = pack(
                findings.corpus,
                _candidates(ranked),
                budget=budget,
                counter=self._counter,
                weights=findings.evidence.term_weights,
                beside=_candidates(beside),
                share=share,
            )
            listed = {entry.turn for entry in ranked}
            ranked += [entry for entry in beside if entry.turn not in listed]
        items = self._items(findings, ranked, packing)
        return Recall(
            query=query,
            decision=decision,
            items=items,
            context=packing.context,
            tokens=packing.tokens,
            exact_tokens=self._counter.exact,
            notes=(*notes, *packing.notes),
        )

    def _in_time(
        self,
        findings: Findings,
        ranked: list[Ranked],
        *,
        as_of: datetime | None,
        known_at: datetime | None,
    ) -> list[Ranked]:
        """The turns moved by when they were said, if the query asks for that."""
        question = read_time_question(findings.query.text)
        if question is None:
            return ranked
        anchor = None
        if question.what:
            told = self.look(question.what, as_of=as_of, known_at=known_at).turns(1)
            anchor = told[0][0] if told else None
        return in_time(ranked, findings.corpus, question, anchor)

    def _reranked(
        self, findings: Findings, ranked: list[Ranked]
    ) -> tuple[list[Ranked], tuple[str, ...]]:
        """The first turns in the reranker's order; they share out the scores they had.

        So the reranker decides who comes first, and packing still sees fitted log-odds.
        """
        if self._reranker is None or not ranked:
            return ranked, findings.notes
        first = ranked[:RERANKED]
        texts = [findings.corpus.text(entry.part) for entry in first]
        try:
            relevances = self._reranker.relevances(findings.query.text, texts)
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
        self, findings: Findings, ranked: list[Ranked], packing: Packing
    ) -> tuple[Recollection, ...]:
        """Turns in rank order, every packed one among them, then the thoughts that match."""
        listed = [
            _turn_item(findings, entry, packing.packed.get(entry.turn))
            for rank, entry in enumerate(ranked)
            if rank < self._settings.limit or entry.turn in packing.packed
        ]
        thoughts = [
            Recollection(
                kind="thought",
                id=hit.thought.id,
                text=hit.thought.text,
                time=hit.thought.valid_from,
                score=hit.score,
                sources=tuple(source.turn_id for source in hit.thought.sources),
                why={"fact": hit.score},
                speaker=hit.thought.subject,
            )
            for hit in findings.facts[:FACTS]
        ]
        return (*listed, *thoughts)


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
