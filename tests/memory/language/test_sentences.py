import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.memory.language.sentences import sentences


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I went home. Then I slept!", ["I went home.", "Then I slept!"]),
        ("Really?! Yes.", ["Really?!", "Yes."]),
        ("Ask Dr. Smith, e.g. today. Fine.", ["Ask Dr. Smith, e.g. today.", "Fine."]),
        ("J. K. Rowling wrote it. I read it.", ["J. K. Rowling wrote it.", "I read it."]),
        ("Version 2.3.1 takes 10.5 ms. Good.", ["Version 2.3.1 takes 10.5 ms.", "Good."]),
        ("Well... maybe not.", ["Well... maybe not."]),
        ('She said "Stop." Then she left.', ['She said "Stop."', "Then she left."]),
        ("今天天气很好。你好吗？我很好！", ["今天天气很好。", "你好吗？", "我很好！"]),
        ("मैं घर जा रहा हूँ। तुम कहाँ हो?", ["मैं घर जा रहा हूँ।", "तुम कहाँ हो?"]),
        (
            "1. Buy milk\n2. Call Ann. Soon\n- rest",
            ["1. Buy milk", "2. Call Ann.", "Soon", "- rest"],
        ),
        ("One para\n\nAnother", ["One para", "Another"]),
    ],
)
def test_sentences_end_where_a_reader_would_stop(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_a_code_block_is_one_piece() -> None:
    code = "```py\na = 1. \nb = 2. C\n```"
    assert cut(f"Look here.\n{code}\nDone.") == ["Look here.", code, "Done."]


def test_a_code_block_that_never_closes_reaches_to_the_end() -> None:
    assert cut("See:\n```\nx. Y. Z") == ["See:", "```\nx. Y. Z"]


def test_a_wrapped_line_goes_on() -> None:
    first = "This sentence was wrapped by an editor after many characters and"
    assert cut(f"{first}\ngoes on here.") == [f"{first}\ngoes on here."]


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=200))
def test_spans_are_in_order_trimmed_and_lose_no_letter(text: str) -> None:
    spans = sentences(text)
    assert all(text[a:b] == text[a:b].strip() and a < b for a, b in spans)
    assert all(one[1] <= two[0] for one, two in zip(spans, spans[1:], strict=False))
    kept = "".join(text[a:b] for a, b in spans)
    assert "".join(kept.split()) == "".join(text.split())
