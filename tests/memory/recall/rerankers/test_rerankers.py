"""Rerankers: one conformance suite, and what recall makes of them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from knowhen import MemoryManager, Turn
from knowhen.memory.errors import ModelFailed
from knowhen.memory.recall.rerankers import (
    CrossEncoderReranker,
    OverlapReranker,
    Reranker,
)

TEXTS = ["I bake rye bread.", "The greyhound is called Basil.", "Rain again."]
QUERY = "What is the greyhound called?"


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny cross-encoder with random weights, saved like a real one."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("cross-encoder")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "greyhound", "basil", "bread", "the", "is"]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        num_labels=1,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


MAKERS: dict[str, Callable[[Path], Reranker]] = {
    "overlap": lambda folder: OverlapReranker(),
    "cross-encoder": CrossEncoderReranker,
}


@pytest.fixture(params=MAKERS)
def reranker(request: pytest.FixtureRequest, cross_encoder: Path) -> Reranker:
    return MAKERS[request.param](cross_encoder)


def test_every_text_gets_one_finite_number_the_same_each_time(reranker: Reranker) -> None:
    first = list(reranker.relevances(QUERY, TEXTS))
    assert len(first) == len(TEXTS)
    assert first == list(reranker.relevances(QUERY, TEXTS))
    assert all(value == value and abs(value) < 1e6 for value in first)
    assert list(reranker.relevances(QUERY, [])) == []
    assert reranker.name


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFailed, match=str(tmp_path)):
        CrossEncoderReranker(tmp_path)


def told(reranker: Reranker | None) -> MemoryManager:
    memory = MemoryManager.open(":memory:", reranker=reranker)
    start = datetime(2024, 3, 1, tzinfo=UTC)
    memory.remember(
        [Turn(t, "Nora", time=start + timedelta(minutes=i), id=str(i)) for i, t in enumerate(TEXTS)]
    )
    return memory


class Favouring:
    """Finds one text the best, or fails where there is none to favour."""

    name = "favouring"

    def __init__(self, text: str = "") -> None:
        self._text = text

    def relevances(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        if not self._text:
            raise ModelFailed("nothing came back")
        return [float(text == self._text) for text in texts]


def test_the_reranker_decides_who_comes_first() -> None:
    plain = told(None).recall(QUERY, gate=False)
    assert plain.items[0].id == "1"
    reranked = told(Favouring(TEXTS[0])).recall(QUERY, gate=False)
    assert reranked.items[0].id == "0"
    assert sorted(item.score for item in reranked.items) == sorted(i.score for i in plain.items)


def test_a_failing_reranker_is_noted_and_changes_nothing() -> None:
    plain = told(None).recall(QUERY, gate=False)
    failing = told(Favouring()).recall(QUERY, gate=False)
    assert failing.items == plain.items
    assert any("not reranked" in note for note in failing.notes)
