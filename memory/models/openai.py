"""Chat models at OpenAI, or at any endpoint that speaks its protocol."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from knowhen.memory.errors import ModelFailed, ModelUnsupported
from knowhen.memory.models.base import Completion, Message, folded
from knowhen.memory.models.endpoint import Endpoint, Refusal
from knowhen.memory.models.structured import (
    complete_structured,
    is_strict,
    json_schema,
    with_schema,
)

if TYPE_CHECKING:
    from openai import OpenAI

logger = logging.getLogger(__name__)

Structure = Literal["json_schema", "json_object", "text"]

# From the best way to get an object to the one that every endpoint has.
_STRUCTURES: tuple[Structure, ...] = ("json_schema", "json_object", "text")


class OpenAIChatModel:
    """Chat completions of `model` at OpenAI, or at `base_url` (vLLM, Ollama, llama.cpp, ...).

    What the endpoint refuses is asked for in a simpler way: a JSON schema as JSON mode, then as
    an instruction in the text. What worked is remembered.

    Args:
        api_key: None reads OPENAI_API_KEY; endpoints of one's own need none.
        timeout: seconds for one try.
        retries: further tries after a lost connection, a timeout, HTTP 408, 409, 429 or 5xx.
        temperature: None leaves it to the endpoint.

    Raises:
        MissingExtra: the openai package is not installed.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 60.0,
        retries: int = 3,
        temperature: float | None = 0.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = model
        self._endpoint = Endpoint(
            base_url=base_url, api_key=api_key, timeout=timeout, retries=retries, sleep=sleep
        )
        self._temperature = temperature
        self._limit = "max_tokens"
        self._structures = _STRUCTURES

    def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: type[BaseModel] | None = None,
        logprobs: bool = False,
        max_tokens: int | None = None,
    ) -> Completion:
        settings: dict[str, Any] = {"logprobs": True} if logprobs else {}
        if schema is None:
            try:
                return self._ask(messages, settings, max_tokens)
            except Refusal as refusal:
                raise self._refused(refusal, logprobs) from refusal
        return self._complete_structured(messages, schema, settings, max_tokens)

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int | None = None
    ) -> Iterator[str]:
        """Pieces of the answer's text as they come; only the start is retried.

        Raises:
            ModelFailed: no answer after retries, or it broke off.
        """
        import openai

        try:
            pieces = self._request(messages, {"stream": True}, max_tokens)
            for piece in pieces:
                if piece.choices and piece.choices[0].delta.content:
                    yield piece.choices[0].delta.content
        except Refusal as refusal:
            raise self._refused(refusal, logprobs=False) from refusal
        except (openai.APIError, ValueError, OSError) as error:
            raise ModelFailed(f"the answer of {self.name!r} broke off: {error}") from error

    def _complete_structured(
        self,
        messages: Sequence[Message],
        schema: type[BaseModel],
        settings: Mapping[str, Any],
        max_tokens: int | None,
    ) -> Completion:
        for place, structure in enumerate(self._structures):
            asked = messages if structure == "json_schema" else with_schema(messages, schema)
            wanted = {**settings, **_response_format(structure, schema)}

            def ask(asked: list[Message], wanted: Mapping[str, Any] = wanted) -> Completion:
                return self._ask(asked, wanted, max_tokens)

            try:
                completion = complete_structured(ask, asked, schema)
            except Refusal as refusal:
                if structure == self._structures[-1]:
                    raise self._refused(refusal, "logprobs" in settings) from refusal
                logger.info("%s refuses %s: %s", self.name, structure, refusal)
                continue
            self._structures = self._structures[place:]
            return completion
        raise AssertionError("unreachable")

    def _ask(
        self, messages: Sequence[Message], settings: Mapping[str, Any], max_tokens: int | None
    ) -> Completion:
        answer = self._request(messages, settings, max_tokens)
        choices = getattr(answer, "choices", None)
        if not choices:
            raise ModelFailed(f"{self.name!r} answered without a choice")
        choice, usage = choices[0], answer.usage
        scored = choice.logprobs.content if choice.logprobs else None
        if "logprobs" in settings and not scored:
            raise ModelUnsupported(f"{self.name!r} gives no log-probabilities")
        return Completion(
            text=choice.message.content or "",
            tokens=tuple(token.token for token in scored or ()),
            logprobs=tuple(token.logprob for token in scored or ()),
            prompt_tokens=usage.prompt_tokens if usage else 0,
            completion_tokens=usage.completion_tokens if usage else 0,
        )

    def _request(
        self, messages: Sequence[Message], settings: Mapping[str, Any], max_tokens: int | None
    ) -> Any:
        while True:
            wanted = dict(settings)
            if self._temperature is not None:
                wanted["temperature"] = self._temperature
            if max_tokens is not None:
                wanted[self._limit] = max_tokens

            def request(client: "OpenAI", wanted: Mapping[str, Any] = wanted) -> Any:
                return client.chat.completions.create(
                    model=self.name,
                    messages=[{"role": m.role, "content": m.content} for m in folded(messages)],  # type: ignore[misc]
                    **wanted,
                )

            try:
                return self._endpoint.call(request)
            except Refusal as refusal:
                if not self._adapted(str(refusal), wanted):
                    raise

    def _adapted(self, refusal: str, wanted: Mapping[str, Any]) -> bool:
        """Drop or rename the parameter that the endpoint complains about, for good."""
        if "max_tokens" in wanted and "max_completion_tokens" in refusal:
            self._limit = "max_completion_tokens"
            return True
        if "temperature" in wanted and "temperature" in refusal:
            self._temperature = None
            return True
        return False

    def _refused(self, refusal: Refusal, logprobs: bool) -> ModelFailed:
        if logprobs and "logprob" in str(refusal):
            return ModelUnsupported(f"{self.name!r} gives no log-probabilities: {refusal}")
        return ModelFailed(f"{self.name!r} refused the request: {refusal}")


def _response_format(structure: Structure, schema: type[BaseModel]) -> dict[str, Any]:
    if structure == "json_schema":
        form = {"name": "answer", "schema": json_schema(schema), "strict": is_strict(schema)}
        return {"response_format": {"type": "json_schema", "json_schema": form}}
    return {"response_format": {"type": structure}} if structure == "json_object" else {}
