"""Recall of passages for questions of several hops: shared by `musique` and `hotpotqa`.

`knowhen` is what a user gets: documents that a `MemoryManager` has learned, and its recall. The
recipes of the papers stand beside it on a graph of their own.
"""

import json
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from embedding_cache import CachedEmbedder
from methods.hipporag import HIPPORAG, HIPPORAG2
from methods.passage_graph import (
    Cues,
    Passage,
    PassageGraph,
    Recipe,
    facts_from,
    retrieve,
)
from numpy.typing import NDArray
from recorded import RecordedFacts, triples
from report import Results, arguments, figure, paired, table, write

from knowhen import Document, MemoryManager
from knowhen.graphs import Fact, PowerWalk, SynonymFinder
from knowhen.graphs.names import normalise
from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.factory import make_embedder
from knowhen.memory.language.entities import find_entities, title_names
from knowhen.memory.language.terms import terms
from knowhen.memory.search.bm25 import bm25
from knowhen.memory.settings import RecallSettings, Settings

RANKS = (1, 2, 5, 10, 20)
TOGETHER = (5, 10)
METRICS = [f"R@{k}" for k in RANKS] + [f"all@{k}" for k in TOGETHER]
LISTED = max(RANKS)
EXACT = PowerWalk(1e-9)
QUICK = 300
"""Passages of `--quick`, those of the first questions and others."""

Floats = NDArray[np.float64]
Ranker = Callable[[int], list[int]]
"""The number of a question to the places of passages, best first."""


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    gold: frozenset[int]
    """Places of the passages that hold the answer's parts."""


@dataclass(frozen=True, slots=True)
class Corpus:
    documents: tuple[Document, ...]
    triples: tuple[Sequence[object], ...]
    """Of each document, as a model extracted them; all empty where none were recorded."""
    questions: tuple[Question, ...]

    @property
    def texts(self) -> list[str]:
        return [f"{document.title}\n{document.text}" for document in self.documents]

    def passages(self, graph: str) -> list[Passage]:
        """Passages with the recorded facts, or with the entities found without a model."""
        nodes = [f"doc:{place}" for place in range(len(self.documents))]
        if graph == "openie":
            facts = [facts_from(triples)[0] for triples in self.triples]
            return [Passage(node, found) for node, found in zip(nodes, facts, strict=True)]
        return [
            Passage(node, (), tuple(_entities(document)))
            for node, document in zip(nodes, self.documents, strict=True)
        ]


def _entities(document: Document) -> list[str]:
    """Normalised names, those of the title first."""
    found = (span.name for span in find_entities(document.text, speaker=document.title))
    return list(dict.fromkeys([*title_names(document.title), *found]))


def load(data: Path, name: str, corpus: str, *, quick: bool = False) -> Corpus:
    """The file `corpus` and `questions_dev.json` of a data folder, or of its folder `name`."""
    folder = data if (data / corpus).exists() else data / name
    records = json.loads((folder / corpus).read_text(encoding="utf-8"))
    asked = json.loads((folder / "questions_dev.json").read_text(encoding="utf-8"))
    if quick:
        asked = asked[:10]
        wanted = {_key(gold) for each in asked for gold in each["gold"]}
        gold = [record for record in records if _key(record) in wanted]
        records = gold + [record for record in records if _key(record) not in wanted]
        records = records[:QUICK]
    places: dict[tuple[str, str], int] = {}
    for place, record in enumerate(records):
        places.setdefault(_key(record), place)
    return Corpus(
        tuple(Document(record["title"], record["text"]) for record in records),
        tuple(record.get("triples", ()) for record in records),
        tuple(
            Question(each["question"], frozenset(places[_key(gold)] for gold in each["gold"]))
            for each in asked
        ),
    )


def _key(record: Mapping[str, str]) -> tuple[str, str]:
    return record["title"], record["text"]


@dataclass(frozen=True, slots=True)
class Scored:
    """What every system starts from: the scores of passages for each question."""

    dense: Floats
    """Cosines, shape (questions, passages)."""
    lexical: Floats
    """BM25, of the same shape."""
    vectors: NDArray[np.float32]
    """Of the questions."""


