import numpy as np
import pytest
from streams import units_of

from knowhen.memory.episodes import Unit, ask_title, describe, event_score, event_vectors
from knowhen.memory.episodes.describe import TITLE_LENGTH, TITLE_PROMPT, shortened
from knowhen.memory.errors import ModelFailed
from knowhen.memory.testing.chat_model import ScriptedChatModel

TEXTS = (
    "Hi!",
    "I adopted a puppy from the shelter on Monday. It was raining all day.",
    "What did you call your puppy?",
    "The shelter named the puppy Biscuit, so Biscuit it is.",
    "Great.",
)


def said(*texts: str) -> list[Unit]:
    made = units_of([0] * len(texts))
    return [Unit(u.id, u.vector, None, 20, t, "Ann") for u, t in zip(made, texts, strict=True)]


def test_a_title_is_the_statement_that_shares_most_with_its_event() -> None:
    assert describe(said(*TEXTS))[0] == "I adopted a puppy from the shelter on Monday."


def test_code_is_no_title() -> None:
    units = said("```python\nputs = shelter(puppy)\n``` The puppy shelter works now.", *TEXTS[1:2])
    assert "```" not in describe(units)[0]


def test_key_turns_are_the_first_and_telling_ones_in_order() -> None:
    keys = describe(said(*TEXTS))[1]
    assert keys[0] == "u0"
    assert {"u1", "u3"} <= set(keys)
    assert "u4" not in keys
    assert list(keys) == sorted(keys)


def test_key_turns_do_not_repeat_each_other() -> None:
    units = said("apples and pears and plums today", *["the trains are all late today"] * 4)
    vectors = np.eye(16, dtype=np.float32)[[1, 0, 0, 0, 0]]
    units = [Unit(u.id, v, None, 20, u.text, "") for u, v in zip(units, vectors, strict=True)]
    assert describe(units, keys=2)[1] == ("u0", "u1")


def test_nothing_and_almost_nothing_can_be_described() -> None:
    assert describe([]) == ("", ())
    assert describe(said("…")) == ("…", ("u0",))
    title, _ = describe(said("word " * 200))
    assert len(title) <= TITLE_LENGTH
    assert title.endswith("…")


def test_a_language_model_writes_one_line() -> None:
    model = ScriptedChatModel('\n"Ann adopts the puppy Biscuit."\nHope that helps!')
    assert ask_title(model, said(*TEXTS)) == "Ann adopts the puppy Biscuit"
    asked = model.history[0][0].content
    assert "Ann: What did you call your puppy?" in asked
    assert asked.startswith(TITLE_PROMPT[:40])


def test_an_empty_answer_falls_back_and_a_failing_model_is_not_hidden() -> None:
    assert ask_title(ScriptedChatModel("\n  \n"), said(*TEXTS)) == describe(said(*TEXTS))[0]
    with pytest.raises(ModelFailed):
        ask_title(ScriptedChatModel(ModelFailed("down")), said(*TEXTS))


def test_an_event_has_its_centroid_and_its_turns_as_vectors() -> None:
    units = said(*TEXTS)
    vectors = event_vectors(units, keys=["u1", "u3"])
    assert vectors.shape == (3, 16)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)
    assert vectors[1] == pytest.approx(units[1].vector)
    assert event_vectors(units).shape == (6, 16)


def test_an_event_is_found_by_its_best_turn() -> None:
    lone = event_vectors(units_of([0, 0, 0, 5], scatter=0.05))
    other = event_vectors(units_of([1, 1, 1, 1], scatter=0.05))
    query = np.eye(16, dtype=np.float32)[5]
    assert event_score(query, lone) > 0.9 > event_score(query, other)


def test_a_shortened_text_ends_at_a_word() -> None:
    assert shortened("one two three", 9) == "one two…"
    assert shortened("one\n two", 9) == "one two"
    assert len(shortened("x" * 50, 9)) == 9
