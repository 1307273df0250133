import numpy as np
import pytest
from streams import units_of

from knowhen.memory.episodes import Constant, Unit, make_segmenter
from knowhen.memory.episodes.likelihood import TokenScorer


class WordLikelihood:
    """Every word costs 4 nats, and 1 if the context has it; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def surprisal(self, text: str, *, context: str) -> float:
        self.asked.append((text, context))
        known = set(context.split())
        return float(np.mean([1 if word in known else 4 for word in text.split()]))


def said(*texts: str) -> list[Unit]:
    made = units_of([0] * len(texts))
    return [Unit(u.id, u.vector, None, 20, text, "") for u, text in zip(made, texts, strict=True)]


TALK = said("a b c", "b c a", "c a b", "x y z", "y z x", "z x y")


def test_a_turn_of_new_words_begins_an_event() -> None:
    segmenter = make_segmenter(
        "lm", embedder_name="lexical-16", likelihood=WordLikelihood(), threshold=3.0
    )
    assert [(c.index, c.surprise) for c in segmenter.cut(TALK)] == [(3, 4.0)]


def test_relative_surprisal_takes_off_what_the_words_cost_alone() -> None:
    scorer = TokenScorer(WordLikelihood(), threshold=Constant(0.0), relative=True)
    values = scorer.score(TALK, opened=0).value
    assert values[1:5] == pytest.approx([-3, -3, 0, -3])


def test_the_context_holds_the_turns_before_and_the_model_is_asked_once_a_turn() -> None:
    model = WordLikelihood()
    segmenter = make_segmenter("lm", embedder_name="lexical-16", likelihood=model, threshold=99.0)
    for newest in range(1, len(TALK) + 1):
        segmenter.cut(TALK[:newest])
    assert len(model.asked) == len(set(model.asked)) == len(TALK) - 2
    assert model.asked[-1] == ("y z x", "a b c\nb c a\nc a b\nx y z")