def scored(corpus: Corpus, embedder: Embedder) -> Scored:
    vectors = embedder.embed([question.text for question in corpus.questions])
    dense = np.asarray(vectors @ embedder.embed(corpus.texts).T, float)
    return Scored(dense, _lexical(corpus), vectors)


def _lexical(corpus: Corpus) -> Floats:
    found = [terms(text) for text in corpus.texts]
    lengths = np.array([len(each) for each in found])
    asked = [list(dict.fromkeys(terms(question.text))) for question in corpus.questions]
    rows = {term: row for row, term in enumerate(sorted({t for each in asked for t in each}))}
    counts = np.zeros((len(rows), len(found)))
    for place, each in enumerate(found):
        for term in each:
            if term in rows:
                counts[rows[term], place] += 1
    return np.array([bm25(counts[[rows[term] for term in each]], lengths) for each in asked])


class Paper:
    """A graph of the passages alone, and a recipe of HippoRAG's to walk it by."""

    def __init__(
        self, corpus: Corpus, scores: Scored, embedder: Embedder, *, graph: str, recipe: Recipe
    ) -> None:
        self.corpus, self.scores, self.recipe = corpus, scores, recipe
        # The papers' synonyms are by meaning alone, and their walk is exact. Without facts no
        # names are embedded.
        finder = SynonymFinder(dice=None, same_numbers=False)
        self._embed = embedder.embed if graph == "openie" else None
        self.base = PassageGraph(embed=self._embed, synonyms=finder)
        self.passages = corpus.passages(graph)
        self.base.add(self.passages)
        self.facts: tuple[Fact, ...] = self.base.facts
        self._fact_vectors = embedder.embed([fact.text for fact in self.facts])
        self._names = self.base.entities
        self._name_vectors = self._embed(self._names) if self._embed is not None else None
        self._nodes = [passage.node for passage in self.passages]
        self._places = {node: place for place, node in enumerate(self._nodes)}

    def rank(self, number: int) -> list[int]:
        query = self.corpus.questions[number].text
        cues = Cues(
            query=query,
            passages=self._nodes,
            dense=self.scores.dense[number],
            lexical=self.scores.lexical[number],
            facts=self.facts,
            fact_scores=np.asarray(self._fact_vectors @ self.scores.vectors[number], float),
            entities=self._linked(query),
        )
        found = retrieve(self.base, cues, recipe=self.recipe, walk=EXACT, limit=LISTED)
        return [self._places[node] for node, _ in found.passages]

    def _linked(self, query: str) -> dict[str, float]:
        """Each name in the query as the phrase nearest to it (HippoRAG, section 2.3).

        A model finds the names there, rules do here; without vectors only equal names are linked.
        """
        named = list(dict.fromkeys(normalise(span.name) for span in find_entities(query)))
        if self._embed is None or self._name_vectors is None or not named:
            return {name: 1.0 for name in named if self.base.spread(name)}
        cosines = np.asarray(self._embed(named) @ self._name_vectors.T, float)
        return {
            self._names[int(place)]: float(row[place])
            for row, place in zip(cosines, cosines.argmax(axis=1), strict=True)
        }


BEATEN = ("hipporag2", "dense")
ABLATED = ("mention", "fact", "source", "synonym")
"""Kinds of edges between documents and names that `--ablate` leaves out one by one."""


def memory_of(
    corpus: Corpus, embedder: Embedder, *, graph: str, settings: Settings | None = None
) -> MemoryManager:
    """A memory that has learned the corpus, with the recorded facts if there are any."""
    recorded = {f"d{n}": triples(each) for n, each in enumerate(corpus.triples)}
    model = RecordedFacts(recorded) if graph == "openie" else None
    memory = MemoryManager.open(":memory:", embedder=embedder, model=model, settings=settings)
    memory.learn(
        Document(document.title, document.text, id=f"d{place}")
        for place, document in enumerate(corpus.documents)
    )
    memory.settle()
    return memory


def recalled(corpus: Corpus, memory: MemoryManager) -> Ranker:
    """What the memory recalls for a question, documents only."""

    def rank(number: int) -> list[int]:
        items = memory.recall(corpus.questions[number].text, gate=False).items
        return [int(item.id[1:]) for item in items if item.kind == "turn"][:LISTED]

    return rank


