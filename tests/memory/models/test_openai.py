import time

import pytest
from openai_server import Failure, OpenAIServer
from pydantic import BaseModel, ConfigDict

from knowhen.memory.errors import ModelFailed, ModelUnsupported
from knowhen.memory.models.base import Message
from knowhen.memory.models.openai import OpenAIChatModel
from knowhen.memory.models.structured import json_schema

QUESTION = [Message("user", "Where is it?")]


class City(BaseModel):
    model_config = ConfigDict(extra="forbid")

    city: str


class Pauses(list[float]):
    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def model(openai_server: OpenAIServer, pauses: Pauses) -> OpenAIChatModel:
    return OpenAIChatModel("toy", base_url=openai_server.url, sleep=pauses)


def test_the_request_carries_messages_and_settings(
    model: OpenAIChatModel, openai_server: OpenAIServer
) -> None:
    completion = model.complete(QUESTION, max_tokens=7)
    assert completion.text == "Where is it?"
    assert completion.completion_tokens == 3
    assert completion.prompt_tokens > 0
    body = openai_server.bodies("/chat/completions")[0]
    assert body["messages"] == [{"role": "user", "content": "Where is it?"}]
    assert (body["max_tokens"], body["temperature"], body["model"]) == (7, 0.0, "toy")


def test_logprobs_come_with_their_tokens(
    model: OpenAIChatModel, openai_server: OpenAIServer
) -> None:
    openai_server.enqueue("in Rome")
    completion = model.complete(QUESTION, logprobs=True)
    assert completion.tokens == ("in", " Rome")
    assert completion.logprobs == pytest.approx((-0.2, -0.4))


@pytest.mark.parametrize("way", ["ignored", "refused"])
def test_an_endpoint_without_logprobs_is_named(
    model: OpenAIChatModel, openai_server: OpenAIServer, way: str
) -> None:
    getattr(openai_server, way).add("logprobs")
    with pytest.raises(ModelUnsupported, match="log-probabilities"):
        model.complete(QUESTION, logprobs=True)


def test_a_passing_failure_is_retried_with_growing_pauses(
    model: OpenAIChatModel, openai_server: OpenAIServer, pauses: Pauses
) -> None:
    openai_server.enqueue(Failure(500), Failure(503), Failure(502), "at last")
    assert model.complete(QUESTION).text == "at last"
    assert pauses == [0.5, 1.0, 2.0]


def test_the_pause_that_the_endpoint_asks_for_is_kept(
    model: OpenAIChatModel, openai_server: OpenAIServer, pauses: Pauses
) -> None:
    openai_server.enqueue(Failure(429, headers={"retry-after": "7"}), "at last")
    assert model.complete(QUESTION).text == "at last"
    assert pauses == [7.0]


def test_a_lasting_failure_ends_with_its_words(
    model: OpenAIChatModel, openai_server: OpenAIServer
) -> None:
    openai_server.enqueue(*[Failure(500, "the disk is full")] * 4)
    with pytest.raises(ModelFailed, match="the disk is full"):
        model.complete(QUESTION)
    assert len(openai_server.requests) == 4


@pytest.mark.parametrize("status", [401, 403])
def test_what_retries_cannot_help_is_not_retried(
    model: OpenAIChatModel, openai_server: OpenAIServer, pauses: Pauses, status: int
) -> None:
    openai_server.enqueue(Failure(status, "wrong key"))
    with pytest.raises(ModelFailed, match="wrong key"):
        model.complete(QUESTION)
    assert not pauses


@pytest.mark.parametrize("body", [b"{not json", b"", b"[]", b"{}"])
def test_an_answer_that_is_not_the_protocol_fails(
    openai_server: OpenAIServer, pauses: Pauses, body: bytes
) -> None:
    model = OpenAIChatModel("toy", base_url=openai_server.url, retries=1, sleep=pauses)
    openai_server.enqueue(*[Failure(200, body=body)] * 2)
    with pytest.raises(ModelFailed):
        model.complete(QUESTION)


def test_a_slow_endpoint_times_out(openai_server: OpenAIServer, pauses: Pauses) -> None:
    model = OpenAIChatModel("toy", base_url=openai_server.url, timeout=0.1, retries=1, sleep=pauses)
    openai_server.enqueue(Failure(500, delay=0.3), Failure(500, delay=0.3))
    started = time.monotonic()
    with pytest.raises(ModelFailed, match="timed out"):
        model.complete(QUESTION)
    assert time.monotonic() - started < 5
    assert pauses == [0.5]


