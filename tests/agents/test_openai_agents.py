import sys
from pathlib import Path
from typing import Any, cast

import pytest
from agents import Agent, RunConfig, Runner, SessionSettings, function_tool, set_tracing_disabled
from agents.memory import OpenAIResponsesCompactionSession, Session
from agents.models.openai_chatcompletions import OpenAIChatCompletionsModel
from agents.models.openai_responses import OpenAIResponsesModel
from openai import AsyncOpenAI
from openai_server import Failure, OpenAIServer, Reply

from knowhen import MemoryManager, Turn
from knowhen.agents.openai_agents import MemorySession
from knowhen.agents.prompt import GUIDE
from knowhen.memory.errors import MissingExtra
from knowhen.memory.fence import fenced, unfenced

FACT = "My sister Anna plays the cello in Berlin."
QUESTION = "What does my sister Anna play?"

set_tracing_disabled(True)


@pytest.fixture
async def client(openai_server: OpenAIServer) -> Any:
    async with AsyncOpenAI(base_url=openai_server.url, api_key="k", max_retries=0) as opened:
        yield opened


@pytest.fixture
def agent(client: AsyncOpenAI) -> Agent[Any]:
    return Agent(name="bot", model=OpenAIResponsesModel("toy", client))


def config(session: MemorySession) -> RunConfig:
    return RunConfig(session_input_callback=session.recall_input, tracing_disabled=True)


async def test_it_is_a_session(memory: MemoryManager) -> None:
    session = MemorySession("s", memory)
    assert isinstance(session, Session)
    assert await session.get_items() == []
    assert await session.pop_item() is None


async def test_another_session_is_recalled_and_only_the_model_sees_it(
    agent: Agent[Any], openai_server: OpenAIServer, memory: MemoryManager
) -> None:
    openai_server.enqueue("Lovely.", "The cello.")
    monday, friday = MemorySession("monday", memory), MemorySession("friday", memory)
    await Runner.run(agent, FACT, session=monday, run_config=config(monday))
    result = await Runner.run(agent, QUESTION, session=friday, run_config=config(friday))
    assert result.final_output == "The cello."
    sent = str(openai_server.bodies("/responses")[-1]["input"])
    assert FACT in sent and FACT not in unfenced(sent)
    assert FACT not in str(await friday.get_items())
    assert [turn.text for turn in memory.turns()] == [FACT, "Lovely.", QUESTION, "The cello."]


async def test_the_history_is_what_was_added_across_a_restart(
    agent: Agent[Any], openai_server: OpenAIServer, memory: MemoryManager
) -> None:
    @function_tool
    def look(at: str) -> str:
        """Look at something."""
        return f"{at} is blue"

    agent = agent.clone(tools=[look])
    openai_server.enqueue(Reply(tools=[("look", {"at": "sky"})]), "Blue.", "As I said.")
    session = MemorySession("s", memory)
    await Runner.run(agent, "Look at the sky.", session=session, run_config=config(session))
    again = MemorySession("s", memory)
    items: list[Any] = list(await again.get_items())
    kinds = [item.get("type", item.get("role")) for item in items]
    assert kinds == ["user", "function_call", "function_call_output", "message"]
    assert items[0] == {"content": "Look at the sky.", "role": "user"}
    await Runner.run(agent, "And?", session=again, run_config=config(again))
    sent = openai_server.bodies("/responses")[-1]["input"]
    assert [item for item in sent if item in items] == items


async def test_chat_completions_models_see_the_recalled_text_too(
    client: AsyncOpenAI, openai_server: OpenAIServer, memory: MemoryManager
) -> None:
    memory.remember(Turn(FACT, session="other"))
    agent = Agent(name="bot", model=OpenAIChatCompletionsModel("toy", client))
    session = MemorySession("s", memory)
    openai_server.enqueue("The cello.")
    await Runner.run(agent, QUESTION, session=session, run_config=config(session))
    assert FACT in str(openai_server.bodies("/chat/completions")[0]["messages"])
    assert sum(FACT in turn.text for turn in memory.turns()) == 1


async def test_streamed_runs_are_kept(
    agent: Agent[Any], openai_server: OpenAIServer, memory: MemoryManager
) -> None:
    openai_server.enqueue("The cello.")
    session = MemorySession("s", memory)
    result = Runner.run_streamed(agent, QUESTION, session=session, run_config=config(session))
    async for _ in result.stream_events():
        pass
    assert [turn.text for turn in memory.turns()] == [QUESTION, "The cello."]


async def test_limits_pop_and_clear(memory: MemoryManager) -> None:
    session = MemorySession("s", memory)
    items: list[Any] = [{"role": "user", "content": f"Number {n}."} for n in range(4)]
    await session.add_items(items)
    assert await session.get_items() == items
    assert await session.get_items(limit=2) == items[2:]
    assert await session.get_items(limit=0) == []
    limited = MemorySession("s", memory, session_settings=SessionSettings(limit=1))
    assert await limited.get_items() == items[3:]
    assert await session.pop_item() == items[3]
    assert [turn.text for turn in memory.turns()] == ["Number 0.", "Number 1.", "Number 2."]
    await session.clear_session()
    assert await session.get_items() == [] and await session.pop_item() is None
    assert memory.recall("Number 1?", gate=False).items
    await session.add_items(items[3:])
    assert await session.get_items() == items[3:]


async def test_erase_on_clear_forgets(memory: MemoryManager) -> None:
    session = MemorySession("s", memory, erase_on_clear=True)
    await session.add_items([{"role": "user", "content": FACT}])
    await session.clear_session()
    assert memory.turns() == []