def rankers(corpus: Corpus, scores: Scored, embedder: Embedder, graph: str) -> dict[str, Ranker]:
    """Every system by its name."""
    systems: dict[str, Ranker] = {
        "bm25": partial(_best, scores.lexical),
        "dense": partial(_best, scores.dense),
    }
    for recipe in (HIPPORAG, HIPPORAG2):
        paper = Paper(corpus, scores, embedder, graph=graph, recipe=recipe)
        systems[recipe.name] = paper.rank
    systems["knowhen"] = recalled(corpus, memory_of(corpus, embedder, graph=graph))
    return systems


def ablated(corpus: Corpus, embedder: Embedder, graph: str) -> dict[str, Ranker]:
    """knowhen without its walk, without the recorded facts, and without each kind of edge."""
    usual = RecallSettings().far_edges
    variants = {f"without {kind}": {**usual, kind: 0.0} for kind in ABLATED}
    systems: dict[str, Ranker] = {}
    for name, edges in variants.items():
        settings = Settings(recall=RecallSettings(far_edges=edges))
        memory = memory_of(corpus, embedder, graph=graph, settings=settings)
        systems[name] = recalled(corpus, memory)
    still = Settings(recall=RecallSettings(walk="none"))
    systems["without walk"] = recalled(
        corpus, memory_of(corpus, embedder, graph=graph, settings=still)
    )
    if graph == "openie":
        systems["without facts"] = recalled(corpus, memory_of(corpus, embedder, graph="none"))
    return systems


def _best(scores: Floats, number: int) -> list[int]:
    return list(np.argsort(-scores[number], kind="stable")[:LISTED].tolist())


def shares(rank: Ranker, questions: Sequence[Question]) -> dict[str, list[float]]:
    """By metric, for each question the share of its gold passages, or whether all are there."""
    values: dict[str, list[float]] = {metric: [] for metric in METRICS}
    for number, question in enumerate(questions):
        ranking = rank(number)
        for k in RANKS:
            values[f"R@{k}"].append(
                len(question.gold.intersection(ranking[:k])) / len(question.gold)
            )
        for k in TOGETHER:
            values[f"all@{k}"].append(float(question.gold <= set(ranking[:k])))
    return values


def compared(values: Mapping[str, Mapping[str, list[float]]]) -> Results:
    """Figures of each system, and knowhen's paired differences to the two it has to beat."""
    results: Results = {
        name: {metric: figure(each) for metric, each in found.items()}
        for name, found in values.items()
    }
    others = [name for name in values if name.startswith("without") or name in BEATEN]
    for other in others:
        results[f"knowhen - {other}"] = {
            metric: paired(values["knowhen"][metric], values[other][metric]) for metric in METRICS
        }
    return results


def options(description: str | None, *, graph: str) -> Namespace:
    """The contract's options; `--graph none` does without any triples."""
    parser = arguments(description)
    parser.add_argument("--graph", choices=("openie", "none"), default=graph)
    parser.add_argument(
        "--ablate", action="store_true", help="leave out one kind of edge at a time"
    )
    return parser.parse_args()


def run(name: str, file: str, chosen: Namespace, *, further: Callable[[], Results] = dict) -> None:
    """Measure, print and write; `further` measures more, put beside those of the same systems."""
    corpus = load(chosen.data, name, file, quick=chosen.quick)
    if chosen.graph == "openie" and not any(corpus.triples):
        raise SystemExit(f"{name} has no recorded triples; use --graph none")
    embedder = CachedEmbedder(make_embedder(chosen.embedder), chosen.cache)
    scores = scored(corpus, embedder)
    systems = rankers(corpus, scores, embedder, chosen.graph)
    if chosen.ablate:
        systems |= ablated(corpus, embedder, chosen.graph)
    results = compared({each: shares(rank, corpus.questions) for each, rank in systems.items()})
    print(f"{name}, {len(corpus.documents)} passages, {len(corpus.questions)} questions,", end=" ")
    print(f"graph {chosen.graph}, embedder {embedder.name}")
    print(table(results, METRICS))
    for system, figures in further().items():
        results[system] |= figures
        print(table({system: figures}, list(figures)))
    settings = {"embedder": embedder.name, "graph": chosen.graph, "quick": chosen.quick}
    write(chosen.json, name, settings, results)
