import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI
from openai_server import OpenAIServer

from knowhen import MemoryManager, Turn
from knowhen.agents.mem0 import AsyncMemory, Memory, import_mem0
from knowhen.memory.errors import InvalidFile, InvalidInput, NotFound
from knowhen.memory.testing.clock import FixedClock

FACT = "My sister Anna plays the cello in Berlin."
QUESTION = "What does my sister Anna play?"


@pytest.fixture
def mem0(tmp_path: Path) -> Any:
    memory = Memory(memory=MemoryManager.open(tmp_path / "mem0"))
    yield memory
    memory.close()


def texts(found: dict[str, list[dict[str, Any]]]) -> list[str]:
    return [entry["memory"] for entry in found["results"]]


def test_a_tutorial_runs_after_changing_one_import(openai_server: OpenAIServer) -> None:
    openai_server.enqueue("Noted.", "The cello.")
    memory = Memory()
    with OpenAI(base_url=openai_server.url, api_key="k") as client:

        def chat_with_memories(message: str, user_id: str = "default_user") -> str:
            relevant = memory.search(query=message, user_id=user_id, limit=3)
            known = "\n".join(f"- {entry['memory']}" for entry in relevant["results"])
            messages: list[Any] = [
                {"role": "system", "content": f"Answer from these memories:\n{known}"},
                {"role": "user", "content": message},
            ]
            response = client.chat.completions.create(model="toy", messages=messages)
            reply = response.choices[0].message.content or ""
            messages.append({"role": "assistant", "content": reply})
            memory.add(messages, user_id=user_id)
            return reply

        assert chat_with_memories(FACT) == "Noted."
        assert chat_with_memories(QUESTION) == "The cello."
    assert FACT in openai_server.bodies("/chat/completions")[1]["messages"][0]["content"]
    assert texts(memory.get_all(user_id="default_user")) == [
        FACT,
        "Noted.",
        QUESTION,
        "The cello.",
    ]
    memory.close()


def test_the_same_message_is_added_once(mem0: Memory) -> None:
    (added,) = mem0.add(FACT, user_id="alice")["results"]
    assert added["event"] == "ADD" and added["memory"] == FACT
    assert mem0.add(FACT, user_id="alice") == {"results": []}


def test_the_same_words_on_three_days_are_three_memories() -> None:
    clock = FixedClock(datetime(2024, 5, 1, 9, tzinfo=UTC))
    mem0 = Memory(memory=MemoryManager.open(":memory:", clock=clock))
    for _ in range(3):
        assert len(mem0.add("Good morning!", user_id="alice")["results"]) == 1
        clock.advance(timedelta(seconds=30))
        assert mem0.add("Good morning!", user_id="alice") == {"results": []}  # sent again
        clock.advance(timedelta(days=1))
    assert texts(mem0.get_all(user_id="alice")) == ["Good morning!"] * 3
    assert len({each["id"] for each in mem0.get_all(user_id="alice")["results"]}) == 3


def test_a_conversation_that_comes_again_longer_brings_what_is_new() -> None:
    clock = FixedClock(datetime(2024, 5, 1, 9, tzinfo=UTC))
    mem0 = Memory(memory=MemoryManager.open(":memory:", clock=clock))
    said = [("user", "Hi."), ("assistant", "Hello."), ("user", "Yes."), ("user", "Yes.")]
    messages = [{"role": role, "content": text} for role, text in said]
    mem0.add(messages[:2], user_id="alice")
    clock.advance(timedelta(days=1))
    added = mem0.add(messages, user_id="alice")["results"]
    assert [entry["memory"] for entry in added] == ["Yes.", "Yes."]


def test_no_owners_name_opens_the_memories_of_another(mem0: Memory) -> None:
    names = ["a", "agent:a", "run:a", "user:a", "user:agent:a", "default", "user:default", "a:b"]
    owners = [{kind: name} for kind in ("user_id", "agent_id", "run_id") for name in names]
    mem0._memory.remember(Turn("The default space is nobody's."))
    for number, owner in enumerate(owners):
        mem0.add(f"I am number {number}.", **owner)
    for number, owner in enumerate(owners):
        assert texts(mem0.get_all(**owner)) == [f"I am number {number}."]
        assert set(texts(mem0.search("Who am I?", **owner))) <= {f"I am number {number}."}
    for owner in owners:
        mem0.delete_all(**owner)
    assert [turn.text for turn in mem0._memory.turns()] == ["The default space is nobody's."]


def test_metadata_cannot_pretend_to_be_ours(mem0: Memory) -> None:
    (added,) = mem0.add(FACT, user_id="alice")["results"]
    mem0.add("Other.", user_id="alice", metadata={"mem0:replaces": added["id"], "agent_id": "x"})
    assert texts(mem0.get_all(user_id="alice")) == [FACT, "Other."]
    assert texts(mem0.search(QUESTION, user_id="alice"))[0] == FACT


