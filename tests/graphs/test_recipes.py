"""The recipes: the formulas of the papers, and ours."""

import numpy as np
import pytest

from knowhen.graphs import PowerWalk
from knowhen.graphs.cues import Cues
from knowhen.graphs.facts import Fact
from knowhen.graphs.passages import Passage, PassageGraph
from knowhen.graphs.recipes import HIPPORAG, HIPPORAG2, KNOWHEN, RECIPES, Recipe, top_facts
from knowhen.graphs.recognition import Recognition, ScriptedRecogniser
from knowhen.graphs.retrieval import retrieve
from knowhen.graphs.walk import StandingWalk

BOB = Fact("bob", "lives in", "lisbon")
LISBON = Fact("lisbon", "is capital of", "portugal")
ANN = Fact("ann", "plays", "piano")
NODES = ["doc:1", "doc:2", "doc:3", "doc:4"]


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


def test_hipporag2_restarts_by_the_formula_of_the_paper(base: PassageGraph) -> None:
    restart = retrieve(base, cues(), recipe=HIPPORAG2).restart
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


def test_hipporag2_falls_back_to_cosines_without_facts_and_says_so(base: PassageGraph) -> None:
    found = retrieve(base, cues(facts=[], fact_scores=np.zeros(0)), recipe=HIPPORAG2)
    assert [node for node, _ in found.passages] == ["doc:1", "doc:3", "doc:2", "doc:4"]
    assert found.fallbacks == ("nowhere to restart: passages are ranked by cosine alone",)


def test_hipporag2_is_the_exact_walk_over_doubled_facts(base: PassageGraph) -> None:
    found = retrieve(base, cues(), recipe=HIPPORAG2, walk=PowerWalk())
    exact = PowerWalk().rank(
        base.graph, found.restart, damping=0.5, kinds={"fact": 2.0, "synonym": 2.0}
    )
    assert dict(found.passages) == pytest.approx(
        {node: score for node, score in exact if node in NODES}
    )


def test_hipporag_walks_entities_alone_and_sums_over_facts(base: PassageGraph) -> None:
    found = retrieve(base, cues(), recipe=HIPPORAG, walk=PowerWalk())
    assert found.restart == {"entity:bob": 1.0}
    shares = found.ranking.scores_by_node()
    assert not any(node in shares for node in NODES)
    assert dict(found.passages)["doc:2"] == pytest.approx(
        shares["entity:lisbon"] + shares["entity:portugal"]
    )


def test_hipporag_without_query_entities_restarts_everywhere(base: PassageGraph) -> None:
    found = retrieve(base, cues(entities={}), recipe=HIPPORAG)
    assert found.restart == {f"entity:{name}": 1.0 for name in base.entities}


def test_knowhen_gives_each_sort_of_seed_its_share(base: PassageGraph) -> None:
    restart = retrieve(base, cues()).restart
    passages = sum(mass for node, mass in restart.items() if node in NODES)
    assert passages == pytest.approx(0.4)
    assert sum(restart.values()) == pytest.approx(1.0)
    assert retrieve(base, cues(dense=np.zeros(4))).restart["doc:1"] == pytest.approx(0.1)


def test_knowhen_finds_the_second_hop_before_what_is_unrelated(base: PassageGraph) -> None:
    order = [node for node, _ in retrieve(base, cues()).passages]
    assert order.index("doc:2") < order.index("doc:3")
    assert order[0] == "doc:1"


def test_the_restart_stays_small_however_many_passages_there_are() -> None:
    base = PassageGraph(synonyms=False)
    base.add(Passage(f"doc:{i}", (Fact(f"s{i}", "is", f"o{i}"),)) for i in range(500))
    dense = np.linspace(0.0, 1.0, 500)
    nodes = [f"doc:{i}" for i in range(500)]
    found = retrieve(base, cues(passages=nodes, dense=dense, lexical=None))
    assert len(found.restart) <= 3 + 10  # entities of the facts, and passages
    assert len(found.ranking) < 60


def test_recognition_decides_which_facts_count_and_failures_are_told(base: PassageGraph) -> None:
    fake = ScriptedRecogniser()
    fake.enqueue(Recognition((1,)), Recognition((0, 1, 2), "ModelFailed: timeout"), Recognition(()))
    chosen = retrieve(base, cues(), recogniser=fake)
    assert chosen.facts == (LISBON,) and chosen.fallbacks == ()
    failed = retrieve(base, cues(), recogniser=fake)
    assert failed.facts == (BOB, LISBON, ANN)
    assert failed.fallbacks == ("recognition kept every fact: ModelFailed: timeout",)
    assert retrieve(base, cues(), recipe=HIPPORAG2, recogniser=fake).restart == {}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_an_empty_memory_gives_an_empty_answer(recipe: Recipe) -> None:
    empty = Cues("anything", [], np.zeros(0))
    assert retrieve(PassageGraph(), empty, recipe=recipe).passages == ()


def test_facts_with_equal_scores_all_count(base: PassageGraph) -> None:
    assert [score for _, score in top_facts(cues(fact_scores=np.full(3, 0.4)), 5)] == [1.0] * 3


def test_the_walk_gets_the_restart(base: PassageGraph) -> None:
    walk = StandingWalk()
    found = retrieve(base, cues(), recipe=KNOWHEN, walk=walk, limit=2)
    assert walk.history == [dict(found.restart)]
    assert len(found.passages) == 2
