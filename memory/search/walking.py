"""Walks over the graph: what is only indirectly related to what was found.

Both are personalized PageRank (HippoRAG, "Neurobiologically Inspired Long-Term Memory", section
2.3) with the seeds of HippoRAG 2 (section 3.2): facts that match the query and pass recognition,
names by how specific they are, and the best passages with a small weight.

The *near* walk is a cue like any other: its share of a score is fitted on conversations. The
*far* walk follows names over several hops, and orders by how likely a walker is to be found. It
is taken for documents, among themselves, since questions over reference text are mostly of this
sort; and for everything where the parts of a question stand in different places and somebody
whom it names leads from one to the next. What it orders keeps the scores it had, dealt out anew,
so that documents and turns stay comparable, and so does the best of them with the gate's
thresholds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from knowhen.graphs.knowledge import ENTITY, KnowledgeGraph
from knowhen.graphs.names import normalise
from knowhen.graphs.recognition import Fact, Recogniser, RuleRecogniser
from knowhen.graphs.restart import best as best_places
from knowhen.graphs.restart import fused, shared_out
from knowhen.graphs.walk import PushWalk, Ranking, Walk
from knowhen.memory.language.entities import find_entities
from knowhen.memory.search.bridging import Anchor, anchors, leads, needs_bridge
from knowhen.memory.search.cues import WALK, Evidence, best, reach
from knowhen.memory.search.matching import FactHit
from knowhen.memory.search.scoring import Findings, SearchPlan, score
from knowhen.memory.view.corpus import NONE, Corpus
from knowhen.memory.view.view import View

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SEED_PARTS = 5
ENTITY_SHARE, FACT_SHARE, PART_SHARE = 0.3, 0.2, 0.5
"""How the restart of the near walk is split; shares without a seed go to the others."""
DOCUMENT = "document"
DOCUMENTS, BRIDGE = "documents", "bridge"
"""Names of the shares that the far walk has in a score."""

FAR = 0.93
"""Damping of the far walk: how likely it is to go on rather than to begin anew."""
FAR_TOLERANCE = 1e-4
FAR_SEEDS = 20
FAR_FACTS = 5
CONSIDERED = 20
"""Matching facts that recognition looks at."""
SPECIFICITY = 0.7
"""How fast a name's share falls with the number of turns it is in."""
THROUGH = 0.8
"""Share of a name that goes to the turns it is in, by how well each matches the query."""
TURNS_OF_NAME = 5
TEMPERATURE = 0.05
"""Of the softmax over cosines."""


@dataclass(frozen=True, slots=True)
class Trust:
    """How a far walk is split, and what shared words still count beside it."""

    facts: float
    names: float
    parts: float
    dense: float
    lexical: float


WORDS_TOO = Trust(facts=0.5, names=0.3, parts=0.4, dense=0.3, lexical=0.2)
"""For documents: names there are only strings, so that words count nearly as much."""
NAMES_FIRST = Trust(facts=0.5, names=0.3, parts=0.02, dense=0.0, lexical=0.0)
"""From somebody who speaks here: whoever else shares words with the question leads astray."""


def search(view: View, text: str, plan: SearchPlan, *, now: datetime) -> Findings:
    """Score every part for a query, and walk on from what was found."""
    return walk(view, score(view, text, plan, now=now), plan)


def walk(
    view: View,
    findings: Findings,
    plan: SearchPlan,
    *,
    recogniser: Recogniser | None = None,
) -> Findings:
    """Findings with what the walks over the graph of the same view add."""
    if plan.walk is None or not plan.weights.get(WALK, 0.0) or not len(view.corpus):
        return findings
    return _far(view, _near(view, findings, plan, plan.walk), plan, recogniser or RuleRecogniser())