def test_users_do_not_see_each_other(mem0: Memory) -> None:
    mem0.add(FACT, user_id="alice")
    mem0.add("I like the sea.", user_id="bob")
    assert texts(mem0.search(QUESTION, user_id="bob")) == ["I like the sea."]
    assert texts(mem0.search(QUESTION, filters={"user_id": "alice"})) == [FACT]
    assert texts(mem0.search(QUESTION, filters={"AND": [{"user_id": "alice"}]})) == [FACT]


def test_agents_and_runs_narrow_a_user(mem0: Memory) -> None:
    mem0.add("I like tea.", user_id="alice", agent_id="cook", run_id="r1")
    mem0.add("I like red.", user_id="alice")
    assert texts(mem0.get_all(user_id="alice", agent_id="cook")) == ["I like tea."]
    assert texts(mem0.get_all(user_id="alice")) == ["I like tea.", "I like red."]
    mem0.add("Be brief.", agent_id="cook")
    assert texts(mem0.get_all(agent_id="cook")) == ["Be brief."]


def test_metadata_filters(mem0: Memory) -> None:
    for number, kind in enumerate(("food", "food", "music")):
        mem0.add(f"I like number {number}.", user_id="a", metadata={"kind": kind, "n": number})

    def found(**filters: Any) -> list[str]:
        return [t[-2] for t in texts(mem0.get_all(user_id="a", filters=filters))]

    assert found(kind="food") == ["0", "1"]
    assert found(n={"gte": 1}) == ["1", "2"]
    assert found(OR=[{"n": 0}, {"kind": {"in": ["music"]}}]) == ["0", "2"]
    assert found(NOT=[{"kind": "food"}]) == ["2"]
    assert found(metadata={"kind": {"icontains": "MUS"}}) == ["2"]
    assert found(kind="*") == ["0", "1", "2"]
    with pytest.raises(InvalidInput, match="near"):
        found(n={"near": 1})


def test_get_update_and_history(mem0: Memory) -> None:
    memory_id = mem0.add("I live in Rome.", user_id="alice")["results"][0]["id"]
    mem0.update(memory_id, "I live in Oslo.")
    mem0.update(memory_id, "I live in Bergen.")
    record = mem0.get(memory_id)
    assert record is not None and record["memory"] == "I live in Bergen."
    assert record["id"] == memory_id and record["user_id"] == "alice"
    assert texts(mem0.get_all(user_id="alice")) == ["I live in Bergen."]
    assert texts(mem0.search("Where do I live?", user_id="alice")) == ["I live in Bergen."]
    events = [(e["event"], e["old_memory"], e["new_memory"]) for e in mem0.history(memory_id)]
    assert events == [
        ("ADD", None, "I live in Rome."),
        ("UPDATE", "I live in Rome.", "I live in Oslo."),
        ("UPDATE", "I live in Oslo.", "I live in Bergen."),
    ]


def test_delete_erases_every_version_and_adding_again_works(mem0: Memory, tmp_path: Path) -> None:
    memory_id = mem0.add("I live in Xanthi.", user_id="alice")["results"][0]["id"]
    mem0.update(memory_id, "I live in Ypres.")
    mem0.delete(memory_id)
    assert mem0.get(memory_id) is None and mem0.history(memory_id) == []
    held = b"".join(p.read_bytes() for p in (tmp_path / "mem0").rglob("*") if p.is_file())
    assert b"Xanthi" not in held and b"Ypres" not in held
    with pytest.raises(NotFound):
        mem0.delete(memory_id)
    assert len(mem0.add("I live in Xanthi.", user_id="alice")["results"]) == 1
    assert texts(mem0.get_all(user_id="alice")) == ["I live in Xanthi."]


def test_delete_all_and_reset(mem0: Memory) -> None:
    mem0.add("One.", user_id="a")
    mem0.add("Two.", user_id="b")
    mem0.delete_all(user_id="a")
    assert texts(mem0.get_all(user_id="a")) == [] and texts(mem0.get_all(user_id="b")) == ["Two."]
    mem0.reset()
    assert texts(mem0.get_all(user_id="b")) == []


def test_reset_leaves_the_spaces_of_others(tmp_path: Path) -> None:
    with MemoryManager.open(tmp_path / "home") as memory:
        memory.at("companion").remember(Turn(FACT, session="chat"))
        import_mem0(memory, [{"memory": "Owned by nobody."}])
        facade = Memory(memory=memory)
        for owner in ({"user_id": "a"}, {"agent_id": "cook"}, {"user_id": "c", "run_id": "r"}):
            facade.add("One.", **owner)
        changed = facade.add("Two.", user_id="d")["results"][0]["id"]
        facade.update(changed, "Three.")
        facade.reset()
        left = {space: memory.at(space).turns() for space in memory.spaces()}
        assert [space for space, turns in left.items() if turns] == ["companion"]


