"""An endpoint that speaks the OpenAI protocol: one client, retries, and scores of a given text."""

import importlib.util
import logging
import os
import time
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

from knowhen.memory.errors import KnowhenError, MissingExtra, ModelFailed, ModelUnsupported

if TYPE_CHECKING:
    import openai
    from openai import OpenAI

logger = logging.getLogger(__name__)

T = TypeVar("T")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0  # seconds

# The request as such is not accepted: asking again is useless, asking for less may help.
_REFUSED = frozenset({400, 404, 405, 415, 422, 501})
_PASSING = frozenset({408, 409, 429})


class Refusal(Exception):
    """The endpoint does not accept this request; whoever asked may ask in a simpler way."""


class Endpoint:
    """Calls through the openai package, which is imported at the first call.

    Args:
        timeout: seconds for one try.
        retries: further tries after a lost connection, a timeout, HTTP 408, 409, 429 or 5xx.
        failure: the error that a caller of this endpoint expects.

    Raises:
        MissingExtra: the openai package is not installed.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 60.0,
        retries: int = 3,
        sleep: Callable[[float], None] = time.sleep,
        failure: type[KnowhenError] = ModelFailed,
    ) -> None:
        if importlib.util.find_spec("openai") is None:
            raise MissingExtra("openai", "openai")
        self._base_url = base_url
        self._api_key = api_key
        self._timeout = timeout
        self._retries = retries
        self._sleep = sleep
        self._failure = failure

    @cached_property
    def client(self) -> "openai.OpenAI":
        import openai

        key = self._api_key or os.environ.get("OPENAI_API_KEY")
        own = self._base_url or os.environ.get("OPENAI_BASE_URL")
        if not key and not own:
            raise self._failure(
                "no API key; set OPENAI_API_KEY, or pass api_key=, or base_url= of a local server"
            )
        return openai.OpenAI(
            api_key=key or "none",
            base_url=self._base_url,
            timeout=self._timeout,
            max_retries=0,  # we retry ourselves, so that tests need not wait
        )

    def call(self, request: Callable[["openai.OpenAI"], T]) -> T:
        """The answer to the request, after retries where they may help.

        Raises:
            Refusal: the endpoint does not accept the request as it is.
            KnowhenError: `failure`, for everything else.
        """
        import openai

        client = self.client
        for attempt in range(self._retries + 1):
            try:
                return request(client)
            except openai.APIStatusError as error:
                problem: Exception = error
                if error.status_code in _REFUSED:
                    raise Refusal(_words(error)) from error
                if error.status_code < 500 and error.status_code not in _PASSING:
                    break
            except (openai.APIError, ValueError) as error:  # ValueError: the body is not JSON
                problem = error
            if attempt < self._retries:
                pause = _pause(attempt, problem)
                logger.info("%s; trying again in %.1f s", _words(problem), pause)
                self._sleep(pause)
        raise self._failure(f"{client.base_url} failed: {_words(problem)}") from problem


def _pause(attempt: int, problem: Exception) -> float:
    """Seconds to wait: doubling, or what the endpoint asks for."""
    response = getattr(problem, "response", None)
    asked = response.headers.get("retry-after", "") if response is not None else ""
    wanted = float(asked) if asked.isdigit() else _FIRST_PAUSE * 2.0**attempt
    return min(wanted, _LONGEST_PAUSE)


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


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
