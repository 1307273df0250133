"""The graph of passages that HippoRAG is compared on, and none of the defects of its code."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from methods.passage_graph import (
    SPARSE,
    Cues,
    Passage,
    PassageGraph,
    Retrieval,
    facts_from,
    retrieve,
    top_facts,
)

import knowhen.graphs
from knowhen.graphs import Edge, InvalidEdge, KnowledgeGraph, PushWalk
from knowhen.graphs.errors import InvalidInput
from knowhen.graphs.recognition import Fact, ModelRecogniser, Recognition
from knowhen.graphs.synonyms import SynonymFinder
from knowhen.graphs.testing import ScriptedRecogniser, StandingWalk

NAMES = ["ann lee", "anne lee", "bob", "mount fuji", "mt fuji", "c++", "москва"]


def embed(names: Sequence[str]) -> np.ndarray:
    rows = np.array([[sum(map(ord, name)) % 5, 1.0 + len(name) % 3, 2.0] for name in names])
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


facts = st.builds(
    Fact, st.sampled_from(NAMES), st.sampled_from(["knows", "saw"]), st.sampled_from(NAMES)
)
passages = st.lists(
    st.builds(
        Passage,
        st.integers(0, 6).map("turn:{}".format),
        st.none() | st.lists(facts, max_size=4).map(tuple),
        st.lists(st.sampled_from(NAMES), max_size=2).map(tuple),
    ),
    max_size=6,
    unique_by=lambda passage: passage.node,
)


def state(base: PassageGraph) -> tuple[object, ...]:
    return (
        set(base.graph.nodes),
        set(base.graph.edges()),
        set(base.facts),
        {name: base.spread(name) for name in base.entities},
        set(base.pending),
    )


def built(*batches: Sequence[Passage]) -> PassageGraph:
    base = PassageGraph(embed=embed)
    for batch in batches:
        base.add(batch)
    return base


@settings(deadline=None, max_examples=100)
@given(passages, st.randoms(use_true_random=False))
def test_one_by_one_equals_one_batch(drawn: list[Passage], random: "np.random.Generator") -> None:
    shuffled = list(drawn)
    random.shuffle(shuffled)  # type: ignore[arg-type]
    assert state(built(drawn)) == state(built(*([passage] for passage in shuffled)))


@settings(deadline=None, max_examples=100)
@given(passages, passages)
def test_adding_and_removing_leaves_nothing(first: list[Passage], second: list[Passage]) -> None:
    known = {passage.node for passage in first}
    new = [passage for passage in second if passage.node not in known]
    base = built(first)
    before = state(base)
    base.add(new)
    base.remove([passage.node for passage in new])
    assert state(base) == before


@settings(deadline=None, max_examples=60)
@given(passages, passages)
def test_a_passage_that_comes_again_replaces_itself(
    first: list[Passage], second: list[Passage]
) -> None:
    last = {passage.node: passage for passage in [*first, *second]}
    assert state(built(first, second)) == state(built(list(last.values())))
    assert state(built(first, first)) == state(built(first))


def test_an_embedder_that_fails_leaves_the_graph_as_it_was() -> None:
    failing = False

    def maybe(names: Sequence[str]) -> np.ndarray:
        if failing:
            raise RuntimeError("no vectors")
        return embed(names)

    base = PassageGraph(embed=maybe)
    base.add([Passage("turn:1", (Fact("ann lee", "knows", "bob"),))])
    before = state(base)
    failing = True
    with pytest.raises(RuntimeError):
        base.add([Passage("turn:1", (Fact("bob", "saw", "mount fuji"),))])
    assert state(base) == before
    failing = False
    base.add([Passage("turn:1", (Fact("bob", "saw", "mount fuji"),))])
    assert base.graph.degree("turn:1") == 2


def test_without_synonyms_there_are_no_synonym_edges() -> None:
    base = PassageGraph(synonyms=False)
    base.add([Passage("turn:1", (), NAMES)])
    assert base.graph.edge_counts() == {"mention": len(NAMES)}


def test_a_finder_that_is_given_is_used_from_the_start() -> None:
    finder = SynonymFinder(dice=None)
    base = PassageGraph(embed=embed, synonyms=finder)
    base.add([Passage("turn:1", (), ["ann lee", "mount fuji"])])
    assert len(finder) == 2


def test_removing_an_unknown_passage_is_an_error() -> None:
    with pytest.raises(KeyError):
        PassageGraph().remove(["turn:1"])


def test_triples_become_facts_once_each_and_malformed_ones_are_counted() -> None:
    facts, malformed = facts_from(
        [
            ["Ann", "knows", "Bob"],
            ("ann", "Knows", "BOB"),
            ["Ann", "knows"],
            ["Ann", "knows", "Bob", "well"],
            "ann knows bob",
            ["Ann", 3, "Bob"],
            [" ", "is", "Bob"],
            None,
        ]
    )
    assert facts == (Fact("ann", "knows", "bob"),)
    assert malformed == 6


def test_facts_in_other_scripts_stay_different() -> None:
    facts, _ = facts_from([["北京", "是", "首都"], ["上海", "是", "城市"]])
    assert [fact.text for fact in facts] == ["北京 是 首都", "上海 是 城市"]


def test_a_fact_about_oneself_has_one_entity() -> None:
    assert Fact("ann", "likes", "ann").entities == ("ann",)


BOB = Fact("bob", "lives in", "lisbon")
LISBON = Fact("lisbon", "is capital of", "portugal")
ANN = Fact("ann", "plays", "piano")
NODES = ["doc:1", "doc:2", "doc:3", "doc:4"]


@pytest.fixture
def chain() -> PassageGraph:
    base = PassageGraph()
    base.add(
        [
            Passage("doc:1", (BOB,)),
            Passage("doc:2", (LISBON,)),
            Passage("doc:3", (ANN,)),
            Passage("doc:4", ()),
        ]
    )
    return base


def asked(**changes: object) -> Cues:
    given: dict[str, object] = {
        "query": "In which country does Bob live?",
        "passages": NODES,
        "dense": np.array([0.8, 0.2, 0.4, 0.0]),
        "lexical": np.array([3.0, 0.0, 0.0, 0.0]),
        "facts": [BOB, LISBON, ANN],
        "fact_scores": np.array([0.9, 0.5, 0.1]),
        "entities": {"bob": 1.0},
    }
    return Cues(**(given | changes))  # type: ignore[arg-type]


def test_knowhen_gives_each_sort_of_seed_its_share(chain: PassageGraph) -> None:
    restart = retrieve(chain, asked()).restart
    passages = sum(mass for node, mass in restart.items() if node in NODES)
    assert passages == pytest.approx(0.4)
    assert sum(restart.values()) == pytest.approx(1.0)
    assert retrieve(chain, asked(dense=np.zeros(4))).restart["doc:1"] == pytest.approx(0.1)


def test_knowhen_finds_the_second_hop_before_what_is_unrelated(chain: PassageGraph) -> None:
    order = [node for node, _ in retrieve(chain, asked()).passages]
    assert order.index("doc:2") < order.index("doc:3")
    assert order[0] == "doc:1"


def test_the_restart_stays_small_however_many_passages_there_are() -> None:
    base = PassageGraph(synonyms=False)
    base.add(Passage(f"doc:{i}", (Fact(f"s{i}", "is", f"o{i}"),)) for i in range(500))
    dense = np.linspace(0.0, 1.0, 500)
    nodes = [f"doc:{i}" for i in range(500)]
    found = retrieve(base, asked(passages=nodes, dense=dense, lexical=None))
    assert len(found.restart) <= 3 + 10  # entities of the facts, and passages
    assert len(found.ranking) < 60


def test_recognition_decides_which_facts_count_and_failures_are_told(chain: PassageGraph) -> None:
    fake = ScriptedRecogniser()
    fake.enqueue(Recognition((1,)), Recognition((0, 1, 2), "ModelFailed: timeout"), Recognition(()))
    chosen = retrieve(chain, asked(), recogniser=fake)
    assert chosen.facts == (LISBON,) and chosen.fallbacks == ()
    failed = retrieve(chain, asked(), recogniser=fake)
    assert failed.facts == (BOB, LISBON, ANN)
    assert failed.fallbacks == ("recognition kept every fact: ModelFailed: timeout",)
    assert retrieve(chain, asked(), recogniser=fake).facts == ()


def test_an_empty_memory_gives_an_empty_answer() -> None:
    empty = Cues("anything", [], np.zeros(0))
    assert retrieve(PassageGraph(), empty).passages == ()


def test_facts_with_equal_scores_all_count(chain: PassageGraph) -> None:
    assert [score for _, score in top_facts(asked(fact_scores=np.full(3, 0.4)), 5)] == [1.0] * 3


def test_the_walk_gets_the_restart(chain: PassageGraph) -> None:
    walk = StandingWalk()
    found = retrieve(chain, asked(), recipe=SPARSE, walk=walk, limit=2)
    assert walk.history == [dict(found.restart)]
    assert len(found.passages) == 2


def test_scores_must_fit_what_they_score() -> None:
    with pytest.raises(InvalidInput):
        Cues("q", ["turn:1"], np.zeros(2))
    with pytest.raises(InvalidInput):
        Cues("q", ["turn:1"], np.zeros(1), fact_scores=np.zeros(1))


ANN_BOB = Fact("ann", "met", "bob")
ANN_CAL = Fact("ann", "met", "cal")
BOB_CAL = Fact("bob", "met", "cal")


def ask(base: PassageGraph, dense: Sequence[float]) -> Retrieval:
    """A query whose cosines with passages are given and that all facts match."""
    cues = Cues(
        "?",
        base.passages,
        np.array(dense, float),
        facts=base.facts,
        fact_scores=np.linspace(1.0, 0.5, len(base.facts)),
    )
    return retrieve(base, cues)


def order(base: PassageGraph, dense: Sequence[float]) -> list[str]:
    return [node for node, _ in ask(base, dense).passages]


def test_1_a_passage_added_after_a_query_is_found_by_the_next() -> None:
    base = PassageGraph()
    base.add([Passage("doc:1", (ANN_BOB,))])
    assert order(base, [0.5]) == ["doc:1"]
    base.add([Passage("doc:2", (ANN_CAL,))])
    assert order(base, [0.1, 0.9])[0] == "doc:2"
    assert PushWalk().rank(base.graph, {"entity:ann": 1.0}).score("doc:2") > 0


def test_2_removing_passages_takes_their_edges_back() -> None:
    base = PassageGraph()
    base.add([Passage("doc:1", (ANN_BOB,)), Passage("doc:2", (ANN_BOB,))])
    base.add([Passage("doc:3", (ANN_CAL,)), Passage("doc:4", (BOB_CAL,))])
    assert Edge("entity:ann", "entity:bob", "fact", 2.0) in base.graph.neighbours("entity:ann")
    base.remove(["doc:1", "doc:2"])
    assert {edge.target for edge in base.graph.neighbours("entity:ann")} == {
        "entity:cal",
        "doc:3",
    }
    assert ANN_BOB not in base.facts


def test_3_six_passages_one_by_one_make_the_edges_of_one_batch() -> None:
    names = ["jonathan smith", "jonathan smithe", "new york city", "new york citi", "lee", "leeds"]
    passages = [Passage(f"doc:{i}", (), [name, "home"]) for i, name in enumerate(names)]
    batch, single = PassageGraph(), PassageGraph()
    batch.add(passages)
    for passage in passages:
        single.add([passage])
    single.add([passages[0]])
    assert batch.graph.edge_counts() == single.graph.edge_counts()
    assert batch.graph.edge_counts()["synonym"] == 1
    assert set(batch.graph.edges()) == set(single.graph.edges())


def test_4_tiny_and_emptied_memories_answer() -> None:
    base = PassageGraph()
    assert ask(base, []).passages == ()
    base.add([Passage("doc:1", (ANN_BOB,))])
    assert ask(base, [0.3]).passages[0][0] == "doc:1"
    base.add([Passage("doc:2", (ANN_CAL,))])
    assert len(ask(base, [0.3, 0.3]).passages) == 2
    base.remove(["doc:1", "doc:2"])
    assert ask(base, []).passages == ()
    assert len(base.graph) == 0


def test_5_a_failed_extraction_is_pending_until_it_succeeds() -> None:
    base = PassageGraph()
    base.add([Passage("doc:1", None), Passage("doc:2", ())])
    assert base.pending == ("doc:1",)
    assert "doc:1" in base.graph
    base.add([Passage("doc:1", (ANN_BOB,))])
    assert base.pending == ()
    assert base.graph.degree("doc:1") == 2


def test_6_an_interrupted_addition_leaves_no_half_of_itself() -> None:
    def broken() -> Iterator[Edge]:
        yield Edge("doc:1", "entity:ann", "mention")
        raise ConnectionError

    graph = KnowledgeGraph()
    with pytest.raises(ConnectionError):
        graph.add("doc:1", broken(), ["doc:1"])
    with pytest.raises(InvalidEdge):
        graph.add("doc:1", [Edge("doc:1", "entity:ann", "mention", -1.0)], ["doc:1"])
    PushWalk().rank(graph, {"doc:1": 1.0})
    assert "doc:1" not in graph
    graph.add("doc:1", [Edge("doc:1", f"entity:{name}", "mention") for name in "abc"])
    assert graph.degree("doc:1") == 3


def test_7_names_keep_their_letters_in_every_script() -> None:
    facts, _ = facts_from(
        [["北京", "是", "首都"], ["上海", "是", "城市"], ["José García", "writes", "C++"]]
    )
    assert len(set(facts)) == 3
    base = PassageGraph()
    base.add([Passage("doc:1", facts), Passage("doc:2", (), ["C#", "Москва"])])
    assert {"北京", "上海", "josé garcía", "c++", "c#", "москва"} <= set(base.entities)


def test_8_malformed_triples_are_counted_and_removal_still_works() -> None:
    facts, malformed = facts_from([["ann", "met"], ["ann", "met", "bob"], [["ann"], "met", "bob"]])
    assert malformed == 2
    base = PassageGraph()
    base.add([Passage("doc:1", facts)])
    base.remove(["doc:1"])
    assert len(base.graph) == 0


def test_9_nothing_a_model_writes_is_ever_evaluated(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    code = f"__import__('pathlib').Path({str(canary)!r}).touch()"
    for answer in ({"facts": [code]}, {"facts": code}, {code: code}):
        recogniser = ModelRecogniser(lambda *_, given=answer: given)
        assert recogniser.recognise(code, [Fact(code, code, code)]).fallback is not None
    facts_from([[code, code, code], code])
    assert not canary.exists()
    for path in Path(*knowhen.graphs.__path__).rglob("*.py"):
        tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        names = {node.id for node in tree if isinstance(node, ast.Name)}
        assert not names & {"eval", "exec", "compile", "pickle", "__import__"}, path


def test_10_a_passage_without_facts_is_found_by_its_own_text() -> None:
    base = PassageGraph()
    base.add(Passage(f"doc:{i}", (Fact(f"a{i}", "is", f"b{i}"),)) for i in range(20))
    base.add([Passage("doc:plain", ())])
    assert order(base, [0.2] * 20 + [1.0])[0] == "doc:plain"


@pytest.mark.parametrize("size", [50, 2_000])
def test_11_facts_keep_their_share_of_the_restart_as_memory_grows(size: int) -> None:
    base = PassageGraph(synonyms=False)
    base.add(Passage(f"doc:{i}", (Fact(f"a{i}", "is", f"b{i}"),)) for i in range(size))
    restart = ask(base, [0.5] * size).restart
    entities = sum(mass for node, mass in restart.items() if node.startswith("entity:"))
    assert entities / sum(restart.values()) == pytest.approx(0.3 / 0.7)
