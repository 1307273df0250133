"""EM-LLM's rule, token surprisal, and a tiny causal language model made here."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import units_of
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from knowhen.memory.episodes import CausalLanguageModel, Constant, Trailing, Unit, make_segmenter
from knowhen.memory.episodes.lm import TokenScorer

VALUES = st.lists(st.floats(-50, 50), min_size=1, max_size=60)


@settings(deadline=None, max_examples=60)
@given(VALUES, st.integers(2, 20), st.floats(0, 3))
def test_trailing_is_the_mean_and_deviation_of_what_came_before(
    values: list[float], window: int, gamma: float
) -> None:
    value = np.round(np.array(values), 2)
    found = Trailing(gamma=gamma, window=window, least=2).apply(value).proposed
    for index in range(len(value)):
        before = value[max(0, index - window) : index]
        if len(before) < 2 or before.std() < 1e-6:
            assert not found[index]
        else:
            excess = value[index] - before.mean() - gamma * before.std()
            assert found[index] == (excess >= 0) or abs(excess) < 1e-5


def test_trailing_ignores_what_has_no_value() -> None:
    value = np.array([np.nan, 1, 2, 1, 2, np.nan, 9, 1])
    assert np.flatnonzero(Trailing(least=4).apply(value).proposed).tolist() == [6]


def test_a_constant_is_even_odds_at_its_own_value() -> None:
    found = Constant(2.0, 0.5).apply(np.array([np.nan, 1.9, 2.0, 2.5]))
    assert found.proposed.tolist() == [False, False, True, True]
    assert found.probability[2] == 0.5
    assert found.probability[3] == pytest.approx(1 / (1 + np.exp(-1)))


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


TOPICS = ("red rose tulip petal garden", "iron bolt rivet girder crane")
WORDS = ["<s>", "<unk>", *" ".join(TOPICS).split()]


@pytest.fixture(scope="module")
def model() -> tuple[GPT2LMHeadModel, PreTrainedTokenizerFast]:
    """Trained for a moment to stay on a topic: a word is followed by one of its own topic."""
    words = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = WhitespaceSplit()  # type: ignore[assignment]
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, bos_token="<s>", unk_token="<unk>", eos_token="<s>"
    )
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=len(WORDS),
        n_positions=32,
        n_embd=16,
        n_layer=1,
        n_head=2,
        bos_token_id=0,
        eos_token_id=0,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
    )
    network = GPT2LMHeadModel(config)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.03)
    rng = np.random.default_rng(0)
    for _ in range(60):
        rows = [
            [
                0,
                *(
                    tokenizer.convert_tokens_to_ids(w)
                    for w in rng.choice(TOPICS[n % 2].split(), 15)
                ),
            ]
            for n in range(16)
        ]
        batch = torch.tensor(rows)
        loss = network(input_ids=batch, labels=batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network, tokenizer


def test_surprisal_is_the_mean_over_the_text_s_own_tokens(
    model: tuple[GPT2LMHeadModel, PreTrainedTokenizerFast],
) -> None:
    network, tokenizer = model
    ids = [0, *tokenizer("red rose iron bolt")["input_ids"]]
    with torch.inference_mode():
        logs = network(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
    expected = -np.mean([float(logs[i - 1, ids[i]]) for i in (3, 4)])
    found = CausalLanguageModel(network, tokenizer).surprisal("iron bolt", context="red rose")
    assert found == pytest.approx(expected, abs=1e-5)


def test_a_text_on_the_context_s_topic_surprises_less(
    model: tuple[GPT2LMHeadModel, PreTrainedTokenizerFast],
) -> None:
    language = CausalLanguageModel(*model)
    near = language.surprisal("petal tulip", context="red rose")
    far = language.surprisal("crane rivet", context="red rose")
    assert near + 1 < far


def test_long_texts_and_contexts_fit_and_no_tokens_have_no_surprisal(
    model: tuple[GPT2LMHeadModel, PreTrainedTokenizerFast],
) -> None:
    language = CausalLanguageModel(*model)
    long = "red " * 100
    assert math.isfinite(language.surprisal(long, context=long))
    assert language.surprisal("rose", context=long) < language.surprisal("bolt", context=long)
    assert math.isnan(language.surprisal("   ", context="red"))


def test_a_folder_is_read_without_a_network(
    model: tuple[GPT2LMHeadModel, PreTrainedTokenizerFast], tmp_path: Path
) -> None:
    for part in model:
        part.save_pretrained(tmp_path)
    read, given = CausalLanguageModel(tmp_path), CausalLanguageModel(*model)
    question = {"text": "crane rivet", "context": "red rose"}
    assert read.surprisal(**question) == pytest.approx(given.surprisal(**question))


def test_an_event_begins_where_the_model_is_surprised(
    model: tuple[GPT2LMHeadModel, PreTrainedTokenizerFast],
) -> None:
    rng = np.random.default_rng(1)
    texts = [" ".join(rng.choice(TOPICS[n // 6 % 2].split(), 3)) for n in range(18)]
    units = [
        Unit(u.id, u.vector, None, 3, text, "")
        for u, text in zip(units_of([0] * 18), texts, strict=True)
    ]
    language = CausalLanguageModel(*model)
    segmenter = make_segmenter(
        "lm", embedder_name="lexical-16", likelihood=language, relative=True, threshold=0.3
    )
    assert [cut.index for cut in segmenter.cut(units)][:2] == [6, 12]
