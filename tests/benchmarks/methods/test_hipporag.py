"""HippoRAG and HippoRAG 2 by the formulas of their papers."""

import numpy as np
import pytest
from methods.hipporag import RECIPES
from methods.passage_graph import Cues, Passage, PassageGraph, Recipe, retrieve

from knowhen.graphs import PowerWalk
from knowhen.graphs.recognition import Fact

BOB = Fact("bob", "lives in", "lisbon")
LISBON = Fact("lisbon", "is capital of", "portugal")
ANN = Fact("ann", "plays", "piano")
NODES = ["doc:1", "doc:2", "doc:3", "doc:4"]


@pytest.fixture
def recipes() -> dict[str, Recipe]:
    return dict(RECIPES)


@pytest.fixture
def base() -> PassageGraph:
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


def cues(**changes: object) -> Cues:
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


def test_hipporag2_restarts_by_the_formula_of_the_paper(
    base: PassageGraph, recipes: dict[str, Recipe]
) -> None:
    restart = retrieve(base, cues(), recipe=recipes["hipporag2"]).restart
    # Scaled facts are 1, .5 and 0; lisbon is in two passages and two facts: mean(1/2, .5/2).
    assert restart == pytest.approx(
        {
            "entity:bob": 1.0,
            "entity:lisbon": 0.375,
            "entity:portugal": 0.5,
            "doc:1": 0.05,
            "doc:2": 0.0125,
            "doc:3": 0.025,
            "doc:4": 0.0,
        }
    )


def test_hipporag2_falls_back_to_cosines_without_facts_and_says_so(
    base: PassageGraph, recipes: dict[str, Recipe]
) -> None:
    found = retrieve(base, cues(facts=[], fact_scores=np.zeros(0)), recipe=recipes["hipporag2"])
    assert [node for node, _ in found.passages] == ["doc:1", "doc:3", "doc:2", "doc:4"]
    assert found.fallbacks == ("nowhere to restart: passages are ranked by cosine alone",)


def test_hipporag2_is_the_exact_walk_over_doubled_facts(
    base: PassageGraph, recipes: dict[str, Recipe]
) -> None:
    found = retrieve(base, cues(), recipe=recipes["hipporag2"], walk=PowerWalk())
    exact = PowerWalk().rank(
        base.graph, found.restart, damping=0.5, kinds={"fact": 2.0, "synonym": 2.0}
    )
    assert dict(found.passages) == pytest.approx(
        {node: score for node, score in exact if node in NODES}
    )


def test_hipporag_walks_entities_alone_and_sums_over_facts(
    base: PassageGraph, recipes: dict[str, Recipe]
) -> None:
    found = retrieve(base, cues(), recipe=recipes["hipporag"], walk=PowerWalk())
    assert found.restart == {"entity:bob": 1.0}
    shares = found.ranking.scores_by_node()
    assert not any(node in shares for node in NODES)
    assert dict(found.passages)["doc:2"] == pytest.approx(
        shares["entity:lisbon"] + shares["entity:portugal"]
    )


def test_hipporag_without_query_entities_restarts_everywhere(
    base: PassageGraph, recipes: dict[str, Recipe]
) -> None:
    found = retrieve(base, cues(entities={}), recipe=recipes["hipporag"])
    assert found.restart == {f"entity:{name}": 1.0 for name in base.entities}


@pytest.mark.parametrize("name", ["hipporag", "hipporag2", "sparse"])
def test_an_empty_and_a_tiny_memory_answer(name: str, recipes: dict[str, Recipe]) -> None:
    base = PassageGraph()
    assert retrieve(base, Cues("?", [], np.zeros(0)), recipe=recipes[name]).passages == ()
    base.add([Passage("doc:1", (BOB,))])
    asked = Cues("?", ["doc:1"], np.array([0.3]), facts=base.facts, fact_scores=np.ones(1))
    assert retrieve(base, asked, recipe=recipes[name]).passages[0][0] == "doc:1"
