"""Log-probabilities of a given text, through the completions endpoint."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

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
    """Finds out once which way the endpoint scores a prompt, and keeps to it."""

    def __init__(self, endpoint: Endpoint, model: str) -> None:
        self._endpoint = endpoint
        self._model = model
        self._ways = _WAYS

    def score(self, text: str) -> Scored:
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
        raise ModelUnsupported(f"{self._model!r} cannot score a prompt: {problem}")

    def _send(self, text: str, way: Mapping[str, Any], client: "OpenAI") -> Any:
        return client.completions.create(model=self._model, prompt=text, temperature=0, **way)


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
