"""Questions about time: how they are read, and what they move."""

from datetime import UTC, datetime, timedelta

import pytest

from knowhen import MemoryManager, Turn
from knowhen.memory.recall.ranking import Ranked
from knowhen.memory.recall.timeline import TimeQuestion, in_time, read_time_question
from knowhen.memory.settings import RecallSettings, Settings
from knowhen.memory.testing.clock import FixedClock

START = datetime(2024, 3, 1, 9, tzinfo=UTC)
SWIMS = [
    "I went swimming in the lake.",
    "My bread turned out flat.",
    "I went swimming in the river.",
    "The cat sleeps on the oven.",
    "I went swimming in the sea.",
]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("When did Ann first see the sea?", TimeQuestion("first")),
        ("What was the first time we met?", TimeQuestion("first")),
        ("Who won first place?", None),
        ("When was the last time I called Bo?", TimeQuestion("last")),
        ("What is my most recent address?", TimeQuestion("last")),
        ("When did Bo call last week?", None),
        ("What happened after the road trip?", TimeQuestion("after", "the road trip")),
        ("Where was she before moving to Oslo?", TimeQuestion("before", "moving to Oslo")),
        ("Where was she before August 3, 2023?", None),
        ("In what order did I visit the towns?", TimeQuestion("order")),
        ("Which happened first, the move or the wedding?", TimeQuestion("order")),
        ("What does she do in order to relax?", None),
        ("Does Ann like tea?", None),
    ],
)
def test_a_question_is_read_for_what_it_wants_of_the_timeline(
    text: str, question: TimeQuestion | None
) -> None:
    assert read_time_question(text) == question


def first_hit(query: str, *, timeline: bool) -> str:
    settings = Settings(recall=RecallSettings(timeline=timeline))
    memory = MemoryManager.open(":memory:", settings=settings)
    memory.remember(
        [
            Turn(text, "Ann", time=START + timedelta(days=n), session=f"s{n}")
            for n, text in enumerate(SWIMS)
        ]
    )
    return memory.recall(query, gate=False).items[0].text


def test_the_first_and_the_last_of_something_come_first() -> None:
    assert "lake" in first_hit("When did Ann first go swimming?", timeline=True)
    assert "sea" in first_hit("When was the last time Ann went swimming?", timeline=True)


def test_what_came_after_or_before_rises_to_the_top() -> None:
    memory = MemoryManager.open(
        ":memory:", settings=Settings(recall=RecallSettings(timeline=True, walk="none"))
    )
    texts = ["We baked a cake.", "The wedding was on a hill.", "We danced until dawn."]
    texts += [f"Number {n} was a dull day." for n in range(20)]
    memory.remember(
        [Turn(t, "Ann", time=START + timedelta(minutes=n)) for n, t in enumerate(texts)]
    )

    def ranks(query: str) -> list[str]:
        return [item.text for item in memory.recall(query, gate=False).items]

    after, before = (
        ranks("What did we do after the wedding?"),
        ranks("What was before the wedding?"),
    )
    assert after.index(texts[2]) < after.index(texts[0])
    assert before.index(texts[0]) < before.index(texts[2])


def test_an_order_is_answered_from_several_events() -> None:
    memory = MemoryManager.open(":memory:")
    memory.remember(
        [
            Turn(f"Mill {n}.", "Ann", time=START + timedelta(days=day), session=f"s{day}")
            for n, day in enumerate((0, 0, 0, 5))
        ]
    )
    corpus = memory.search("mill").corpus
    ranked = [Ranked(turn, 2.0 - turn / 10, turn) for turn in range(4)]
    moved = in_time(ranked, corpus, TimeQuestion("order"))
    assert [entry.turn for entry in moved] == [0, 3, 1, 2]
    assert [entry.score for entry in moved] == sorted((e.score for e in moved), reverse=True)


def test_last_week_is_counted_from_the_clock() -> None:
    memory = MemoryManager.open(":memory:", clock=FixedClock(START + timedelta(days=4)))
    memory.remember(
        [
            Turn(f"I met Bo at the {place}.", "Ann", time=START - timedelta(days=ago))
            for place, ago in [("pier", 90), ("mill", 2), ("farm", 40)]
        ]
    )
    assert "mill" in memory.recall("Where did I meet Bo last week?", gate=False).items[0].text