def _near(view: View, findings: Findings, plan: SearchPlan, walker: Walk) -> Findings:
    evidence, graph = findings.evidence, view.graph
    restart = _restart(evidence, findings.facts)
    restart = {node: mass for node, mass in restart.items() if node in graph}
    if not restart:
        return findings
    ranking = walker.rank(graph, restart, kinds=plan.edges)
    mass = _mass(ranking, view.corpus)[view.corpus.turn_of]
    shares = {**findings.shares, WALK: plan.weights[WALK] * reach(mass)}
    scores = findings.scores + shares[WALK]
    return replace(
        findings, scores=scores, shares=shares, restart=restart, reached=mass, walked=plan.edges
    )


def _first_hits(evidence: Evidence, limit: int) -> Ints:
    """Best parts by BM25 and cosine alone: what the near walk starts from."""
    lexical = evidence.turn_bm25 / (evidence.turn_bm25.max(initial=0.0) or 1.0)
    similar = evidence.similarity
    if not len(similar):
        return np.empty(0, np.int64)
    spread = (similar - similar.mean()) / (similar.std() or 1.0)
    both = lexical + 0.25 * spread + 0.2 * evidence.named
    return best(both, limit)


def _mass(ranking: Ranking, corpus: Corpus) -> Floats:
    """PageRank of every turn, shape (turns,)."""
    turns = np.fromiter(map(corpus.node.get, ranking.nodes.tolist(), repeat(NONE)), np.int64)
    mass = np.zeros(len(corpus.turns))
    mass[turns[turns != NONE]] = ranking.scores[turns != NONE]
    return mass


def _restart(evidence: Evidence, facts: Sequence[FactHit]) -> dict[str, float]:
    """A sparse restart with fixed shares: entities of the query, facts, first hits."""
    corpus = evidence.corpus
    entities = {
        ENTITY + key: 1.0
        for span in find_entities(evidence.query.text)
        if (key := normalise(span.name))
    }
    thoughts = {f"thought:{hit.thought.id}": hit.score for hit in facts[:FAR_FACTS]}
    turns = {
        f"turn:{corpus.turns[int(corpus.turn_of[part])].turn.id}": 1.0 / (rank + 1)
        for rank, part in enumerate(_first_hits(evidence, SEED_PARTS).tolist())
    }
    return shared_out([(ENTITY_SHARE, entities), (FACT_SHARE, thoughts), (PART_SHARE, turns)])


# The far walk ------------------------------------------------------------------------------


def _far(view: View, findings: Findings, plan: SearchPlan, recogniser: Recogniser) -> Findings:
    """Findings in the order of a far walk, where one is needed and can be trusted."""
    evidence, graph = findings.evidence, view.graph
    top = _best_of_turns(evidence, findings.scores)
    found = top > -np.inf
    documents = np.flatnonzero((evidence.corpus.role == DOCUMENT) & found)
    bridge = needs_bridge(evidence)
    if not bridge and len(documents) < 2:
        return findings
    named = anchors(evidence, graph)
    if bridge and any(map(leads, named)):
        name, trust, places = BRIDGE, NAMES_FIRST, np.flatnonzero(found)
    elif len(documents) >= 2:
        name, trust, places = DOCUMENTS, WORDS_TOO, documents
    else:
        return findings
    seeds = _seeds(evidence, graph, named, findings.facts, trust, recogniser, places)
    ranking = PushWalk(FAR_TOLERANCE).rank(graph, seeds, damping=FAR, kinds=plan.far_edges)
    order = _order(evidence, _mass(ranking, evidence.corpus), places, top[places], trust)
    change = np.zeros(len(top))
    change[places[order]] = -np.sort(-top[places]) - top[places[order]]
    moved = change[evidence.corpus.turn_of]
    return replace(
        findings,
        scores=findings.scores + moved,
        shares={**findings.shares, name: moved},
        restart={node: mass for node, mass in seeds.items() if node in graph},
        damping=FAR,
        walked=plan.far_edges,
    )


