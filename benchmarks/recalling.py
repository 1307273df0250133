"""Evidence recall of systems on conversations: what `locomo` and `beam` share."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from baselines import WHOLE, Ranking, Turns
from conversations import Conversation, Question
from embedding_cache import CachedEmbedder
from priors import with_priors
from report import Figure, Results, arguments, figure, paired, table, write

from knowhen import MemoryManager
from knowhen.graphs.knowledge import EDGE_KINDS
from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.factory import make_embedder
from knowhen.memory.settings import RecallSettings, Settings

RANKS = (5, 10, 20)
TOGETHER = {"events": ("event", "member", "contiguity")}
"""Ablations that take out several cues and kinds of edges at once."""
ADDED = {
    "edges": {"fact edges": RecallSettings(edges={})},
}
"""Settings that are off by default."""

Found = Callable[[str, int], tuple[list[str], dict[str, str]]]
"""Query and budget to ranked turn ids and the text packed of each."""


@dataclass(slots=True)
class Scores:
    """Shares of evidence found, one per question, by metric."""

    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, metric: str, value: float) -> None:
        self.values.setdefault(metric, []).append(value)

    def figures(self) -> dict[str, Figure]:
        return {metric: figure(values) for metric, values in self.values.items()}


def measure(
    conversations: Sequence[Conversation],
    embedder: Embedder,
    *,
    budgets: Sequence[int],
    ablate: Sequence[str] = (),
    add: Sequence[str] = (),
    users: bool = False,
) -> dict[str, Scores]:
    """Scores by system: the baselines, knowhen, and knowhen with each part taken out or added.

    To ablate `events` also shows what events add to plain scores of turns.
    """
    scores: dict[str, Scores] = {}
    for conversation in conversations:
        for name, system in _systems(conversation, embedder, ablate, add, users=users):
            kept = scores.setdefault(name, Scores())
            for question in conversation.questions:
                _score(kept, system, question, conversation, budgets)
    return scores


def _systems(
    conversation: Conversation,
    embedder: Embedder,
    ablate: Sequence[str],
    add: Sequence[str],
    *,
    users: bool,
) -> Iterator[tuple[str, Found]]:
    turns = Turns(conversation.turns, embedder)
    rankings: dict[str, Callable[[str], Ranking]] = {
        "bm25": turns.bm25,
        "dense": turns.dense,
        "fused": turns.fused,
    }
    if users:
        rankings |= {f"{name} of users": turns.users(rank) for name, rank in rankings.items()}
    with TemporaryDirectory() as home:
        with MemoryManager.open(home, embedder=embedder) as memory:
            memory.remember(conversation.turns)
            memory.settle()
            if "events" in ablate:
                rankings |= with_priors(conversation, turns, embedder, memory)
        for name, rank in rankings.items():
            yield name, _baseline(turns, rank)
        for name, recall in _variants(ablate, add).items():
            settings = Settings(recall=recall)
            with MemoryManager.open(home, embedder=embedder, settings=settings) as memory:
                yield name, _recall(memory)


def _baseline(turns: Turns, rank: Callable[[str], Ranking]) -> Found:
    def find(query: str, budget: int) -> tuple[list[str], dict[str, str]]:
        ranking = rank(query)
        return [turns.turns[i].id for i in ranking], turns.pack(ranking, budget)

    return find


def _variants(ablate: Sequence[str], add: Sequence[str]) -> dict[str, RecallSettings]:
    """Settings by system: as shipped, with each thing taken out, and with each one added."""
    found = {"knowhen": RecallSettings()}
    for name in ablate:
        found[f"knowhen - {name}"] = _without(TOGETHER.get(name, (name,)))
    for name in add:
        found |= {f"knowhen + {label}": recall for label, recall in ADDED[name].items()}
    return found


def _without(names: Sequence[str]) -> RecallSettings:
    """As shipped, but for these cues and kinds of edges."""
    shipped = RecallSettings()
    edges = {name: 0.0 for name in names if name in EDGE_KINDS}
    cues = {name: 0.0 for name in names if name not in EDGE_KINDS}
    return RecallSettings(edges={**shipped.edges, **edges}, cues=cues)


def _recall(memory: MemoryManager) -> Found:
    def find(query: str, budget: int) -> tuple[list[str], dict[str, str]]:
        recall = memory.recall(query, budget=budget, gate=False)
        assert recall.tokens <= budget
        turns = [item for item in recall.items if item.kind == "turn"]
        packed = {item.id: item.packed for item in turns if item.packed}
        assert packed.keys() <= {line.id for line in recall.lines}
        return [item.id for item in turns], packed

    return find


def _score(
    scores: Scores,
    find: Found,
    question: Question,
    conversation: Conversation,
    budgets: Sequence[int],
) -> None:
    texts = {turn.id: turn.text for turn in conversation.turns}
    for budget in budgets:
        ranking, packed = find(question.text, budget)
        hits = [holds(texts[turn], packed.get(turn)) for turn in question.evidence]
        share = sum(hits) / len(hits)
        scores.add(f"R@{budget}t", share)
        scores.add(f"R@{budget}t/{question.category}", share)
        scores.add(f"any@{budget}t", float(any(hits)))
        scores.add(f"all@{budget}t", float(all(hits)))
    for rank in RANKS:
        share = len(question.evidence.intersection(ranking[:rank])) / len(question.evidence)
        scores.add(f"R@{rank}", share)
        scores.add(f"R@{rank}/{question.category}", share)


def holds(text: str, packed: str | None) -> bool:
    """Whether enough of a turn is packed: all of a short one, a third of a longer one."""
    if not packed:
        return False
    return (
        len(packed.strip()) >= len(text.strip())
        if len(text) < WHOLE
        else (len(packed) >= len(text) / 3)
    )


def results(scores: dict[str, Scores]) -> Results:
    """Figures of every system; for a variant, paired differences to what it varies."""
    found = {name: kept.figures() for name, kept in scores.items()}
    for name, kept in scores.items():
        whole = scores.get(re.split(" [-+] ", name)[0])
        if whole is not None and whole is not kept:
            for metric, values in kept.values.items():
                if "/" not in metric:
                    found[name][f"delta/{metric}"] = paired(values, whole.values[metric])
    return found


def run(
    description: str | None,
    title: str,
    load: Callable[[Path], list[Conversation]],
    *,
    budgets: Sequence[int],
    deltas: Sequence[int],
    shown: Sequence[str],
    quick: int,
    users: bool = False,
    besides: Callable[[Sequence[Conversation], Embedder], Mapping[str, Figure]] | None = None,
) -> None:
    """Read the arguments, measure, print the tables and write the JSON.

    Args:
        load: conversations of the data folder.
        deltas: budgets at which variants are compared with knowhen.
        shown: metrics of the second table, whoever has any of them.
        quick: how many conversations `--quick` takes.
        besides: further figures of knowhen.
    """
    parser = arguments(description)
    parser.add_argument("--ablate", action="append", default=[], metavar="CUE|EDGE|events")
    parser.add_argument("--add", action="append", default=[], choices=tuple(ADDED))
    options = parser.parse_args()
    embedder = CachedEmbedder(make_embedder(options.embedder), options.cache)
    conversations = load(options.data)[: quick if options.quick else None]
    varied = {"ablate": options.ablate, "add": options.add}
    found = results(measure(conversations, embedder, budgets=budgets, users=users, **varied))
    if besides is not None:
        found["knowhen"] |= besides(conversations, embedder)
    print(f"{title}, {len(conversations)} conversations, embedder {embedder.name}")
    print(table(found, [f"R@{k}" for k in RANKS] + [f"R@{b}t" for b in budgets]))
    holders = {name: figures for name, figures in found.items() if figures.keys() & set(shown)}
    print(table(holders, shown))
    if options.ablate or options.add:
        print(table(found, [f"delta/R@{b}t" for b in deltas]))
    write(options.json, title.lower(), {"embedder": embedder.name, "gate": False, **varied}, found)
