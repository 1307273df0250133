"""The graph of passages, whatever the order and however often they come and go."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.graphs.passages import Fact, Passage, PassageGraph, facts_from
from knowhen.graphs.synonyms import SynonymFinder

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