def _seeds(
    evidence: Evidence,
    graph: KnowledgeGraph,
    named: Sequence[Anchor],
    facts: Sequence[FactHit],
    trust: Trust,
    recogniser: Recogniser,
    places: Ints,
) -> dict[str, float]:
    """The restart of a far walk: facts, names and passages, each sort with its share."""
    similarity = _best_of_turns(evidence, evidence.similarity)
    hits = places[best_places(similarity[places], FAR_SEEDS)]
    passages = dict(zip(_nodes(evidence, hits), _softmax(similarity[hits]), strict=True))
    return shared_out(
        [
            (trust.facts, _fact_names(graph, _recognised(evidence, named, facts, recogniser))),
            (trust.names, _names(evidence, named, similarity)),
            (trust.parts, passages),
        ]
    )


def _recognised(
    evidence: Evidence,
    named: Sequence[Anchor],
    facts: Sequence[FactHit],
    recogniser: Recogniser,
) -> list[FactHit]:
    """The facts that bear on the query: if it names something, only those about that.

    A fact that shares words with the question but tells of somebody else leads astray.
    """
    nodes = {anchor.node for anchor in named}
    chosen = [
        hit
        for hit in facts[:CONSIDERED]
        if not nodes or not nodes.isdisjoint(ENTITY + normalise(name) for name in _ends(hit))
    ]
    kept = recogniser.recognise(evidence.query.text, [_fact(hit) for hit in chosen]).kept
    return [chosen[place] for place in kept][:FAR_FACTS]


def _ends(hit: FactHit) -> tuple[str, str]:
    return hit.thought.subject, hit.thought.object


def _fact(hit: FactHit) -> Fact:
    thought = hit.thought
    return Fact(normalise(thought.subject), thought.predicate, normalise(thought.object))


def _fact_names(graph: KnowledgeGraph, facts: Sequence[FactHit]) -> dict[str, float]:
    """The names in the facts, by the mean score of the facts and by how specific they are."""
    weights: dict[str, list[float]] = {}
    for hit in facts:
        for end in _ends(hit):
            node = ENTITY + normalise(end)
            if node in graph:
                weights.setdefault(node, []).append(hit.score / graph.degree(node) ** SPECIFICITY)
    return {node: sum(each) / len(each) for node, each in weights.items()}


def _names(evidence: Evidence, named: Sequence[Anchor], similarity: Floats) -> dict[str, float]:
    """The names in the query, and through them the turns that they are in and that match best."""
    shares: dict[str, float] = {}
    for anchor in named:
        weight = anchor.spread**-SPECIFICITY
        through = THROUGH if len(anchor.turns) else 0.0
        shares[anchor.node] = shares.get(anchor.node, 0.0) + weight * (1.0 - through)
        turns = anchor.turns[best_places(similarity[anchor.turns], TURNS_OF_NAME)]
        masses = _softmax(similarity[turns])
        for node, mass in zip(_nodes(evidence, turns), masses, strict=True):
            shares[node] = shares.get(node, 0.0) + weight * through * mass / sum(masses)
    return shares


def _order(evidence: Evidence, mass: Floats, places: Ints, old: Floats, trust: Trust) -> Ints:
    """Places in `places`, best first; those that nothing speaks for come by their old scores."""
    order = fused(
        mass[places],
        _best_of_turns(evidence, evidence.similarity)[places],
        _best_of_turns(evidence, evidence.turn_bm25)[places],
        dense_weight=trust.dense,
        lexical_weight=trust.lexical,
    )
    left = np.ones(len(places), np.bool_)
    left[order] = False
    rest = np.flatnonzero(left)
    return np.concatenate([order, rest[np.argsort(-old[rest], kind="stable")]])


def _nodes(evidence: Evidence, turns: Ints) -> list[str]:
    return [f"turn:{evidence.corpus.turns[turn].turn.id}" for turn in turns.tolist()]


def _softmax(values: Floats) -> list[float]:
    masses: list[float] = np.exp((values - values.max(initial=-1.0)) / TEMPERATURE).tolist()
    return masses


def _best_of_turns(evidence: Evidence, values: Floats) -> Floats:
    """The largest value among the parts of each turn, shape (turns,)."""
    largest = np.full(len(evidence.corpus.turns), -np.inf)
    np.maximum.at(largest, evidence.corpus.turn_of, values)
    return largest
