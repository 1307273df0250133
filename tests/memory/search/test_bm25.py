"""BM25 over parts, windows and events."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.memory.search.bm25 import TermCounts, bm25, idf
from knowhen.memory.view.corpus import NONE, Corpus

WORDS = ["oak", "elm", "fig"]


def corpus_of(texts: list[list[str]], sessions: list[int]) -> tuple[Corpus, TermCounts]:
    """A corpus of parts with those terms, and the counts of all words in it."""
    corpus = Corpus()
    size = len(texts)
    corpus.part_id = np.arange(1, size + 1)
    corpus.length = np.array([len(text) for text in texts], float)
    corpus.before, corpus.after = np.full(size, NONE), np.full(size, NONE)
    last: dict[int, int] = {}
    for part, session in enumerate(sessions):
        if session in last:
            corpus.before[part], corpus.after[last[session]] = last[session], part
        last[session] = part
    postings = {}
    for word in WORDS:
        found = [i for i, text in enumerate(texts) if word in text]
        if found:
            counts = np.array([texts[i].count(word) for i in found])
            postings[word] = (corpus.part_id[found], counts)
    return corpus, TermCounts(corpus, postings, WORDS)


TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=4), min_size=1, max_size=9)


@settings(deadline=None)
@given(texts=TEXTS, radius=st.integers(0, 3), data=st.data())
def test_a_window_is_the_sum_of_its_parts_within_the_session(
    texts: list[list[str]], radius: int, data: st.DataObject
) -> None:
    sessions = [data.draw(st.integers(0, 2)) for _ in texts]
    _, counts = corpus_of(texts, sessions)
    found, lengths = counts.window(radius)
    for part, session in enumerate(sessions):
        same = [i for i, other in enumerate(sessions) if other == session]
        place = same.index(part)
        inside = same[max(0, place - radius) : place + radius + 1]
        assert lengths[part] == sum(len(texts[i]) for i in inside)
        for row, word in enumerate(counts.terms):
            assert found[row, part] == sum(texts[i].count(word) for i in inside)


def test_rare_terms_weigh_more_and_longer_texts_less() -> None:
    counts = np.array([[1.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    weights = idf(counts)
    assert weights[1] > weights[0] > 0
    scores = bm25(counts, np.array([3.0, 3.0, 9.0, 3.0]))
    assert scores[0] > scores[1] > scores[2] > scores[3] == 0


def test_the_formula_is_the_textbook_one() -> None:
    counts = np.array([[2.0, 0.0]])
    scores = bm25(counts, np.array([4.0, 2.0]), k1=1.2, b=0.75)
    weight = np.log1p((2 - 1 + 0.5) / (1 + 0.5))
    norm = 1.2 * (1 - 0.75 + 0.75 * 4 / 3)
    assert scores[0] == pytest.approx(weight * 2 * 2.2 / (2 + norm))


def test_groups_leave_out_parts_without_one() -> None:
    _, counts = corpus_of([["oak"], ["oak", "elm"], ["fig"]], [0, 0, 0])
    found, lengths = counts.groups(np.array([0, 0, NONE]))
    assert found.tolist() == [[2.0], [1.0], [0.0]]
    assert lengths.tolist() == [3.0]
