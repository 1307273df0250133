"""The ten defects reproduced in HippoRAG's reference implementation, none of which we have."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

import knowhen.graphs
from knowhen.graphs import Edge, InvalidEdge, KnowledgeGraph, PushWalk
from knowhen.graphs.passages import Fact, Passage, PassageGraph, facts_from
from knowhen.graphs.recognition import ModelRecogniser
from knowhen.graphs.retrieval import Cues, Retrieval, retrieve

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


def found(base: PassageGraph, dense: Sequence[float]) -> list[str]:
    return [node for node, _ in ask(base, dense).passages]


def test_1_a_passage_added_after_a_query_is_found_by_the_next() -> None:
    base = PassageGraph()
    base.add([Passage("doc:1", (ANN_BOB,))])
    assert found(base, [0.5]) == ["doc:1"]
    base.add([Passage("doc:2", (ANN_CAL,))])
    assert found(base, [0.1, 0.9])[0] == "doc:2"
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
    assert found(base, [0.2] * 20 + [1.0])[0] == "doc:plain"


@pytest.mark.parametrize("size", [50, 2_000])
def test_11_facts_keep_their_share_of_the_restart_as_memory_grows(size: int) -> None:
    base = PassageGraph(synonyms=False)
    base.add(Passage(f"doc:{i}", (Fact(f"a{i}", "is", f"b{i}"),)) for i in range(size))
    restart = ask(base, [0.5] * size).restart
    entities = sum(mass for node, mass in restart.items() if node.startswith("entity:"))
    assert entities / sum(restart.values()) == pytest.approx(0.3 / 0.7)
