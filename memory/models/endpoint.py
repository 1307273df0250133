"""An endpoint that speaks the OpenAI protocol: one client, and retries."""

import importlib.util
import logging
import os
import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from knowhen.memory.errors import KnowhenError, MissingExtra, ModelFailed

if TYPE_CHECKING:
    import openai

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
