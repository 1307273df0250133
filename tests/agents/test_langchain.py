import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import BaseTool
from langchain_tests.integration_tests import RetrieversIntegrationTests, ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests
from langgraph.checkpoint.memory import InMemorySaver

from knowhen import MemoryManager, Turn
from knowhen.agents.langchain import (
    KnowhenChatMessageHistory,
    KnowhenRetriever,
    MemoryMiddleware,
    make_memory_tools,
)
from knowhen.memory.errors import MissingExtra
from knowhen.memory.fence import unfenced

FACT = "My sister Anna plays the cello in Berlin."
QUESTION = "What does my sister Anna play?"
Script = Callable[..., Any]


def ask(text: str) -> dict[str, Any]:
    return {"messages": [HumanMessage(text)]}


def thread(name: str) -> dict[str, Any]:
    return {"configurable": {"thread_id": name}}


def system_of(messages: list[Any]) -> str:
    return "".join(str(m.text) for m in messages if isinstance(m, SystemMessage))


def asked_of(messages: list[Any]) -> str:
    """What the user said last, as the model sees it."""
    return str([m for m in messages if isinstance(m, HumanMessage)][-1].text)


def test_middleware_recalls_across_threads(memory: MemoryManager, scripted: Script) -> None:
    model = scripted("Lovely.", "The cello.")
    middleware = MemoryMiddleware(memory)
    agent = create_agent(model, middleware=[middleware], checkpointer=InMemorySaver())
    agent.invoke(ask(FACT), thread("monday"))
    agent.invoke(ask(QUESTION), thread("friday"))
    assert FACT in asked_of(model.seen[-1])
    assert FACT not in unfenced(asked_of(model.seen[-1]))
    assert [turn.text for turn in memory.turns()] == [FACT, "Lovely.", QUESTION, "The cello."]
    assert {turn.session for turn in memory.turns()} == {"monday", "friday"}
    middleware.close()


def test_recalled_text_is_in_no_state_no_result_and_no_checkpoint(
    memory: MemoryManager, scripted: Script
) -> None:
    memory.remember(Turn(FACT, session="s"))
    saver = InMemorySaver()
    model = scripted("The cello.")
    agent = create_agent(
        model, system_prompt="Be kind.", middleware=[MemoryMiddleware(memory)], checkpointer=saver
    )
    result = agent.invoke(ask(QUESTION), thread("t"))
    assert system_of(model.seen[0]) == "Be kind."
    assert FACT in asked_of(model.seen[0]) and asked_of(model.seen[0]).endswith(QUESTION)
    assert set(result) == {"messages"}
    assert FACT not in str(result) and FACT not in str(agent.get_state(thread("t")))
    assert FACT not in str(list(saver.list(thread("t"))))
    assert sum(FACT in turn.text for turn in memory.turns()) == 1


def test_a_conversation_that_goes_on_is_remembered_once(
    memory: MemoryManager, scripted: Script
) -> None:
    agent = create_agent(
        scripted("One.", "Two."),
        middleware=[MemoryMiddleware(memory)],
        checkpointer=InMemorySaver(),
    )
    agent.invoke(ask("First."), thread("t"))
    agent.invoke(ask("Second."), thread("t"))
    assert [turn.text for turn in memory.turns()] == ["First.", "One.", "Second.", "Two."]


async def test_middleware_works_asynchronously_and_streams(
    memory: MemoryManager, scripted: Script
) -> None:
    memory.remember(Turn(FACT, session="s"))
    model = scripted("The cello.", "The cello!")
    agent = create_agent(model, middleware=[MemoryMiddleware(memory)])
    await agent.ainvoke(ask(QUESTION))
    assert FACT in asked_of(model.seen[-1])
    pieces = [piece async for piece, _ in agent.astream(ask(QUESTION), stream_mode="messages")]
    assert "The cello!" in "".join(str(piece.text) for piece in pieces)
    assert [turn.text for turn in memory.turns()][-1] == "The cello!"


