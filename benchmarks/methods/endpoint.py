"""Token surprisal from an endpoint that scores prompts (vLLM, llama.cpp, legacy completions).

Most chat endpoints score only what they generate themselves, so the product does without.
"""

import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from knowhen.memory.errors import ModelUnsupported
from knowhen.memory.models.endpoint import Endpoint, Refusal

if TYPE_CHECKING:
    from openai import OpenAI

Scored = tuple[tuple[str, ...], tuple[float, ...]]

# Servers differ in what they take: some refuse to generate nothing, vLLM has its own field.
_WAYS: tuple[Mapping[str, Any], ...] = (
    {"echo": True, "logprobs": 1, "max_tokens": 0},
    {"echo": True, "logprobs": 1, "max_tokens": 1},
    {"max_tokens": 1, "extra_body": {"prompt_logprobs": 0}},
)


class PromptScorer:
    """Scores prompts over HTTP: finds out once which way the endpoint takes, and keeps to it."""

    def __init__(self, endpoint: Endpoint, model: str) -> None:
        self.name = model
        self._endpoint = endpoint
        self._ways = _WAYS

    def prompt_logprobs(self, text: str) -> Scored:
        """Tokens of the text and their log-probabilities; 0 for the first.

        Raises:
            ModelUnsupported: the endpoint has no way to score a prompt.
        """
        problem = "no log-probabilities came back"
        for way in self._ways:
            try:
                answer = self._endpoint.call(partial(self._send, text, way))
            except Refusal as refusal:
                problem = str(refusal)
                continue
            scored = _read(answer, text)
            if scored is not None:
                self._ways = (way,)
                return scored
        if len(self._ways) == len(_WAYS):
            self._ways = ()
        raise ModelUnsupported(f"{self.name!r} cannot score a prompt: {problem}")

    def _send(self, text: str, way: Mapping[str, Any], client: "OpenAI") -> Any:
        return client.completions.create(model=self.name, prompt=text, temperature=0, **way)


def _read(answer: Any, text: str) -> Scored | None:
    choices = getattr(answer, "choices", None)
    if not choices:
        return None
    own = getattr(choices[0], "prompt_logprobs", None)
    if own:
        return _read_vllm(own, text)
    logprobs = choices[0].logprobs
    if logprobs is None or not logprobs.tokens or not logprobs.token_logprobs:
        return None
    tokens: list[str] = []
    length = 0
    for token in logprobs.tokens:  # what was generated comes after the text's own characters
        if length >= len(text):
            break
        tokens.append(token)
        length += len(token)
    values = logprobs.token_logprobs[: len(tokens)]
    if length < len(text) or len(values) < len(tokens):
        return None  # the prompt was not echoed
    return tuple(tokens), tuple(value or 0.0 for value in values)


def _read_vllm(own: list[Mapping[str, Mapping[str, Any]] | None], text: str) -> Scored:
    """vLLM gives one mapping of token id to details a token, and None for the first."""
    tokens: list[str] = []
    values: list[float] = []
    for place in own:
        details = next(iter(place.values())) if place else {}
        tokens.append(str(details.get("decoded_token") or ""))
        values.append(float(details.get("logprob") or 0.0))
    rest = "".join(tokens[1:])
    if not tokens[0] and text.endswith(rest):
        tokens[0] = text[: len(text) - len(rest)]
    return tuple(tokens), tuple(values)


class PromptModel(Protocol):
    """Something that can score a given text, such as `PromptScorer`."""

    @property
    def name(self) -> str: ...

    def prompt_logprobs(self, text: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
        """The text's tokens, and each one's log-probability given those before."""
        ...


class EndpointLikelihood:
    """Says how likely a text is after a context, by one request over both.

    Finds out at the start whether the endpoint can do it: most chat endpoints score only what
    they generate themselves.

    Raises:
        ModelUnsupported: the endpoint has no way to score a prompt.
        ModelFailed: the endpoint did not answer.
    """

    def __init__(self, model: PromptModel) -> None:
        self._model = model
        tokens, values = model.prompt_logprobs("Can you score this sentence?")
        if len(tokens) < 2 or not any(values):
            raise ModelUnsupported(f"{model.name!r} gave no log-probabilities for a prompt")

    def surprisal(self, text: str, *, context: str) -> float:
        before = context + "\n" if context else ""
        tokens, values = self._model.prompt_logprobs(before + text)
        first = self._first(tokens, before, text)
        own = values[max(first, 1) :]  # the value of the very first token is not a probability
        return -sum(own) / len(own) if own else math.nan

    def _first(self, tokens: tuple[str, ...], before: str, text: str) -> int:
        """Index of the text's first token."""
        if not before:
            return 0
        if "".join(tokens) == before + text:
            length = 0
            for index, token in enumerate(tokens):
                length += len(token)
                if length > len(before):
                    return index
        # The tokens are not written as the text is: count those of the context alone.
        return min(len(self._model.prompt_logprobs(before)[0]), len(tokens) - 1)
