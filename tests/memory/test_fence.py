from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.memory.fence import fenced, unfenced


def test_fenced_text_is_blanked_and_the_rest_stays_in_place() -> None:
    text = f"Before. {fenced('secret')} After."
    plain = unfenced(text)
    assert len(plain) == len(text) and "secret" not in plain
    assert plain.startswith("Before.") and plain.endswith("After.")


def test_a_fence_that_never_closes_reaches_to_the_end() -> None:
    opened = fenced("x").split("x")[0]
    assert unfenced(f"I am here. {opened} not here").split() == ["I", "am", "here."]


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=40), st.text(max_size=40))
def test_text_cannot_break_out_of_its_fence(one: str, two: str) -> None:
    closing = fenced("x").split("x")[1].strip()
    inner = f"{one}{closing}{two}ZEBRA"
    assert "ZEBRA" not in unfenced(fenced(inner))