def test_each_user_of_one_agent_has_a_space(memory: MemoryManager, scripted: Script) -> None:
    model = scripted("Noted.", "I do not know.")
    middleware = MemoryMiddleware(memory, namespace=lambda runtime: runtime.context["user"])
    agent = create_agent(model, middleware=[middleware], context_schema=dict)
    agent.invoke(ask(FACT), context={"user": "alice"})
    agent.invoke(ask(QUESTION), context={"user": "bob"})
    assert FACT not in str(model.seen[-1])
    assert [turn.text for turn in memory.at("alice").turns()] == [FACT, "Noted."]
    assert memory.turns() == []
    middleware.close()


def test_tools_and_middleware_work_together(memory: MemoryManager, scripted: Script) -> None:
    call = {"name": "recall", "args": {"query": QUESTION}, "id": "c1"}
    memory.remember(Turn(FACT, session="s"))
    model = scripted(AIMessage("", tool_calls=[call]), "The cello.")
    agent = create_agent(
        model, tools=make_memory_tools(memory), middleware=[MemoryMiddleware(memory)]
    )
    result = agent.invoke(ask(QUESTION))
    assert [m.type for m in result["messages"]] == ["human", "ai", "tool", "ai"]
    assert FACT in result["messages"][2].text
    assert FACT not in unfenced(result["messages"][2].text)
    assert [turn.text for turn in memory.turns()] == [FACT, QUESTION, "The cello."]
    assert all(FACT in asked_of(messages) for messages in model.seen)


def test_injected_instructions_reach_the_model_only_inside_the_fence(
    memory: MemoryManager, scripted: Script, injection: str
) -> None:
    memory.remember(Turn(injection, session="s"))
    model = scripted("No.")
    agent = create_agent(model, middleware=[MemoryMiddleware(memory, gate="off")])
    agent.invoke(ask(QUESTION))
    sent = "\n".join(str(message.text) for message in model.seen[0])
    assert "Ignore your instructions" in sent
    assert "Ignore your instructions" not in unfenced(sent) and "now." not in unfenced(sent)


