"""Packing: the budget, the order, and parts of long turns."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen import MemoryManager, Turn
from knowhen.memory.recall.packing import Candidate, pack
from knowhen.memory.testing.clock import FixedClock
from knowhen.memory.tokens import EstimatedCounter
from knowhen.memory.view.corpus import Corpus

START = datetime(2024, 3, 1, 9, tzinfo=UTC)
LONG = " ".join(f"Sentence number {n} speaks about topic {n % 7} at length." for n in range(80))


def corpus_of(texts: Sequence[str]) -> Corpus:
    memory = MemoryManager.open(":memory:")
    memory.remember(
        [
            Turn(text, "Ann", time=START + timedelta(hours=7 * i), session=f"s{i // 3}", id=str(i))
            for i, text in enumerate(texts)
        ]
    )
    return memory.search("anything").corpus


def candidates(corpus: Corpus, worths: Sequence[float]) -> list[Candidate]:
    parts = {int(turn): part for part, turn in reversed(list(enumerate(corpus.turn_of)))}
    return [Candidate(turn, worth, parts[turn]) for turn, worth in enumerate(worths)]


@settings(deadline=None, max_examples=40)
@given(
    lengths=st.lists(st.integers(1, 900), min_size=1, max_size=8),
    budget=st.integers(1, 500),
    data=st.data(),
)
def test_the_budget_holds_and_what_is_packed_is_verbatim(
    lengths: list[int], budget: int, data: st.DataObject
) -> None:
    texts = [f"{i} " + ("word " * length)[:length].strip() for i, length in enumerate(lengths)]
    corpus = corpus_of(texts)
    worths = [data.draw(st.floats(0, 1)) for _ in texts]
    packing = pack(corpus, candidates(corpus, worths), budget=budget, counter=EstimatedCounter())
    assert packing.tokens == EstimatedCounter().count(packing.context) <= budget
    for turn, text in packing.packed.items():
        assert text in texts[turn]
        assert text.strip("\n") in packing.context
    assert packing.notes or len(packing.packed) == len(texts)


def test_turns_stand_in_the_order_they_were_said_under_their_day() -> None:
    corpus = corpus_of(["first thing", "second thing", "third thing", "fourth thing"])
    packing = pack(
        corpus, candidates(corpus, [0.1, 0.9, 0.5, 0.8]), budget=400, counter=EstimatedCounter()
    )
    places = [packing.context.index(word) for word in ("first", "second", "third", "fourth")]
    assert places == sorted(places)
    assert packing.context.startswith("[2024-03-01 Fri]\nAnn (0): first thing")


def test_what_is_worth_little_for_its_length_comes_last() -> None:
    corpus = corpus_of(["short answer", "w " * 280])
    packing = pack(corpus, candidates(corpus, [0.5, 0.55]), budget=60, counter=EstimatedCounter())
    assert set(packing.packed) == {0}
    assert "1 more found, left out by the budget" in packing.notes


def test_of_a_long_turn_a_third_around_the_best_part_is_packed() -> None:
    corpus = corpus_of([LONG])
    part = len(corpus) // 2
    packing = pack(corpus, [Candidate(0, 0.9, part)], budget=4000, counter=EstimatedCounter())
    assert len(LONG) / 3 <= len(packing.packed[0]) < len(LONG)
    assert corpus.text(part) in packing.packed[0]
    assert "[…]" in packing.context


def test_the_same_words_are_packed_once() -> None:
    corpus = corpus_of(["The train leaves at nine.", "the train leaves at nine"])
    packing = pack(corpus, candidates(corpus, [0.9, 0.8]), budget=400, counter=EstimatedCounter())
    assert set(packing.packed) == {0}
    assert "1 left out as repetitions" in packing.notes


def test_a_short_reply_brings_its_question_along_if_there_is_room() -> None:
    texts = ["Which instrument do you play?", "The cello!", "It rains today."]
    corpus = corpus_of(texts)
    alone = candidates(corpus, [0.0, 0.9, 0.0])[1:2]
    packed = pack(corpus, alone, budget=60, counter=EstimatedCounter()).packed
    assert set(packed) == {0, 1}
    tight = pack(corpus, alone, budget=15, counter=EstimatedCounter()).packed
    assert set(tight) == {1}


def test_the_lines_of_a_recall_say_whose_words_stand_where() -> None:
    memory = MemoryManager.open(":memory:")
    texts = ["The kayak is red.\n", LONG, "The kayak is called Selma."]
    memory.remember([Turn(text, "Ann", time=START, id=str(i)) for i, text in enumerate(texts)])
    recall = memory.recall("topic 3 of the kayak", gate=False)
    assert {line.id for line in recall.lines} == {"0", "1", "2"}
    for line in recall.lines:
        whole = recall.context[line.start : line.end]
        assert whole.startswith(f"Ann ({line.id})") and "\n" not in whole
        words = texts[int(line.id)][line.first : line.last]
        assert recall.context.startswith(words, line.words)
        assert line.words + len(words) <= line.end


def test_a_thought_that_no_turn_says_stands_first_with_its_day() -> None:
    clock = FixedClock(START)
    with MemoryManager.open(":memory:", clock=clock) as memory:
        memory.remember(Turn("I adopted a greyhound called Basil.", "Ada", id="a1", time=START))
        memory.insert("Ada plays the bassoon.")
        memory.insert("Ida keeps bees.")
        recall = memory.recall("What does Ada play?", gate=False)
    assert recall.context.startswith(
        "[noted]\n2024-03-01: Ada plays the bassoon.\n[2024-03-01 Fri]"
    )
    assert "bees" not in recall.context
    [told] = [item for item in recall.items if item.kind == "thought" and item.packed]
    line = recall.lines[0]
    assert (line.kind, line.id) == ("thought", told.id)
    assert recall.context.startswith(told.text, line.words)


def test_what_is_far_below_the_best_stays_out() -> None:
    with MemoryManager.open(":memory:") as memory:
        memory.remember(
            Turn(f"Number {n} of the long list of other things.", "Ida", id=str(n), time=START)
            for n in range(40)
        )
        memory.remember(Turn("My kayak is called Selma.", "Ann", id="kayak", time=START))
        recall = memory.recall("What is Ann's kayak called?", gate=False, budget=2000)
    assert "Selma" in recall.context and recall.context.count("\n") < 20
