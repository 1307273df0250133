import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from knowhen import MemoryAgent, MemoryManager, Turn
from knowhen.agents.agent import SESSION
from knowhen.agents.mind import Background
from knowhen.agents.prompt import KNOWN, NOTHING
from knowhen.memory.embedders.lexical import LexicalEmbedder
from knowhen.memory.errors import InvalidBudget, InvalidInput
from knowhen.memory.fence import unfenced
from knowhen.memory.testing.chat_model import ScriptedChatModel

NOW = datetime(2024, 3, 1, 9, tzinfo=UTC)
FACT = "My sister Anna plays the cello in Berlin."
QUESTION = "What does my sister Anna play?"


def said(memory: MemoryManager) -> list[tuple[str, str]]:
    return [(turn.role, turn.text) for turn in memory.turns()]


def system_of(model: ScriptedChatModel, call: int = -1) -> str:
    return "".join(m.content for m in model.history[call] if m.role == "system")


def test_recalls_what_was_said_in_another_session(memory: MemoryManager) -> None:
    model = ScriptedChatModel("Lovely.", "The cello.")
    with MemoryAgent(memory, model, session="monday") as agent:
        agent.reply(FACT)
    with MemoryAgent(memory, model, session="friday") as agent:
        answer = agent.reply(QUESTION)
    assert answer.text == "The cello."
    assert answer.recall.decision.action == "recall"
    assert FACT in system_of(model)
    assert [m.role for m in model.history[-1]][-2:] == ["system", "user"]


def test_context_is_dated_cited_and_inside_the_fence(memory: MemoryManager) -> None:
    model = ScriptedChatModel("Lovely.", "The cello.")
    agent = MemoryAgent(memory, model)
    agent.reply(FACT)
    agent.close()
    agent = MemoryAgent(memory, model, session="another sitting")
    agent.reply(QUESTION)
    first = memory.turns()[0]
    assert first.time is not None
    system = system_of(model)
    assert f"({first.id})" in system and f"{first.time:%Y-%m-%d}" in system
    assert FACT not in unfenced(system)
    agent.close()


def test_what_the_window_holds_is_neither_recalled_nor_denied(memory: MemoryManager) -> None:
    model = ScriptedChatModel("Lovely.", "The cello.", "Hm.")
    agent = MemoryAgent(memory, model)
    agent.reply(FACT)
    agent.reply(QUESTION)
    assert [message.content for message in model.history[-1]] == [FACT, "Lovely.", QUESTION]
    agent.reply("What is the name of my dentist?")
    assert NOTHING in system_of(model)
    agent.close()


def reading(answer: str, quote: str, turn: str = "D1:3") -> dict[str, object]:
    quotes = [{"id": turn, "text": quote}]
    return {"notes": [], "answerable": True, "quotes": quotes, "answer": answer}


def test_checked_answers_rest_on_quotes_that_were_looked_up(memory: MemoryManager) -> None:
    memory.remember(Turn(FACT, id="D1:3", session="s"))
    model = ScriptedChatModel(
        "Hello!",
        reading("The cello (D1:3).", "plays the cello"),
        reading("The tuba (D1:3).", "plays the tuba"),
    )
    with MemoryAgent(memory, model, checked=True, window=0) as agent:
        assert agent.reply("Hi!").text == "Hello!"
        told = agent.reply(QUESTION)
        assert told.text == "The cello (D1:3)." and told.quotes == (("D1:3", "plays the cello"),)
        refused = agent.reply(QUESTION)
        assert "tuba" not in refused.text and any("tuba" in note for note in refused.notes)
    assert ("assistant", "The cello (D1:3).") in said(memory)


async def test_a_checked_answer_needs_a_model_that_fills_in_forms(memory: MemoryManager) -> None:
    async def chat(messages: list[dict[str, str]]) -> str:
        return "Hello!"

    with pytest.raises(InvalidInput, match="checked"):
        MemoryAgent(memory, chat, checked=True)
    memory.remember(Turn(FACT, id="D1:3", session="s"))
    model = ScriptedChatModel(reading("The cello (D1:3).", "plays the cello"))
    with MemoryAgent(memory, model, checked=True) as agent:
        pieces = [piece async for piece in agent.astream(QUESTION)]
    assert pieces == ["The cello (D1:3)."]


def test_a_gate_in_shadow_is_logged_and_hides_nothing(
    memory: MemoryManager, caplog: pytest.LogCaptureFixture
) -> None:
    memory.remember(Turn(FACT, session="s"))
    model = ScriptedChatModel("Thanks!")
    with caplog.at_level("INFO"), MemoryAgent(memory, model, gate="shadow") as agent:
        agent.reply("Thank you, Anna's cello!")
    assert FACT in system_of(model) and "the gate: " in caplog.text and FACT not in caplog.text


