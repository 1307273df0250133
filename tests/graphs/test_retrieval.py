"""From cues to ranked passages: what the restart holds, and what the walk adds."""

import numpy as np
import pytest

from knowhen.graphs.errors import InvalidInput
from knowhen.graphs.passages import Fact, Passage, PassageGraph
from knowhen.graphs.recognition import Recognition
from knowhen.graphs.retrieval import (
    KNOWHEN,
    Cues,
    best,
    retrieve,
    scaled,
    standardised,
    top_facts,
)
from knowhen.graphs.testing import ScriptedRecogniser, StandingWalk

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
    assert retrieve(base, cues(), recogniser=fake).facts == ()


def test_an_empty_memory_gives_an_empty_answer() -> None:
    empty = Cues("anything", [], np.zeros(0))
    assert retrieve(PassageGraph(), empty).passages == ()


def test_facts_with_equal_scores_all_count(base: PassageGraph) -> None:
    assert [score for _, score in top_facts(cues(fact_scores=np.full(3, 0.4)), 5)] == [1.0] * 3


def test_the_walk_gets_the_restart(base: PassageGraph) -> None:
    walk = StandingWalk()
    found = retrieve(base, cues(), recipe=KNOWHEN, walk=walk, limit=2)
    assert walk.history == [dict(found.restart)]
    assert len(found.passages) == 2


def test_best_is_stable_and_bounded() -> None:
    scores = np.array([1.0, 3.0, 3.0, 2.0, 3.0])
    assert best(scores, 2).tolist() == [1, 2]
    assert best(scores, 99).tolist() == [1, 2, 4, 3, 0]
    assert best(scores, 0).tolist() == []
    assert best(np.zeros(0), 3).tolist() == []


def test_equal_scores_scale_to_one_and_standardise_to_zero() -> None:
    assert scaled(np.array([2.0, 2.0])).tolist() == [1.0, 1.0]
    assert scaled(np.array([1.0, 3.0, 2.0])).tolist() == [0.0, 1.0, 0.5]
    assert standardised(np.array([2.0, 2.0])).tolist() == [0.0, 0.0]
    assert standardised(np.zeros(0)).tolist() == []


def test_scores_must_fit_what_they_score() -> None:
    with pytest.raises(InvalidInput):
        Cues("q", ["turn:1"], np.zeros(2))
    with pytest.raises(InvalidInput):
        Cues("q", ["turn:1"], np.zeros(1), fact_scores=np.zeros(1))
