import numpy as np
from streams import units_of

from knowhen.memory.episodes import Unit, describe
from knowhen.memory.episodes.describe import TITLE_LENGTH, shortened

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


def test_a_shortened_text_ends_at_a_word() -> None:
    assert shortened("one two three", 9) == "one two…"
    assert shortened("one\n two", 9) == "one two"
    assert len(shortened("x" * 50, 9)) == 9


def test_a_title_names_things_before_what_only_reacts_to_them() -> None:
    units = said(
        "I signed up for a pottery class in Bergen yesterday.",
        "Wow, that sounds awesome, a pottery class!",
        "Yes, pottery class is awesome!",
    )
    assert describe(units)[0] == "I signed up for a pottery class in Bergen yesterday."


def test_the_caption_of_a_picture_is_no_title() -> None:
    units = said(
        "Look at this\n[photo: a dog on a beach in Porto]", "We walked to the old harbour."
    )
    assert describe(units)[0] == "We walked to the old harbour."