def test_the_profile_stands_in_front_until_it_changes(memory: MemoryManager) -> None:
    memory.remember(Turn("I am allergic to walnuts.", "Nora", session="s"))
    memory.settle()
    model = ScriptedChatModel(*["Noted."] * 3)
    with MemoryAgent(memory, model, name="Nora", instructions="Be kind.") as agent:
        agent.reply("Good morning!")
        agent.reply("Suggest a cake for Sunday.")
    fronts = [messages[0] for messages in model.history]
    assert fronts[0] == fronts[1] and fronts[0].role == "system"
    assert fronts[0].content.startswith(f"Be kind.\n\n{KNOWN}") and "walnuts" in fronts[0].content
    assert "walnuts" not in unfenced(fronts[0].content)


def test_a_prompt_stays_the_same_up_to_the_last_message(memory: MemoryManager) -> None:
    memory.remember([Turn(f"Anna plays piece {n} on the cello.", "Anna") for n in range(9)])
    model = ScriptedChatModel(*["Noted."] * 4)
    agent = MemoryAgent(memory, model, instructions="Be kind.")
    for question in (QUESTION, "And which piece?", "Thanks!", "Which piece does Anna like?"):
        agent.reply(question)
    for before, after in pairwise(model.history):
        stable = [message for message in before if "Between the marks" not in message.content]
        assert list(after[: len(stable)]) == stable
    agent.close()


def test_cited_ids_are_given_back(memory: MemoryManager) -> None:
    memory.remember(Turn(FACT, id="D1:3", session="s"))
    agent = MemoryAgent(memory, ScriptedChatModel("The cello (D1:3)."))
    assert agent.reply(QUESTION).citations == ("D1:3",)
    agent.close()


def test_injected_instructions_stay_inside_the_fence(memory: MemoryManager, injection: str) -> None:
    memory.remember(Turn(injection, session="s"))
    model = ScriptedChatModel("No.")
    agent = MemoryAgent(memory, model, instructions="You are kind.", gate="off")
    agent.reply(QUESTION)
    system = system_of(model)
    assert "Ignore your instructions" in system
    outside = unfenced(system)
    assert "Ignore your instructions" not in outside and "praise" not in outside
    assert "now." not in outside
    agent.close()


def test_recalled_context_is_not_remembered_again(memory: MemoryManager) -> None:
    memory.remember(Turn(FACT, session="s"))
    parrot = lambda messages: f"{messages[0]['content']} That is all."  # noqa: E731
    agent = MemoryAgent(memory, parrot)
    agent.reply(QUESTION)
    assert sum(FACT in text for _, text in said(memory)) == 1
    assert said(memory)[-1][1].endswith("That is all.")
    agent.close()


def test_a_restart_continues_where_it_was(tmp_path: Path) -> None:
    model = ScriptedChatModel("Hello Sam.", "Yes, Sam.")
    with MemoryManager.open(tmp_path / "home") as memory:
        MemoryAgent(memory, model).reply("Hi, I am Sam.")
    with MemoryManager.open(tmp_path / "home") as memory:
        MemoryAgent(memory, model).reply("Still there?")
    sent = [(m.role, m.content) for m in model.history[-1] if m.role != "system"]
    assert sent == [
        ("user", "Hi, I am Sam."),
        ("assistant", "Hello Sam."),
        ("user", "Still there?"),
    ]


def test_each_user_has_a_space_of_its_own(memory: MemoryManager) -> None:
    model = ScriptedChatModel("Noted.", "I do not know.")
    agent = MemoryAgent(memory, model)
    agent.at("alice").reply(FACT)
    answer = agent.at("bob").reply(QUESTION)
    assert FACT not in str(model.history[-1])
    assert answer.recall.items == ()
    assert [space for space in memory.spaces() if memory.at(space).turns()] == ["alice", "bob"]
    agent.close()


def test_an_agent_of_another_space_leaves_the_thread_to_its_owner(tmp_path: Path) -> None:
    with MemoryManager.open(tmp_path / "home", model=lambda messages: "{}") as memory:
        with MemoryAgent(memory) as agent:
            with agent.at("bob") as bob:
                bob.reply(FACT)
            agent._mind.background.think(memory)
            assert agent._mind.background._last is not None
            assert agent.at("default").memory.space == "default"
            agent.at("default").close()
            assert not agent._mind.background._closed
        assert agent._mind.background._closed


def test_closing_an_agent_settles_the_spaces_it_served(memory: MemoryManager) -> None:
    with MemoryAgent(memory) as agent:
        for name in ("alice", "bob"):
            agent.at(name).reply(FACT)
    assert all(event.settled for name in ("alice", "bob") for event in memory.at(name).events())
    assert memory.at("bob").thoughts() and memory.at("alice").thoughts()