async def test_any_kind_of_item_comes_back_equal(memory: MemoryManager) -> None:
    session = MemorySession("s", memory)
    items: list[Any] = [
        {"role": "user", "content": [{"type": "input_text", "text": 'Hé 😀 "q"'}]},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": ""},
        {
            "role": "user",
            "content": [{"type": "input_image", "image_url": "data:", "detail": "low"}],
        },
    ]
    await session.add_items(items)
    assert await session.get_items() == items


def recalled_item(memory: MemoryManager, query: str = QUESTION) -> dict[str, Any]:
    context = memory.recall(query, gate=False).context
    return {"type": "function_call_output", "call_id": "c", "output": fenced(context)}


async def test_what_a_tool_recalled_stays_in_the_history_and_is_no_evidence(
    memory: MemoryManager,
) -> None:
    memory.remember(Turn(FACT, session="other"))
    session = MemorySession("s", memory)
    items: list[Any] = [
        {"role": "user", "content": QUESTION},
        {"type": "function_call", "call_id": "c", "name": "recall", "arguments": "{}"},
        recalled_item(memory),
        {"role": "assistant", "content": "The cello."},
        {"role": "user", "content": " "},
    ]
    assert FACT in items[2]["output"]
    await session.add_items(items)
    assert await session.get_items() == items
    assert await MemorySession("s", memory).get_items() == items
    assert sum(FACT in turn.text for turn in memory.turns()) == 1
    await session.add_items([{"role": "system", "content": f"{GUIDE}\n{fenced(FACT)}"}])
    assert await session.get_items() == items
    assert await session.pop_item() == items[4]


async def test_forgetting_a_turn_takes_it_out_of_what_tools_recalled(
    memory: MemoryManager, tmp_path: Path
) -> None:
    memory.remember([Turn(FACT, id="t1", session="other"), Turn("I like tea.", session="other")])
    session = MemorySession("s", memory)
    item = recalled_item(memory)
    assert FACT in item["output"] and "I like tea." in item["output"]
    loose: Any = {"role": "user", "content": f"Look: {item['output']} and"}
    await session.add_items([cast(Any, item), loose])
    assert await session.get_items() == [item, loose]
    receipt = memory.forget(turns=["t1"])
    assert receipt.residues == ()
    held = b"".join(p.read_bytes() for p in (tmp_path / "memory").rglob("*") if p.is_file())
    assert FACT.encode() not in held
    first, second = (str(each) for each in await session.get_items())
    assert FACT not in first + second
    assert "I like tea." in first and "I like tea." in second and "Look: " in second


async def test_what_json_cannot_hold_is_kept_as_text_and_said(
    memory: MemoryManager, caplog: pytest.LogCaptureFixture
) -> None:
    session = MemorySession("s", memory)
    item: Any = {"role": "user", "content": FACT, "score": float("nan"), "at": {"x": object}}
    await session.add_items([item])
    (kept,) = await session.get_items()
    assert kept == {"role": "user", "content": FACT, "score": "nan", "at": {"x": str(object)}}
    assert "score, at.x" in caplog.text


async def test_compaction_of_the_sdk_keeps_the_memory(
    client: AsyncOpenAI, memory: MemoryManager
) -> None:
    session = MemorySession("s", memory)
    compacting = OpenAIResponsesCompactionSession("s", session, client=client)
    await compacting.add_items([{"role": "user", "content": FACT}])
    await compacting.clear_session()
    assert await compacting.get_items() == []
    assert memory.recall(QUESTION).items[0].text == FACT


async def test_a_failing_memory_does_not_break_the_run(
    agent: Agent[Any],
    openai_server: OpenAIServer,
    memory: MemoryManager,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    openai_server.enqueue("One.")
    session = MemorySession("s", memory)
    with monkeypatch.context() as patch:
        patch.setattr(memory, "recall", lambda *_, **__: 1 / 0)
        patch.setattr(memory, "remember", lambda *_, **__: 1 / 0)
        result = await Runner.run(agent, "First.", session=session, run_config=config(session))
    assert result.final_output == "One."
    assert "ZeroDivisionError" in caplog.text
    assert [i.get("role") for i in await session.get_items()] == ["user", "assistant"]  # type: ignore[union-attr]
    session.close()
    assert [turn.text for turn in memory.turns()] == ["First.", "One."]


async def test_a_failing_model_loses_no_turn_of_the_user(
    agent: Agent[Any], openai_server: OpenAIServer, memory: MemoryManager
) -> None:
    openai_server.enqueue(Failure(400, "no"))
    session = MemorySession("s", memory)
    with pytest.raises(Exception, match="no"):
        await Runner.run(agent, FACT, session=session, run_config=config(session))
    assert [turn.text for turn in memory.turns()] == [FACT]


async def test_injected_instructions_reach_the_model_only_inside_the_fence(
    agent: Agent[Any], openai_server: OpenAIServer, memory: MemoryManager, injection: str
) -> None:
    memory.remember(Turn(injection, session="other"))
    session = MemorySession("s", memory, gate="off")
    await Runner.run(agent, QUESTION, session=session, run_config=config(session))
    texts = [str(item.get("content")) for item in openai_server.bodies("/responses")[0]["input"]]
    sent = "\n".join(texts)
    assert "Ignore your instructions" in sent
    assert "Ignore your instructions" not in unfenced(sent) and "now." not in unfenced(sent)


def test_a_missing_package_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "knowhen.agents.openai_agents")
    monkeypatch.setitem(sys.modules, "agents", None)
    with pytest.raises(MissingExtra, match=r"pip install 'knowhen\[openai-agents\]'"):
        import knowhen.agents.openai_agents  # noqa: F401
