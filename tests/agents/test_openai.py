import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from openai import AsyncOpenAI, BadRequestError, OpenAI
from openai_server import Failure, OpenAIServer, Reply
from pydantic import BaseModel

from knowhen import MemoryManager, Turn
from knowhen.agents.openai import wrap_openai
from knowhen.memory.errors import MissingExtra
from knowhen.memory.fence import unfenced
from knowhen.memory.testing.clock import FixedClock

FACT = "My sister Anna plays the cello in Berlin."
QUESTION = "What does my sister Anna play?"
USER = {"role": "user", "content": QUESTION}


class Instrument(BaseModel):
    name: str


@pytest.fixture
def client(openai_server: OpenAIServer, memory: MemoryManager) -> Iterator[OpenAI]:
    with OpenAI(base_url=openai_server.url, api_key="k", max_retries=0) as plain:
        wrapped = wrap_openai(plain, memory=memory)
        yield wrapped
        wrapped.memory_mind.close()  # type: ignore[attr-defined]


@pytest.fixture
async def aclient(openai_server: OpenAIServer, memory: MemoryManager) -> Any:
    async with AsyncOpenAI(base_url=openai_server.url, api_key="k", max_retries=0) as plain:
        wrapped = wrap_openai(plain, memory=memory)
        yield wrapped
        wrapped.memory_mind.close()  # type: ignore[attr-defined]


def texts(memory: MemoryManager) -> list[str]:
    return [turn.text for turn in memory.turns()]


def test_chat_completions_recall_and_remember(
    client: OpenAI, openai_server: OpenAIServer, memory: MemoryManager
) -> None:
    memory.remember(Turn(FACT, id="D1:3", session="s"))
    openai_server.enqueue("The cello (D1:3).")
    answer = client.chat.completions.create(
        model="toy", messages=[{"role": "system", "content": "Be kind."}, USER]
    )
    assert answer.choices[0].message.content == "The cello (D1:3)."
    system, user = openai_server.bodies("/chat/completions")[0]["messages"]
    assert system["content"] == "Be kind."
    assert FACT in user["content"] and FACT not in unfenced(user["content"])
    assert user["content"].endswith(QUESTION)
    assert texts(memory) == [FACT, QUESTION, "The cello (D1:3)."]


def test_responses_recall_and_remember(
    client: OpenAI, openai_server: OpenAIServer, memory: MemoryManager
) -> None:
    memory.remember(Turn(FACT, session="s"))
    openai_server.enqueue("The cello.", "Berlin.")
    answer = client.responses.create(model="toy", input=QUESTION, instructions="Be kind.")
    assert answer.output_text == "The cello."
    client.responses.create(
        model="toy",
        input=[{"role": "user", "content": [{"type": "input_text", "text": "Where is Anna?"}]}],
    )
    first, second = openai_server.bodies("/responses")
    assert first["input"] == QUESTION
    assert first["instructions"].startswith("Be kind.") and FACT in first["instructions"]
    assert FACT in second["instructions"]
    assert texts(memory) == [FACT, QUESTION, "The cello.", "Where is Anna?", "Berlin."]


def test_unknown_arguments_and_other_calls_pass_through(
    client: OpenAI, openai_server: OpenAIServer, memory: MemoryManager
) -> None:
    client.chat.completions.create(
        model="toy",
        messages=[USER],
        temperature=0.3,
        extra_body={"top_k": 7, "guided_json": {"type": "object"}},
        extra_headers={"x-trace": "1"},
    )
    body = openai_server.bodies("/chat/completions")[0]
    assert body["temperature"] == 0.3
    assert body["top_k"] == 7 and body["guided_json"] == {"type": "object"}
    assert set(body) == {"model", "messages", "temperature", "top_k", "guided_json"}
    assert client.models.list().data[0].id == "toy"
    assert len(client.embeddings.create(model="toy", input="a").data) == 1


