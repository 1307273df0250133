"""Prompt log-probabilities over HTTP: the fake endpoint gives -len(word) / 10 for each."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai_server import OpenAIServer
from streams import units_of

from knowhen.memory.episodes import Unit, make_segmenter
from knowhen.memory.errors import ModelUnsupported
from knowhen.memory.models.endpoint import Endpoint

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
Scorer = Any
"""A `PromptScorer`, which can be imported inside a test only."""


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "methods"]:
        del sys.modules[name]


@pytest.fixture
def scorer(openai_server: OpenAIServer) -> Scorer:
    from methods.endpoint import PromptScorer

    return PromptScorer(Endpoint(base_url=openai_server.url, retries=0), "toy")


@pytest.mark.parametrize("style", ["echo", "vllm"])
def test_a_prompt_is_scored_and_the_way_is_found_once(
    scorer: Scorer, openai_server: OpenAIServer, style: str
) -> None:
    if style == "vllm":
        openai_server.refused = {"echo"}
    for _ in range(2):
        tokens, logprobs = scorer.prompt_logprobs("the cat sat")
        assert tokens == ("the", " cat", " sat")
        assert logprobs == pytest.approx((0.0, -0.3, -0.3))
    assert len(openai_server.requests) == (2 if style == "echo" else 4)


def test_an_endpoint_that_cannot_score_is_asked_only_once(
    scorer: Scorer, openai_server: OpenAIServer
) -> None:
    openai_server.ignored = {"echo", "prompt_logprobs"}
    for _ in range(2):
        with pytest.raises(ModelUnsupported, match="cannot score a prompt"):
            scorer.prompt_logprobs("the cat sat")
    assert len(openai_server.requests) == 3


@pytest.mark.parametrize("refused", [set(), {"echo"}])
def test_surprisal_is_the_mean_of_the_text_s_own_tokens(
    scorer: Scorer, openai_server: OpenAIServer, refused: set[str]
) -> None:
    from methods.endpoint import EndpointLikelihood

    openai_server.refused = refused
    likelihood = EndpointLikelihood(scorer)
    assert likelihood.surprisal("four elephants", context="a b c") == pytest.approx((0.4 + 0.9) / 2)
    assert likelihood.surprisal("a four", context="") == pytest.approx(0.4)


class OddTokens:
    """Spells its tokens otherwise than the text, as byte-level vocabularies do."""

    name = "odd"

    def prompt_logprobs(self, text: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
        words = text.split()
        return tuple("Ġ" + word for word in words), tuple(-float(len(word)) for word in words)


def test_tokens_that_are_spelt_otherwise_are_counted() -> None:
    from methods.endpoint import EndpointLikelihood

    likelihood = EndpointLikelihood(OddTokens())
    assert likelihood.surprisal("four elephants", context="a b c") == pytest.approx(6.5)


def test_events_begin_at_surprising_turns(scorer: Scorer) -> None:
    from methods.endpoint import EndpointLikelihood

    texts = ["a cat sat", "so it did", "and it ran", "extraordinarily incomprehensible", "so it is"]
    units = [
        Unit(u.id, u.vector, None, 3, text, "")
        for u, text in zip(units_of([0] * 5), texts, strict=True)
    ]
    segmenter = make_segmenter(
        "lm", embedder_name="lexical-16", likelihood=EndpointLikelihood(scorer), threshold=1.0
    )
    assert [cut.index for cut in segmenter.cut(units)] == [3]
