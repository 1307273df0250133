"""Many thoughts that are alike: each costs a bounded number of comparisons, and stays right."""

from collections.abc import Iterator, Sequence

import pytest

from knowhen.memory.records import Thought, Turn
from knowhen.memory.thoughts import workspace
from knowhen.memory.thoughts.relations import Relation, relation

from .conftest import Talk, turn

ALIKE = 120
SITTING = 10
REACH = 4


@pytest.fixture
def short_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "REACH", REACH)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Counts the pairs that are compared."""
    count = [0]

    def counted(one: Thought, other: Thought) -> Relation | None:
        count[0] += 1
        return relation(one, other)

    monkeypatch.setattr(workspace, "relation", counted)
    yield count


def said(texts: Sequence[str]) -> list[Turn]:
    return [turn(text, id=f"t{n}", day=n) for n, text in enumerate(texts)]


CROWDS = {
    "nothing alike but the words": [f"I love city {n}." for n in range(ALIKE)],
    "one statement": ["I love the sea."] * ALIKE,
    "values of one attribute": [f"My favorite number is {n}." for n in range(ALIKE)],
    "values of one measure": [f"My rent is {n + 1} euros." for n in range(ALIKE)],
}


@pytest.mark.parametrize("texts", CROWDS.values(), ids=CROWDS)
def test_a_thought_costs_no_more_among_many_alike(
    talk: Talk, compared: list[int], short_reach: None, texts: list[str]
) -> None:
    turns, costs = said(texts), []
    for start in range(0, len(turns), SITTING):
        before = compared[0]
        talk.hear(turns[start : start + SITTING])
        costs.append(compared[0] - before)
    sooner, later = costs[len(costs) // 3], costs[-1]
    assert 0 < later <= 1.1 * sooner


def test_a_crowd_in_one_turn_is_compared_with_its_nearest(
    talk: Talk, compared: list[int], short_reach: None
) -> None:
    text = " ".join(f"My favorite number is {n}." for n in range(ALIKE))
    talk.hear([turn(text, id="t")])
    assert len(talk.all()) == ALIKE and all(thought.contested for thought in talk.all())
    assert compared[0] <= ALIKE * 5 * REACH
    assert max(len(thought.rivals) for thought in talk.all()) <= 2 * REACH


def test_the_same_sentence_many_times_in_a_turn_is_one_thought_with_every_place(
    talk: Talk, compared: list[int]
) -> None:
    logged = talk.hear([turn("I love the sea. " * 500, id="t")])
    (thought,) = talk.all()
    assert (len(thought.sources), len(logged), compared[0]) == (500, 1, 0)
    talk.ledger.undo(logged[0])
    assert talk.all() == []


def test_each_value_of_many_is_replaced_by_the_next_however_they_arrive(
    talk: Talk, short_reach: None
) -> None:
    turns = said([f"My favorite number is {n}." for n in range(30)])
    for one in (*turns[1::2], *reversed(turns[::2])):
        talk.hear([one])
    chain = sorted(talk.all(), key=lambda thought: str(thought.valid_from))
    assert [t.superseded_by for t in chain] == [*(t.id for t in chain[1:]), None]
    assert [t.supersedes for t in chain] == [(), *((t.id,) for t in chain[:-1])]


def runs(talk: Talk) -> dict[str, set[str]]:
    """The first thought of each run, with the turns that it rests on."""
    return {
        thought.sources[0].turn_id: {source.turn_id for source in thought.sources}
        for thought in talk.all()
        if thought.status != "merged"
    }


def names(first: int, end: int) -> set[str]:
    return {f"t{n}" for n in range(first, end)}


def test_a_long_run_of_one_statement_has_one_head_with_every_source(
    talk: Talk, short_reach: None
) -> None:
    for one in said(["I love the sea."] * 20):
        talk.hear([one])
    assert runs(talk) == {"t0": names(0, 20)}
    talk.forget("t0")
    assert runs(talk) == {"t1": names(1, 20)}
    talk.say("I love the sea.", id="t", day=-1)
    assert runs(talk) == {"t": names(1, 20) | {"t"}}


def test_forgetting_what_parted_two_long_runs_joins_them(talk: Talk, short_reach: None) -> None:
    texts = ["I live in Oslo."] * 8 + ["I live in Rome."] + ["I live in Oslo."] * 8
    for one in said(texts):
        talk.hear([one])
    assert runs(talk) == {"t0": names(0, 8), "t8": {"t8"}, "t9": names(9, 17)}
    talk.forget("t8")
    assert runs(talk) == {"t0": names(0, 17) - {"t8"}}