def test_streams_are_heard_and_stay_streams(
    client: OpenAI, openai_server: OpenAIServer, memory: MemoryManager
) -> None:
    openai_server.enqueue("One two three.", "Four five six.", "Seven.")
    with client.chat.completions.create(model="toy", messages=[USER], stream=True) as chunks:
        said = [c.choices[0].delta.content or "" for c in chunks if c.choices]
    assert "".join(said) == "One two three."
    events = client.responses.create(model="toy", input="And then?", stream=True)
    assert [e.type for e in events][-1] == "response.completed"
    with client.chat.completions.stream(
        model="toy", messages=[{"role": "user", "content": "Last?"}]
    ) as stream:
        stream.until_done()
    assert texts(memory) == [
        QUESTION,
        "One two three.",
        "And then?",
        "Four five six.",
        "Last?",
        "Seven.",
    ]


def test_a_stream_nobody_finishes_keeps_what_was_said(
    client: OpenAI, openai_server: OpenAIServer, memory: MemoryManager
) -> None:
    openai_server.enqueue("One two three.")
    stream = client.chat.completions.create(model="toy", messages=[USER], stream=True)
    for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    stream.close()
    assert texts(memory) == [QUESTION, "One"]


async def test_the_async_client_does_the_same(
    aclient: AsyncOpenAI, openai_server: OpenAIServer, memory: MemoryManager
) -> None:
    memory.remember(Turn(FACT, session="s"))
    openai_server.enqueue("The cello.", "The cello!", "Streamed.")
    await aclient.chat.completions.create(model="toy", messages=[USER])
    await aclient.responses.create(model="toy", input=QUESTION)
    stream = await aclient.chat.completions.create(model="toy", messages=[USER], stream=True)
    said = [c.choices[0].delta.content or "" async for c in stream if c.choices]
    assert "".join(said) == "Streamed."
    assert FACT in openai_server.bodies("/chat/completions")[0]["messages"][0]["content"]
    assert FACT in openai_server.bodies("/responses")[0]["instructions"]
    assert texts(memory)[2] == "The cello." and "The cello!" in texts(memory)


def test_structured_output_and_raw_responses_go_through_memory(
    client: OpenAI, openai_server: OpenAIServer, memory: MemoryManager
) -> None:
    memory.remember(Turn(FACT, session="s"))
    openai_server.enqueue({"name": "cello"}, "Raw.")
    parsed = client.chat.completions.parse(model="toy", messages=[USER], response_format=Instrument)
    assert parsed.choices[0].message.parsed == Instrument(name="cello")
    raw = client.chat.completions.with_raw_response.create(
        model="toy", messages=[{"role": "user", "content": "Where is Anna now?"}]
    )
    assert raw.parse().choices[0].message.content == "Raw."
    assert raw.headers["content-type"] == "application/json"
    bodies = openai_server.bodies("/chat/completions")
    assert all(FACT in body["messages"][0]["content"] for body in bodies)
    assert texts(memory)[-1] == "Raw."


async def test_answers_read_as_they_come_in_are_remembered(
    client: OpenAI, aclient: AsyncOpenAI, openai_server: OpenAIServer, memory: MemoryManager
) -> None:
    openai_server.enqueue("One.", "Two.", "Three.")
    with client.chat.completions.with_streaming_response.create(
        model="toy", messages=[USER]
    ) as answer:
        assert "One." in answer.read().decode()
    async with aclient.chat.completions.with_streaming_response.create(
        model="toy", messages=[USER]
    ) as later:
        assert "Two." in (await later.read()).decode()
    raw = await aclient.chat.completions.with_raw_response.create(model="toy", messages=[USER])
    assert raw.parse().choices[0].message.content == "Three."
    assert texts(memory) == [QUESTION, "One.", "Two.", "Three."]


