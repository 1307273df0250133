"""The fake endpoint against the real client, so that other tests can lean on it."""

import openai
import pytest
from openai_server import Failure, OpenAIServer, Reply

TOOL = Reply(tools=[("recall", {"query": "cats"})])


@pytest.fixture
def client(openai_server: OpenAIServer) -> openai.OpenAI:
    return openai.OpenAI(base_url=openai_server.url, api_key="k", max_retries=0)


def test_models_are_listed(client: openai.OpenAI) -> None:
    with client:
        assert [model.id for model in client.models.list()] == ["toy"]


def test_chat_answers_with_text_and_with_tool_calls(
    client: openai.OpenAI, openai_server: OpenAIServer
) -> None:
    openai_server.enqueue("hello", TOOL)
    with client:
        said, called = (
            client.chat.completions.create(model="toy", messages=[{"role": "user", "content": "?"}])
            for _ in range(2)
        )
    assert said.choices[0].message.content == "hello"
    calls = called.choices[0].message.tool_calls
    assert calls is not None
    assert calls[0].type == "function"
    assert (calls[0].function.name, calls[0].function.arguments) == ("recall", '{"query": "cats"}')


def test_a_chat_stream_ends_with_its_usage(
    client: openai.OpenAI, openai_server: OpenAIServer
) -> None:
    openai_server.enqueue("one two")
    with client:
        chunks = list(
            client.chat.completions.create(
                model="toy",
                messages=[{"role": "user", "content": "?"}],
                stream=True,
                stream_options={"include_usage": True},
            )
        )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "one two"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 2


def test_responses_answer_at_once_and_as_a_stream(
    client: openai.OpenAI, openai_server: OpenAIServer
) -> None:
    openai_server.enqueue("one two", "one two", TOOL)
    with client:
        assert client.responses.create(model="toy", input="?").output_text == "one two"
        with client.responses.stream(model="toy", input="?") as stream:
            deltas = [e.delta for e in stream if e.type == "response.output_text.delta"]
            assert stream.get_final_response().output_text == "one two"
        called = client.responses.create(model="toy", input="?").output[0]
    assert deltas == ["one", " two"]
    assert called.type == "function_call"
    assert called.name == "recall"


@pytest.mark.parametrize("form", ["float", "base64"])
def test_embeddings_come_in_both_encodings(client: openai.OpenAI, form: str) -> None:
    with client:
        answer = client.embeddings.create(
            model="toy",
            input=["a", "aa"],
            encoding_format=form,  # type: ignore[arg-type]
        )
    rows = {item.index: item.embedding for item in answer.data}
    assert isinstance(rows[0], list) == (form == "float")


def test_failures_come_in_their_turn(client: openai.OpenAI, openai_server: OpenAIServer) -> None:
    openai_server.enqueue(Failure(429, "slow down"))
    with client, pytest.raises(openai.RateLimitError, match="slow down"):
        client.responses.create(model="toy", input="?")
