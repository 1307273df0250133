"""Why something was recalled, in numbers and in words, and what kept something else out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from knowhen.graphs.explain import Telling, telling_path
from knowhen.memory.errors import NotFound
from knowhen.memory.recall.pipeline import CANDIDATES, Pipeline, Way
from knowhen.memory.records import Recollection, Turn
from knowhen.memory.search.bridging import anchors
from knowhen.memory.stores.base import Store
from knowhen.memory.view.view import View

KeptOut = Literal["gate", "time", "score", "cap", "floor", "repetition", "budget"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The share of each cue, the sources, the event around it, and what it is linked to."""

    item: Recollection
    shares: Mapping[str, float]
    """Contribution of each cue to the score, largest first; they add up to it with the bias."""
    sources: tuple[Turn, ...]
    event: str
    """Title of the event it stands in."""
    links: tuple[str, ...]
    """Entities and thoughts next to it in the graph."""
    packed: bool
    """Whether it stands in the context."""
    path: Telling | None = None
    """How a name in the query leads to it; None if none does, or if no query was given."""
    rank: int | None = None
    """Its place among all turns, from 1; None for what was not scored."""
    rank_before: int | None = None
    """Its place before the graph was walked."""
    kept_out: KeptOut | None = None
    """What kept it out of the context; None if it is in it, or if no query was given."""
    reason: str = ""
    """The same in words."""


def explain(item: Recollection, view: View, store: Store) -> Explanation:
    """Look up what stands behind a recollection."""
    corpus = view.corpus
    places = [corpus.position[turn_id] for turn_id in item.sources if turn_id in corpus.position]
    sources = tuple(corpus.turns[place].turn for place in places)
    node = f"{item.kind}:{item.id}"
    links = [edge.target for edge in view.graph.neighbours(node)] if node in view.graph else []
    event = ""
    if places and corpus.event[places[0]] >= 0:
        event_id = corpus.events[int(corpus.event[places[0]])]
        event = next((e.title for e in store.events(view.space) if e.id == event_id), "")
    shares = dict(sorted(item.why.items(), key=lambda pair: -abs(pair[1])))
    return Explanation(item, shares, sources, event, tuple(links), item.packed is not None)


def explain_query(
    pipeline: Pipeline,
    view: View,
    store: Store,
    query: str,
    turn_id: str,
    *,
    budget: int,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
) -> Explanation:
    """Why a turn is recalled for a query, or what keeps it out of the context.

    Raises:
        NotFound: there is no such turn.
    """
    place = view.corpus.position.get(turn_id)
    if place is None:
        raise NotFound("turn", turn_id, view.space)
    way = pipeline.follow(view, query, budget=budget, gate=True, as_of=as_of, known_at=known_at)
    turn = view.corpus.turns[place].turn
    found = next((entry for entry in way.ranked if entry.turn == place), None)
    part = found.part if found else _first_part(way, place)
    item = Recollection(
        kind="turn",
        id=turn_id,
        text=turn.text,
        time=turn.time,
        score=float(way.findings.scores[part]),
        sources=(turn_id,),
        why={name: float(values[part]) for name, values in way.findings.shares.items()},
        speaker=turn.speaker,
        packed=way.packing.packed.get(place),
    )
    said = view.corpus.known(as_of, known_at)[part]
    kept_out, reason = (None, "") if item.packed is not None else _kept_out(way, place, bool(said))
    return replace(
        explain(item, view, store),
        path=_path(way, view, f"turn:{turn_id}"),
        rank=_rank(way.findings.turns(len(view.corpus.turns)), place),
        rank_before=_rank(way.scored.turns(len(view.corpus.turns)), place),
        kept_out=kept_out,
        reason=reason,
    )


def _path(way: Way, view: View, node: str) -> Telling | None:
    """How the walk got there: from a name in the query if one leads there, else from a fact."""
    seeds = way.findings.restart
    if not seeds or node not in view.graph:
        return None
    named = {anchor.node for anchor in anchors(way.findings.evidence, view.graph)}
    return telling_path(view.graph, named, node) or telling_path(view.graph, seeds, node)


def _first_part(way: Way, place: int) -> int:
    return int((way.findings.corpus.turn_of == place).argmax())


def _rank(turns: list[tuple[int, float, int]], place: int) -> int | None:
    return next((number for number, (turn, _, _) in enumerate(turns, 1) if turn == place), None)


def _kept_out(way: Way, place: int, said: bool) -> tuple[KeptOut, str]:
    """What kept a turn out of the context, in the order in which a question meets it."""
    if not said:
        return "time", "it was said, or recorded, after the time that was asked about"
    if not way.passes:
        because = "; ".join(way.decision.reasons)
        return "gate", f"the gate decided to {way.decision.action}: {because}"
    rank = next((n for n, entry in enumerate(way.ranked, 1) if entry.turn == place), None)
    if rank is None:
        scored = any(turn == place for turn, _, _ in way.findings.turns(len(way.findings.corpus)))
        if not scored:
            return "score", "it asks what the query asks, and answers nothing"
        return "cap", f"it is not among the first {CANDIDATES} turns"
    if all(entry.turn != place for entry in way.kept):
        best = way.ranked[0].score
        behind = best - way.ranked[rank - 1].score
        return "floor", f"its score is {behind:.1f} below the best one, too far to help"
    if place in way.packing.repeated:
        return "repetition", "another turn in the context says the same"
    return "budget", f"{len(way.packing.packed)} turns that are worth more fill the budget"
