"""Token surprisal from an endpoint that scores prompts (vLLM, llama.cpp, legacy completions)."""

import math
from typing import Protocol, runtime_checkable

from knowhen.memory.errors import ModelUnsupported


@runtime_checkable
class PromptModel(Protocol):
    """A chat model that can also score a given text, such as `OpenAIChatModel`."""

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