def test_nobody_there_is_a_failed_model(pauses: Pauses) -> None:
    model = OpenAIChatModel("toy", base_url="http://127.0.0.1:1/v1", retries=2, sleep=pauses)
    with pytest.raises(ModelFailed, match="http://127.0.0.1:1/v1"):
        model.complete(QUESTION)
    assert len(pauses) == 2


def test_without_key_and_address_the_error_says_what_to_set() -> None:
    with pytest.raises(ModelFailed, match="OPENAI_API_KEY"):
        OpenAIChatModel("toy").complete(QUESTION)


def test_key_and_address_come_from_the_environment(
    openai_server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    monkeypatch.setenv("OPENAI_BASE_URL", openai_server.url)
    OpenAIChatModel("toy").complete(QUESTION)
    assert openai_server.requests[0].authorization == "Bearer secret"


def test_a_schema_goes_as_strict_response_format(
    model: OpenAIChatModel, openai_server: OpenAIServer
) -> None:
    openai_server.enqueue({"city": "Rome"})
    assert model.complete(QUESTION, schema=City).data == {"city": "Rome"}
    form = openai_server.bodies("/chat/completions")[0]["response_format"]
    assert form == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": json_schema(City), "strict": True},
    }


@pytest.mark.parametrize(
    ("refused", "tries"),
    [({"json_schema"}, 2), ({"json_schema", "json_object"}, 3), ({"response_format"}, 3)],
)
def test_a_refused_schema_is_asked_for_more_simply_and_remembered(
    model: OpenAIChatModel, openai_server: OpenAIServer, refused: set[str], tries: int
) -> None:
    openai_server.refused = refused
    openai_server.enqueue({"city": "Rome"})
    assert model.complete(QUESTION, schema=City).data == {"city": "Rome"}
    assert len(openai_server.requests) == tries
    last = openai_server.bodies("/chat/completions")[-1]["messages"]
    assert isinstance(last, list)
    assert "JSON schema" in str(last[0])
    openai_server.enqueue({"city": "Oslo"})
    assert model.complete(QUESTION, schema=City).data == {"city": "Oslo"}
    assert len(openai_server.requests) == tries + 1


def test_a_request_refused_for_itself_lowers_no_capability(
    model: OpenAIChatModel, openai_server: OpenAIServer
) -> None:
    openai_server.refused = {"messages"}
    with pytest.raises(ModelFailed, match="refused the request"):
        model.complete(QUESTION, schema=City)
    openai_server.refused = set()
    openai_server.enqueue({"city": "Rome"})
    model.complete(QUESTION, schema=City)
    form = openai_server.bodies("/chat/completions")[-1]["response_format"]
    assert isinstance(form, dict)
    assert form["type"] == "json_schema"


def test_tokens_of_a_repaired_answer_are_summed(
    model: OpenAIChatModel, openai_server: OpenAIServer
) -> None:
    openai_server.enqueue("one two three", {"city": "Rome"})
    completion = model.complete(QUESTION, schema=City)
    assert completion.data == {"city": "Rome"}
    assert completion.completion_tokens == 3 + 2


def test_parameters_that_reasoning_models_refuse_are_replaced(
    model: OpenAIChatModel, openai_server: OpenAIServer
) -> None:
    old = "Use 'max_completion_tokens' instead of 'max_tokens'."
    hot = "Unsupported value: 'temperature' does not support 0."
    openai_server.enqueue(Failure(400, old), Failure(400, hot), "done")
    assert model.complete(QUESTION, max_tokens=9).text == "done"
    assert model.complete(QUESTION, max_tokens=9).text == "Where is it?"
    body = openai_server.bodies("/chat/completions")[-1]
    assert body["max_completion_tokens"] == 9
    assert "temperature" not in body
    assert "max_tokens" not in body
    assert len(openai_server.requests) == 4


def test_a_stream_gives_the_text_in_pieces(
    model: OpenAIChatModel, openai_server: OpenAIServer, pauses: Pauses
) -> None:
    openai_server.enqueue(Failure(500), "one two three")
    assert list(model.stream(QUESTION)) == ["one", " two", " three"]
    assert pauses == [0.5]


def test_a_stream_that_fails_is_a_failed_model(
    model: OpenAIChatModel, openai_server: OpenAIServer
) -> None:
    openai_server.enqueue(Failure(401, "wrong key"))
    with pytest.raises(ModelFailed, match="wrong key"):
        list(model.stream(QUESTION))
