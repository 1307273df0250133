"""Decisions as a user meets them, one conversation for each action."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from two_friends import turns

from knowhen import Document, MemoryManager, Turn


@pytest.mark.parametrize(
    "query",
    [
        "What dog did Nora adopt?",
        "Which marathon is Ivo training for?",
        "Where does Nora work?",
        "What happened to Ivo's car?",
        "Tell me about Nora",
        "Do you remember what Petra does?",
    ],
)
def test_what_was_said_is_recalled(memory: MemoryManager, query: str) -> None:
    decision = memory.decide(query)
    assert decision.action == "recall"
    assert decision.depth != "none"
    assert memory.recall(query).context


@pytest.mark.parametrize(
    "query", ["Thanks, bye!", "Good morning!", "Wow, that is great", "Translate this: guten Tag"]
)
def test_talk_for_its_own_sake_skips_memory(memory: MemoryManager, query: str) -> None:
    assert memory.decide(query).action == "skip"
    assert memory.recall(query).context == ""


@pytest.mark.parametrize(
    "query", ["What is the capital of France?", "Who won the world cup in 2010?"]
)
def test_a_question_about_the_world_is_left_to_the_model(memory: MemoryManager, query: str) -> None:
    decision = memory.decide(query)
    assert decision.action == "parametric"
    assert decision.know > 0


def test_a_detail_that_is_not_here_goes_out_as_a_hint(memory: MemoryManager) -> None:
    recall = memory.recall("What is Nora's blood type?")
    assert (recall.decision.action, recall.decision.depth) == ("recall", "hint")
    assert recall.decision.know == 0.0
    assert recall.context


def test_a_fact_about_somebody_unknown_is_never_guessed(memory: MemoryManager) -> None:
    decision = memory.decide("What is Caroline's blood type?")
    assert decision.action == "abstain"
    assert decision.know == 0.0


@pytest.mark.parametrize(
    ("query", "other"),
    [
        ("Where does Nora work?", "Where does Ivo work?"),
        ("What dog did Nora adopt?", "What dog did Ivo adopt?"),
        ("What does Ivo bake on Sundays?", "What does Nora bake on Sundays?"),
    ],
)
def test_the_right_topic_under_the_wrong_name_counts_for_less(
    memory: MemoryManager, query: str, other: str
) -> None:
    assert memory.decide(query).have > 2 * memory.decide(other).have
    assert memory.decide(other).depth == "hint"


def test_somebody_may_be_told_about_by_the_other() -> None:
    said = [
        ("Ada", "How did your pottery class go, did you finish the blue teapot?"),
        ("Bea", "Yes! It survived the kiln."),
        ("Ada", "I spent the evening repairing my bicycle."),
        ("Bea", "Nice, mine needs new brakes."),
    ]
    with MemoryManager.open(":memory:") as memory:
        memory.remember(turns(said))
        asked, exchanged = (
            memory.decide(f"Which teapot did {name} finish in the pottery class?")
            for name in ("Bea", "Ada")
        )
    assert asked.action == "recall"
    assert asked.have > exchanged.have


def test_an_assistant_remembers_its_user() -> None:
    said = [
        ("user", "I am allergic to walnuts and my daughter Lena plays the oboe."),
        ("assistant", "Noted, no walnuts then."),
        ("user", "We moved the meeting with the architect to Thursday."),
        ("assistant", "I will keep Thursday in mind."),
    ]
    with MemoryManager.open(":memory:") as memory:
        memory.remember(turns(said, role="as given"))
        assert memory.decide("What am I allergic to?").action == "recall"
        assert memory.decide("Which instrument does Lena play?").action == "recall"
        assert memory.decide("What is my passport number?").depth == "hint"
        assert memory.decide("How tall is Mount Everest?").action == "parametric"
        assert memory.decide("Can you recommend a good novel?").action == "parametric"


def test_learned_documents_answer_questions_about_the_world() -> None:
    with MemoryManager.open(":memory:") as memory:
        memory.learn(
            [
                Document("Harbour rules", "Ships over forty metres need a pilot at Sines."),
                Document("The pier", "The pier of Sines was built in 1971 by Ramiro Vaz."),
            ]
        )
        assert memory.decide("Who built the pier of Sines?").action == "recall"
        assert memory.decide("Who wrote the Divine Comedy?").action == "parametric"


def test_an_empty_memory_recalls_nothing() -> None:
    with MemoryManager.open(":memory:") as memory:
        assert memory.decide("Where do I live?").action == "abstain"
        assert memory.decide("What is the boiling point of water?").action == "parametric"
        assert memory.decide("Hello!").action == "skip"
        assert "the memory is empty" in memory.decide("Where do I live?").reasons


def test_every_decision_says_why_in_words(memory: MemoryManager) -> None:
    recalled = memory.decide("What dog did Nora adopt?")
    assert "it names Nora, whom this memory knows" in recalled.reasons
    hinted = memory.decide("Where does Ivo work?")
    assert "somebody else speaks of it more than Ivo" in hinted.reasons
    assert hinted.reasons[-1].endswith("perhaps not the detail that is asked for")
    abstained = memory.decide("What is Caroline's blood type?")
    assert "it is personal, and personal facts are never guessed" in abstained.reasons
    assert "it is small talk" in memory.decide("Thanks!").reasons


def test_the_counterfactual_names_what_would_have_turned_it(memory: MemoryManager) -> None:
    abstained = memory.decide("What is Nora's blood type?")
    told = re.fullmatch(
        r"would recall if one passage held (\d+)% of what it asks about instead of (\d+)%",
        abstained.counterfactual,
    )
    assert told is not None
    memory.remember(Turn("My blood type is zero negative.", speaker="Nora"))
    after = memory.decide("What is Nora's blood type?")
    assert after.action == "recall"
    assert float(told[2]) < float(told[1]) <= 100 * after.features["best"]
    assert abstained.moved
    assert set(name.split(": ")[1] for name in abstained.moved) <= set(abstained.features)
    assert memory.decide("Thanks!").counterfactual == ""


@settings(deadline=None, max_examples=40)
@given(query=st.text(min_size=1, max_size=80).filter(str.strip))
def test_any_query_gets_four_probabilities(query: str) -> None:
    with MemoryManager.open(":memory:") as memory:
        memory.remember(turns([("Nora", "I moved to Lisbon."), ("Ivo", "How is it?")]))
        decision = memory.decide(query)
    for value in (decision.need, decision.have, decision.know, decision.trust):
        assert 0.0 <= value <= 1.0
    assert not (decision.personal and decision.action == "parametric")
