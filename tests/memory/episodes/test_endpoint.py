"""Prompt log-probabilities over HTTP: the fake endpoint gives -len(word) / 10 for each."""

import pytest
from openai_server import OpenAIServer
from streams import units_of

from knowhen.memory.episodes import EndpointLikelihood, Unit, make_segmenter
from knowhen.memory.errors import InvalidInput, ModelUnsupported
from knowhen.memory.models.openai import OpenAIChatModel


@pytest.fixture
def model(openai_server: OpenAIServer) -> OpenAIChatModel:
    return OpenAIChatModel("toy", base_url=openai_server.url, retries=0)


@pytest.mark.parametrize("refused", [set(), {"echo"}])
def test_surprisal_is_the_mean_of_the_text_s_own_tokens(
    model: OpenAIChatModel, openai_server: OpenAIServer, refused: set[str]
) -> None:
    openai_server.refused = refused
    likelihood = EndpointLikelihood(model)
    assert likelihood.surprisal("four elephants", context="a b c") == pytest.approx((0.4 + 0.9) / 2)
    assert likelihood.surprisal("a four", context="") == pytest.approx(0.4)


class OddTokens:
    """Spells its tokens otherwise than the text, as byte-level vocabularies do."""

    name = "odd"

    def prompt_logprobs(self, text: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
        words = text.split()
        return tuple("Ġ" + word for word in words), tuple(-float(len(word)) for word in words)


def test_tokens_that_are_spelt_otherwise_are_counted() -> None:
    likelihood = EndpointLikelihood(OddTokens())
    assert likelihood.surprisal("four elephants", context="a b c") == pytest.approx(6.5)


def test_events_begin_at_surprising_turns(model: OpenAIChatModel) -> None:
    texts = ["a cat sat", "so it did", "and it ran", "extraordinarily incomprehensible", "so it is"]
    units = [
        Unit(u.id, u.vector, None, 3, text, "")
        for u, text in zip(units_of([0] * 5), texts, strict=True)
    ]
    segmenter = make_segmenter("endpoint", embedder_name="lexical-16", model=model, threshold=1.0)
    assert [cut.index for cut in segmenter.cut(units)] == [3]


def test_an_endpoint_that_cannot_score_says_so_at_the_start_and_names_the_alternatives(
    model: OpenAIChatModel, openai_server: OpenAIServer
) -> None:
    openai_server.ignored = {"echo", "prompt_logprobs"}
    with pytest.raises(ModelUnsupported, match="cannot score a prompt.*`bocpd`, `window`"):
        make_segmenter("endpoint", embedder_name="lexical-16", model=model)


def test_a_model_without_prompt_log_probabilities_is_refused() -> None:
    with pytest.raises(InvalidInput, match="needs `model=`.*`bocpd`"):
        make_segmenter("endpoint", embedder_name="lexical-16")