def test_a_thread_that_is_shared_is_closed_by_whoever_made_it(memory: MemoryManager) -> None:
    background = Background()
    for name in ("monday", "friday"):
        with MemoryAgent(memory, background=background, session=name) as agent:
            agent.reply(FACT)
    assert not background._closed
    background.close()


def test_without_a_model_it_quotes_and_keeps_no_quote(memory: MemoryManager) -> None:
    agent = MemoryAgent(memory)
    agent.reply(FACT)
    assert FACT in agent.reply(QUESTION).text
    assert said(memory) == [("user", FACT), ("user", QUESTION)]
    assert FACT in "".join(agent.stream(QUESTION))
    agent.close()


def test_it_talks_with_the_memorys_own_model(tmp_path: Path) -> None:
    with MemoryManager.open(tmp_path / "home", model=lambda messages: "mine") as memory:
        agent = MemoryAgent(memory)
        assert agent.reply("Hi").text == "mine"
        agent.close()


def test_a_failing_model_is_logged_and_answered_with_quotes(
    memory: MemoryManager, caplog: pytest.LogCaptureFixture
) -> None:
    memory.remember(Turn(FACT, session="s"))
    agent = MemoryAgent(memory, ScriptedChatModel(RuntimeError("no GPU")))
    answer = agent.reply(QUESTION)
    assert FACT in answer.text
    assert answer.origin == "fallback"
    assert any("no GPU" in note for note in answer.notes)
    assert any("the model failed" in record.message for record in caplog.records)
    assert said(memory)[-1] == ("user", QUESTION)
    agent.close()