def test_the_whole_signature_of_mem0_is_taken(
    mem0: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        mem0.add(FACT, user_id="a", prompt="Extract.", memory_type="procedural_memory", infer=False)
        assert texts(mem0.search(QUESTION, user_id="a", rerank=True)) == [FACT]
    assert "memory_type, prompt has no meaning" in caplog.text


def test_the_text_parts_of_a_message_are_remembered(mem0: Memory) -> None:
    parts = [
        {"type": "text", "text": FACT},
        {"type": "image_url", "image_url": {"url": "data:"}},
        {"type": "text", "text": "She practises daily."},
    ]
    mem0.add([{"role": "user", "content": parts}], user_id="a")
    assert texts(mem0.get_all(user_id="a")) == [f"{FACT}\nShe practises daily."]
    assert mem0.add([{"role": "user", "content": parts[1:2]}], user_id="a") == {"results": []}


def test_scores_are_shares_and_the_threshold_cuts(mem0: Memory) -> None:
    mem0.add(FACT, user_id="a")
    mem0.add("The car needs a new tyre.", user_id="a")
    found = mem0.search(QUESTION, user_id="a")["results"]
    assert [entry["memory"] for entry in found][0] == FACT
    assert all(0 <= entry["score"] <= 1 for entry in found)
    high = found[0]["score"]
    assert len(mem0.search(QUESTION, user_id="a", threshold=high)["results"]) == 1
    assert len(mem0.search(QUESTION, user_id="a", top_k=1)["results"]) == 1


def test_a_right_answer_is_above_the_usual_threshold_and_noise_below(mem0: Memory) -> None:
    for text in (FACT, "The car needs a new tyre.", "I like walking by the sea on Sundays."):
        mem0.add(text, user_id="a")
    answers = {QUESTION: FACT, "What does the car need?": "The car needs a new tyre."}
    for question, answer in answers.items():
        best = mem0.search(question, user_id="a", threshold=0.5)["results"]
        assert [entry["memory"] for entry in best][:1] == [answer]
    for noise in ("Thanks, that is kind!", "What is the capital of Mongolia?"):
        assert mem0.search(noise, user_id="a", threshold=0.2)["results"] == []


def test_without_an_owner_it_asks_for_one(mem0: Memory) -> None:
    with pytest.raises(InvalidInput, match="user_id"):
        mem0.search("x")


async def test_the_async_twin_does_the_same(tmp_path: Path) -> None:
    memory = AsyncMemory(memory=MemoryManager.open(tmp_path / "home"))
    added = await memory.add(FACT, user_id="alice")
    memory_id = added["results"][0]["id"]
    assert texts(await memory.search(QUESTION, user_id="alice")) == [FACT]
    await memory.update(memory_id, "She plays the viola.")
    assert len(await memory.history(memory_id)) == 2
    assert (await memory.get(memory_id) or {})["memory"] == "She plays the viola."
    await memory.delete(memory_id)
    await memory.delete_all(user_id="alice")
    assert texts(await memory.get_all(user_id="alice")) == []
    await memory.add(FACT, user_id="alice")
    await memory.reset()
    assert texts(await memory.get_all(user_id="alice")) == []
    memory.close()


async def test_the_async_twin_is_made_of_a_config_awaited_or_not() -> None:
    for memory in (AsyncMemory.from_config({}), await AsyncMemory.from_config({"version": "v1.1"})):
        await memory.add(FACT, user_id="alice")
        assert texts(await memory.get_all(user_id="alice"))[-1:] == [FACT]
        memory.close()


def test_an_export_is_taken_over_once(tmp_path: Path) -> None:
    export = {
        "results": [
            {
                "id": "11-22",
                "memory": "Plays the cello in Berlin",
                "metadata": {"kind": "music"},
                "created_at": "2024-05-01T10:00:00-07:00",
                "user_id": "anna",
            },
            {"id": "33", "memory": "Likes tea", "user_id": "ben", "created_at": "2024-05-02"},
        ]
    }
    path = tmp_path / "export.json"
    path.write_text(json.dumps(export))
    with MemoryManager.open(tmp_path / "home") as memory:
        assert import_mem0(memory, path) == 2
        assert import_mem0(memory, export) == 0
        (turn,) = memory.at("anna").turns()
        assert turn.id == "11-22" and turn.meta["kind"] == "music"
        assert turn.time is not None and turn.time.year == 2024
        found = Memory(memory=memory).search("Who plays the cello?", user_id="anna")
        assert texts(found) == ["Plays the cello in Berlin"]


@pytest.mark.parametrize("content", ["{}", "[1]", '[{"text": "x"}]', "no json"])
def test_what_is_no_export_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(content)
    with MemoryManager.open(":memory:") as memory, pytest.raises(InvalidFile):
        import_mem0(memory, path)


def test_a_config_of_mem0_chooses_model_and_embedder(
    openai_server: OpenAIServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", openai_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    config = {
        "llm": {"provider": "openai", "config": {"model": "toy"}},
        "vector_store": {"provider": "qdrant"},
    }
    memory = Memory.from_config(config_dict=config)
    assert memory._memory.model is not None and memory._memory.model.name == "toy"
    memory.close()