def test_a_failing_memory_does_not_break_the_reply(
    memory: MemoryManager,
    scripted: Script,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    agent = create_agent(scripted("One.", "Two."), middleware=[MemoryMiddleware(memory)])
    with monkeypatch.context() as patch:
        patch.setattr(memory, "recall", lambda *_, **__: 1 / 0)
        patch.setattr(memory, "remember", lambda *_, **__: 1 / 0)
        assert agent.invoke(ask("First."))["messages"][-1].text == "One."
    assert "ZeroDivisionError" in caplog.text
    agent.invoke(ask("Second."))
    assert [turn.text for turn in memory.turns()] == ["First.", "One.", "Second.", "Two."]


def test_a_failing_model_loses_no_turn_of_the_user(memory: MemoryManager, scripted: Script) -> None:
    agent = create_agent(scripted(RuntimeError("no GPU")), middleware=[MemoryMiddleware(memory)])
    with pytest.raises(RuntimeError, match="no GPU"):
        agent.invoke(ask(FACT))
    assert [turn.text for turn in memory.turns()] == [FACT]


def test_the_gate_leaves_a_retriever_empty_when_asked_to(memory: MemoryManager) -> None:
    memory.remember(Turn(FACT, session="s"))
    assert KnowhenRetriever(memory=memory, gate=True).invoke("Hello!") == []
    (document,) = KnowhenRetriever(memory=memory, gate=True).invoke(QUESTION)
    assert document.page_content == FACT
    assert document.metadata["sources"] == [document.id]


def test_tools_remember_recall_and_forget(memory: MemoryManager) -> None:
    remember, recall, forget = make_memory_tools(memory)
    remembered = remember.invoke({"text": FACT})
    assert FACT in recall.invoke({"query": QUESTION})
    turn_id = memory.turns()[0].id
    assert turn_id in remembered
    assert "Forgot 1 turn" in forget.invoke({"ids": [turn_id]})
    assert "Nothing was forgotten" in forget.invoke({"ids": [turn_id]})
    assert FACT not in recall.invoke({"query": QUESTION})


def test_tools_say_when_memory_fails(
    memory: MemoryManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember, recall, _ = make_memory_tools(memory)
    with monkeypatch.context() as patch:
        patch.setattr(memory, "recall", lambda *_, **__: 1 / 0)
        patch.setattr(memory, "remember", lambda *_, **__: 1 / 0)
        assert remember.invoke({"text": FACT}).startswith("Not stored yet")
        assert "could not be searched" in recall.invoke({"query": QUESTION})
    assert memory.turns() == []
    assert "nothing" in recall.invoke({"query": QUESTION})
    assert remember.invoke({"text": "I like tea."}).startswith("Remembered as (")
    assert [turn.text for turn in memory.turns()] == [FACT, "I like tea."]


def test_the_chat_history_gives_back_what_it_was_given(memory: MemoryManager) -> None:
    history = KnowhenChatMessageHistory(memory, "s")
    call = {"name": "look", "args": {"at": "sky"}, "id": "c", "type": "tool_call"}
    messages = [HumanMessage(FACT, id="1"), AIMessage("", tool_calls=[call]), AIMessage("Blue.")]
    history.add_messages(messages)
    assert history.messages == messages
    assert memory.recall(QUESTION).items[0].text == FACT
    history.clear()
    assert history.messages == [] and memory.turns() == []
    history.close()


def test_the_chat_history_keeps_what_tools_said(
    memory: MemoryManager, caplog: pytest.LogCaptureFixture
) -> None:
    memory.remember(Turn(FACT, id="t1", session="other"))
    _, recall, _ = make_memory_tools(memory)
    call = {"name": "recall", "args": {"query": QUESTION}, "id": "c", "type": "tool_call"}
    messages = [
        HumanMessage(QUESTION),
        AIMessage("", tool_calls=[call]),
        recall.invoke(call),
        ToolMessage("4", tool_call_id="d", artifact={"raw": object, "mean": float("inf")}),
        HumanMessage(" "),
    ]
    assert FACT in messages[2].text
    with KnowhenChatMessageHistory(memory, "s") as history:
        history.add_messages(messages)
        kept = history.messages
        assert [*kept[:3], kept[4]] == [*messages[:3], messages[4]]
        assert isinstance(kept[3], ToolMessage) and kept[3].content == "4"
        assert kept[3].artifact == {"raw": str(object), "mean": "inf"}
        assert "data.artifact.raw, data.artifact.mean" in caplog.text
        assert sum(FACT in turn.text for turn in memory.turns()) == 1
        assert memory.forget(turns=["t1"]).residues == ()
        assert FACT not in str(history.messages) and len(history.messages) == 5


def test_a_missing_package_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(sys.modules):
        if name.startswith("knowhen.agents.langchain"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "langchain_core.retrievers", None)
    with pytest.raises(MissingExtra, match=r"pip install 'knowhen\[langchain\]'"):
        import knowhen.agents.langchain  # noqa: F401


class TestRetriever(RetrieversIntegrationTests):
    _open: ClassVar[list[MemoryManager]] = []

    @pytest.fixture(autouse=True)
    def _filled(self, tmp_path: Path) -> Any:
        with MemoryManager.open(tmp_path / "suite") as memory:
            for number in range(5):
                memory.remember(Turn(f"{FACT} Concert {number}.", session=f"s{number}"))
            self._open[:] = [memory]
            yield
        self._open.clear()

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return KnowhenRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"memory": self._open[0]}

    @property
    def retriever_query_example(self) -> str:
        return QUESTION


class _ToolSuite:
    place: ClassVar[int]
    example: ClassVar[dict[str, Any]]
    _tools: ClassVar[list[BaseTool]] = []

    @pytest.fixture(autouse=True)
    def _made(self, tmp_path: Path) -> Any:
        with MemoryManager.open(tmp_path / "suite") as memory:
            self._tools[:] = make_memory_tools(memory)
            yield
        self._tools.clear()

    @property
    def tool_constructor(self) -> BaseTool:
        return self._tools[self.place]

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return self.example


class TestRememberUnit(_ToolSuite, ToolsUnitTests):
    place, example = 0, {"text": FACT}


class TestRecallUnit(_ToolSuite, ToolsUnitTests):
    place, example = 1, {"query": QUESTION}


class TestForgetUnit(_ToolSuite, ToolsUnitTests):
    place, example = 2, {"ids": ["none"]}


class TestRemember(_ToolSuite, ToolsIntegrationTests):
    place, example = 0, {"text": FACT}


class TestRecall(_ToolSuite, ToolsIntegrationTests):
    place, example = 1, {"query": QUESTION}


class TestForget(_ToolSuite, ToolsIntegrationTests):
    place, example = 2, {"ids": ["none"]}