def test_a_failing_memory_lets_the_reply_out_and_loses_no_turn(
    memory: MemoryManager, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    agent = MemoryAgent(memory, ScriptedChatModel("One.", "Two."))

    def broken(*args: object, **kwargs: object) -> object:
        raise sqlite3.OperationalError("disk full")

    with monkeypatch.context() as patch:
        for name in ("remember", "recall", "turns"):
            patch.setattr(memory, name, broken)
        assert agent.reply("First.").text == "One."
    assert "disk full" in caplog.text
    assert agent.reply("Second.").text == "Two."
    assert [text for _, text in said(memory)] == ["First.", "One.", "Second.", "Two."]
    assert all(turn.time is not None for turn in memory.turns())
    agent.close()


def test_streaming_gives_the_pieces_and_keeps_the_whole(memory: MemoryManager) -> None:
    def pieces(messages: list[dict[str, str]]) -> Iterator[str]:
        yield from ("The ", "cello", ".")

    agent = MemoryAgent(memory, pieces)
    assert list(agent.stream(QUESTION)) == ["The ", "cello", "."]
    assert agent.last is not None and agent.last.text == "The cello."
    assert said(memory)[-1] == ("assistant", "The cello.")
    agent.close()


def test_a_stream_that_nobody_finishes_keeps_what_was_said(memory: MemoryManager) -> None:
    def pieces(messages: list[dict[str, str]]) -> Iterator[str]:
        yield from ("The ", "cello", ".")

    agent = MemoryAgent(memory, pieces)
    stream = agent.stream(QUESTION)
    assert [next(stream), next(stream)] == ["The ", "cello"]
    stream.close()  # type: ignore[attr-defined]
    assert said(memory)[-1] == ("assistant", "The cello")
    agent.close()


def test_a_stream_that_breaks_off_keeps_what_was_said(
    memory: MemoryManager, caplog: pytest.LogCaptureFixture
) -> None:
    def pieces(messages: list[dict[str, str]]) -> Iterator[str]:
        yield "The "
        raise ConnectionError("gone")

    agent = MemoryAgent(memory, pieces)
    assert list(agent.stream(QUESTION)) == ["The "]
    assert said(memory)[-1] == ("assistant", "The ")
    assert "broke off" in caplog.text
    agent.close()


async def test_async_functions_and_generators_reply_in_the_loop(memory: MemoryManager) -> None:
    loop = asyncio.get_running_loop()

    async def whole(messages: list[dict[str, str]]) -> str:
        assert asyncio.get_running_loop() is loop
        return "whole"

    async def pieces(messages: list[dict[str, str]]) -> AsyncIterator[str]:
        for piece in ("in ", "pieces"):
            yield piece

    assert (await MemoryAgent(memory, whole).areply("Hi")).text == "whole"
    agent = MemoryAgent(memory, pieces)
    assert (await agent.areply("Hi")).text == "in pieces"
    assert [piece async for piece in agent.astream("Hi")] == ["in ", "pieces"]
    assert said(memory)[-1] == ("assistant", "in pieces")


async def test_models_that_block_are_awaited_in_a_thread(memory: MemoryManager) -> None:
    agent = MemoryAgent(memory, ScriptedChatModel("one", "two", RuntimeError("late")))
    assert (await agent.areply("Hi")).text == "one"
    assert [piece async for piece in agent.astream("Hi")] == ["two"]
    assert "nothing to look up" in "".join([piece async for piece in agent.astream("Hi")])


def test_prompts_grow_by_the_budget_at_most(memory: MemoryManager) -> None:
    for number in range(60):
        memory.remember(Turn(f"{FACT} That was time number {number}.", session=f"s{number}"))
    for budget in (1, 20, 80, 81, 200, 1000):
        model = ScriptedChatModel("Yes.")
        agent = MemoryAgent(memory, model, budget=budget, session=f"b{budget}", gate="off")
        agent.reply(QUESTION)
        assert memory.counter.count(system_of(model)) <= budget
        assert (FACT in system_of(model)) == (budget >= 200)
        agent.close()


def test_a_budget_that_is_no_number_of_tokens_is_refused(memory: MemoryManager) -> None:
    with pytest.raises(InvalidBudget):
        MemoryAgent(memory, budget=0)


def test_small_talk_costs_no_prompt(memory: MemoryManager) -> None:
    memory.remember(Turn(FACT, session="s"))
    model = ScriptedChatModel("Hello!")
    agent = MemoryAgent(memory, model)
    agent.reply("Hello there")
    assert system_of(model) == ""
    agent.close()


def test_thinking_happens_behind_and_loses_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = ScriptedChatModel("Hello.")
    with MemoryManager.open(tmp_path / "home", model=model) as memory:
        agent = MemoryAgent(memory)
        agent.reply(FACT)
        agent.close()  # the script is empty: thinking fails and stays in the queue
        assert memory.thoughts() == []
    assert "no reply queued" in caplog.text
    with MemoryManager.open(tmp_path / "home") as memory:
        memory.settle()
        assert any("cello" in thought.text for thought in memory.thoughts())


def test_the_background_survives_a_failure_and_ends_on_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    background = Background()
    asked: list[str] = []
    with MemoryManager.open(tmp_path / "home", model=lambda messages: "{}") as memory:
        with monkeypatch.context() as patch:
            patch.setattr(memory, "consolidate", lambda: 1 / 0)
            background.think(memory)
            background.wait()
        assert "ZeroDivisionError" in caplog.text
        consolidate = memory.consolidate
        monkeypatch.setattr(memory, "consolidate", lambda: asked.append("once") or consolidate())
        background.think(memory)
        background.close()
        assert asked == ["once"]
        background.think(memory)
        assert asked == ["once"]


def test_an_agent_reads_its_memory_ahead_and_embeds_nothing_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MemoryManager.open(tmp_path / "home") as memory:
        memory.remember([Turn(f"I have {n} cellos.", "Ann", time=NOW, id=f"t{n}") for n in "234"])
        memory.settle()
    embedder, background = LexicalEmbedder(), Background()
    with MemoryManager.open(tmp_path / "home", embedder=embedder) as memory:
        with monkeypatch.context() as patch:
            patch.setattr(LexicalEmbedder, "embed", lambda self, texts: 1 / 0)
            agent = MemoryAgent(memory, background=background)
            background.wait()
        store = memory._equipment.store
        monkeypatch.setattr(type(store), "thoughts", lambda *_, **__: pytest.fail("read again"))
        monkeypatch.setattr(type(store), "vectors", lambda *_, **__: pytest.fail("read again"))
        assert "4 cellos" in memory.recall("How many cellos has Ann?", gate=False).context
    agent.close()
    background.close()


def test_reading_ahead_may_fail_and_the_conversation_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with MemoryManager.open(tmp_path / "home") as memory:
        monkeypatch.setattr(memory, "warm", lambda: 1 / 0)
        with caplog.at_level("INFO"), MemoryAgent(memory, lambda messages: "Noted.") as agent:
            assert agent.reply(FACT).text == "Noted."
    assert "could not be read ahead" in caplog.text


def test_a_memory_closed_too_early_is_said_in_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    background = Background()
    with MemoryManager.open(tmp_path / "home", model=lambda messages: "{}") as memory:
        pass
    background.think(memory)
    background.close()
    (record,) = caplog.records
    assert "closed" in record.message and record.exc_info is None


def test_an_agent_without_a_session_goes_on_in_the_same_one(memory: MemoryManager) -> None:
    agent = MemoryAgent(memory)
    agent.reply(FACT)
    assert memory.turns()[0].session == SESSION
    agent.close()
