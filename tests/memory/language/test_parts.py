"""Parts: a long text in pieces that are found on their own."""

from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.memory.language.sentences import parts

SENTENCES = st.lists(st.text("abc defg. !?\n", min_size=1, max_size=80), max_size=60)


@settings(deadline=None)
@given(pieces=SENTENCES, size=st.integers(20, 200), slack=st.integers(0, 100))
def test_parts_cover_the_text_without_gap_or_overlap(
    pieces: list[str], size: int, slack: int
) -> None:
    text = "".join(pieces)
    spans = parts(text, size=size, whole=size + slack)
    assert "".join(text[start:end] for start, end in spans) == text
    assert all(end - start <= size + slack for start, end in spans)


def test_a_short_text_stays_whole() -> None:
    assert parts("One. Two.", size=4, whole=9) == [(0, 9)]


def test_parts_end_at_sentences_where_there_are_any() -> None:
    text = "The first sentence is here. The second one follows. The third ends it all."
    spans = parts(text, size=60, whole=60)
    assert text[slice(*spans[0])].rstrip().endswith("follows.")


def test_a_run_without_spaces_is_cut_all_the_same() -> None:
    assert len(parts("x" * 1000, size=100, whole=100)) >= 10