def test_the_same_words_on_three_days_are_three_turns(openai_server: OpenAIServer) -> None:
    clock = FixedClock(datetime(2024, 5, 1, 9, tzinfo=UTC))
    hello: Any = [{"role": "user", "content": "Good morning!"}]
    with (
        MemoryManager.open(":memory:", clock=clock) as memory,
        OpenAI(base_url=openai_server.url, api_key="k", max_retries=0) as plain,
    ):
        client = wrap_openai(plain, memory=memory)
        for _ in range(3):
            for _ in range(2):  # the second request is the first, sent again
                openai_server.enqueue("Hello.")
                client.chat.completions.create(model="toy", messages=hello)
            clock.advance(timedelta(days=1))
        assert texts(memory) == ["Good morning!", "Hello."] * 3
        memory.forget(matching="Good morning!")
        openai_server.enqueue("Hello.")
        client.chat.completions.create(model="toy", messages=hello)
        assert texts(memory).count("Good morning!") == 1


def test_a_tool_loop_is_remembered_once(
    client: OpenAI, openai_server: OpenAIServer, memory: MemoryManager
) -> None:
    openai_server.enqueue(Reply(tools=[("look", {"at": "sky"})]), "Blue.")
    messages: list[Any] = [{"role": "user", "content": "Look at the sky."}]
    first = client.chat.completions.create(model="toy", messages=messages)
    call = first.choices[0].message
    assert call.tool_calls is not None
    messages += [call, {"role": "tool", "tool_call_id": call.tool_calls[0].id, "content": "blue"}]
    client.chat.completions.create(model="toy", messages=messages)
    assert texts(memory) == ["Look at the sky.", "Blue."]


def test_with_options_keeps_the_memory_and_the_given_client_has_none(
    client: OpenAI, openai_server: OpenAIServer, memory: MemoryManager
) -> None:
    assert isinstance(client, OpenAI)
    client.with_options(timeout=5).chat.completions.create(model="toy", messages=[USER])
    assert texts(memory)[0] == QUESTION
    before = texts(memory)
    with OpenAI(base_url=openai_server.url, api_key="k") as plain:
        wrap_openai(plain, memory=memory)
        plain.chat.completions.create(model="toy", messages=[USER])
    assert texts(memory) == before


def test_a_failing_model_raises_as_before_and_keeps_the_question(
    client: OpenAI, openai_server: OpenAIServer, memory: MemoryManager
) -> None:
    openai_server.enqueue(Failure(400, "no"))
    with pytest.raises(BadRequestError):
        client.chat.completions.create(model="toy", messages=[USER])
    assert texts(memory) == [QUESTION]


def test_a_failing_memory_does_not_break_the_call(
    client: OpenAI,
    openai_server: OpenAIServer,
    memory: MemoryManager,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    openai_server.enqueue("The cello.", "Hi.")
    with monkeypatch.context() as patch:
        patch.setattr(memory, "recall", lambda *_, **__: 1 / 0)
        patch.setattr(memory, "remember", lambda *_, **__: 1 / 0)
        answer = client.responses.create(model="toy", input=QUESTION)
    assert answer.output_text == "The cello."
    assert "ZeroDivisionError" in caplog.text
    client.responses.create(model="toy", input="Hello")
    assert texts(memory) == [QUESTION, "The cello.", "Hello", "Hi."]


def test_injected_instructions_reach_the_model_only_inside_the_fence(
    openai_server: OpenAIServer, memory: MemoryManager, injection: str
) -> None:
    memory.remember(Turn(injection, session="s"))
    with OpenAI(base_url=openai_server.url, api_key="k") as plain:
        client = wrap_openai(plain, memory=memory, gate="off")
        client.chat.completions.create(model="toy", messages=[USER])
    sent = openai_server.bodies("/chat/completions")[0]["messages"][0]["content"]
    assert "Ignore your instructions" in sent
    assert "Ignore your instructions" not in unfenced(sent) and "now." not in unfenced(sent)


def test_a_missing_package_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "knowhen.agents.openai")
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(MissingExtra, match=r"pip install 'knowhen\[openai\]'"):
        import knowhen.agents.openai  # noqa: F401
