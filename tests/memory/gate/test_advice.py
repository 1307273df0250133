"""Asking a model where the decision is close."""

from dataclasses import replace

import pytest
from two_friends import SAID, turns

from knowhen import MemoryManager
from knowhen.memory.errors import ModelFailed
from knowhen.memory.gate.advice import Advice, Draft, ask_advice, ask_draft, follow, knows
from knowhen.memory.models.base import Completion
from knowhen.memory.records import Decision
from knowhen.memory.testing.chat_model import ScriptedChatModel

NEEDED = {
    "needs_memory": True,
    "needs_fresh_world_fact": False,
    "answerable_alone": 5,
    "queries": ["greyhound called Basil", " ", "pet", "shelter dog", "animal"],
}
CLOSE = Decision("abstain", need=0.9, have=0.15, know=0.0, trust=0.9, personal=True, grey=True)


def advice(*, needed: bool) -> Advice:
    return Advice(needed, needs_fresh_world_fact=False, alone=0.8, queries=())


def test_advice_is_read_from_one_structured_call() -> None:
    model = ScriptedChatModel(NEEDED)
    found = ask_advice(model, "What is her dog called?")
    assert found is not None and found.needs_memory
    assert found.queries == ("greyhound called Basil", "pet", "shelter dog")
    assert found.alone == pytest.approx(0.05)
    assert len(model.history) == 1


def test_a_failing_call_gives_no_advice() -> None:
    assert ask_advice(ScriptedChatModel(ModelFailed("down")), "What?") is None


def test_advice_tips_a_close_decision_only() -> None:
    assert follow(CLOSE, advice(needed=True)).action == "recall"
    assert follow(replace(CLOSE, grey=False), advice(needed=True)).action == "abstain"


def test_a_personal_fact_is_not_handed_to_the_model_by_advice() -> None:
    assert follow(CLOSE, advice(needed=False)).action == "abstain"
    recalled = replace(CLOSE, action="recall")
    assert follow(recalled, advice(needed=False)).action == "recall"
    about_the_world = replace(recalled, personal=False)
    assert follow(about_the_world, advice(needed=False)).action == "parametric"


def test_a_drafts_sureness_is_the_mean_of_its_tokens() -> None:
    model = ScriptedChatModel(Completion("Dante", logprobs=(0.0, -1.0)))
    draft = ask_draft(model, "Who wrote it?")
    assert draft is not None and draft.sureness == pytest.approx(0.6065, abs=1e-3)
    world = replace(CLOSE, personal=False, know=0.2)
    assert knows(world, draft) == pytest.approx((0.2 + 0.6065) / 2, abs=1e-3)
    assert knows(world, Draft("unknown", 0.99)) == 0.0
    assert knows(CLOSE, draft) == 0.0


def test_an_answer_searches_again_in_other_words() -> None:
    read = {
        "notes": [{"id": "t2", "note": "the dog's name", "useful": True}],
        "answerable": True,
        "quotes": [{"id": "t2", "text": "a greyhound called Basil"}],
        "answer": "Basil (t2)",
    }
    model = ScriptedChatModel(NEEDED, read)
    with MemoryManager.open(":memory:", model=model) as memory:
        memory.remember(turns(SAID))
        assert memory.decide("What is the name of Nora's dog?").grey
        answer = memory.answer("What is the name of Nora's dog?")
    assert answer.text == "Basil (t2)"
    assert answer.recall.decision.action == "recall"
    assert model.pending == 0


def test_a_clear_decision_asks_nobody() -> None:
    model = ScriptedChatModel("You're welcome.")
    with MemoryManager.open(":memory:", model=model) as memory:
        memory.remember(turns(SAID))
        assert memory.answer("Thanks, bye!").text == "You're welcome."
    assert model.pending == 0
