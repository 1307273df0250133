"""The manager: what a user sees of a memory."""

import inspect
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from two_friends import SAID

from knowhen import Document, MemoryManager, Turn
from knowhen.memory.browsing import Browsing
from knowhen.memory.errors import (
    EmbedderFailed,
    EmbedderMismatch,
    InvalidBudget,
    InvalidInput,
    InvalidTurn,
    NotFound,
    OperationRefused,
    TurnConflict,
)
from knowhen.memory.testing.clock import CountingIds, FixedClock
from knowhen.memory.testing.toy_embedder import ToyEmbedder

START = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)


def conversation(prefix: str = "t") -> list[Turn]:
    return [
        Turn(
            text,
            speaker,
            time=START + timedelta(days=i // 2, minutes=i),
            session=f"s{i // 2}",
            id=f"{prefix}{i}",
        )
        for i, (speaker, text) in enumerate(SAID)
    ]


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[MemoryManager]:
    with MemoryManager.open(
        tmp_path / "home", clock=FixedClock(START + timedelta(days=90)), new_id=CountingIds()
    ) as manager:
        yield manager


@pytest.fixture
def told(memory: MemoryManager) -> MemoryManager:
    memory.remember(conversation())
    memory.settle()
    return memory


def test_what_was_said_is_found_with_its_date_speaker_and_id(told: MemoryManager) -> None:
    recall = told.recall("What dog did Nora adopt?")
    assert recall.items[0].id == "t2"
    assert "greyhound called Basil" in recall.context
    assert "2024-03-02" in recall.context and "Nora (t2)" in recall.context
    assert recall.decision.action == "recall"


def test_remembering_again_changes_nothing(told: MemoryManager) -> None:
    before = told.stats()
    assert told.remember(conversation()) == []
    told.settle()
    assert told.stats() == before


def test_a_conflicting_batch_leaves_no_trace(told: MemoryManager) -> None:
    before = told.stats()
    fresh = Turn("Something else entirely happened.", "Ivo", time=START, id="new")
    with pytest.raises(TurnConflict, match="'t2'"):
        told.remember([fresh, Turn("I never had a dog.", "Nora", time=START, id="t2")])
    assert told.stats() == before


def test_a_turn_without_id_and_time_gets_both(memory: MemoryManager) -> None:
    [turn_id] = memory.remember(Turn("I like fig jam."))
    turn = memory.turn(turn_id)
    assert turn.time == START + timedelta(days=90)
    assert turn.speaker == "user"


@pytest.mark.parametrize("time", [datetime.min, datetime.max])
def test_a_time_that_another_zone_cannot_write_is_refused(time: datetime) -> None:
    with pytest.raises(InvalidTurn, match="out of range"):
        Turn("My dog is Rex.", time=time.replace(tzinfo=UTC))


def test_a_turn_without_a_time_may_come_again(memory: MemoryManager) -> None:
    turn = Turn("I like fig jam.", "Nora", id="jam")
    assert memory.remember(turn) == ["jam"]
    memory_clock = memory.turn("jam").time
    assert memory.remember(turn) == []
    assert memory.turn("jam").time == memory_clock


@settings(deadline=None, max_examples=12)
@given(sizes=st.lists(st.integers(1, 3), min_size=1, max_size=8))
def test_events_and_thoughts_do_not_depend_on_how_turns_are_batched(sizes: list[int]) -> None:
    views = []
    for batches in ([len(SAID)], sizes):
        with MemoryManager.open(":memory:", embedder=ToyEmbedder()) as memory:
            turns = conversation()
            for size in batches:
                memory.remember(turns[:size])
                turns = turns[size:]
            memory.remember(turns)
            memory.settle()
            views.append((memory.events(), {t.id: t.status for t in memory.thoughts()}))
    assert views[0] == views[1]


def test_every_said_turn_is_in_exactly_one_event(told: MemoryManager) -> None:
    order = [turn.id for turn in told.turns()]
    covered = [
        turn_id
        for event in told.events()
        for turn_id in order[order.index(event.first_turn) : order.index(event.last_turn) + 1]
    ]
    assert sorted(covered) == sorted(order)


@settings(deadline=None, max_examples=25)
@given(budget=st.integers(1, 400), query=st.sampled_from([text for _, text in SAID]))
def test_the_context_never_exceeds_the_budget(budget: int, query: str) -> None:
    with MemoryManager.open(":memory:", embedder=ToyEmbedder()) as memory:
        memory.remember(conversation())
        recall = memory.recall(query, budget=budget, gate=False)
    assert recall.tokens <= budget
    assert len(recall.context) <= 4 * budget
    for item in recall.items:
        assert item.packed is None or item.packed in recall.context


@pytest.mark.parametrize("budget", [0, -5, True, 2.5])
def test_a_budget_that_is_no_positive_number_is_refused(told: MemoryManager, budget: int) -> None:
    with pytest.raises(InvalidBudget, match="positive"):
        told.recall("What dog did Nora adopt?", budget=budget)


def test_an_empty_query_is_refused(told: MemoryManager) -> None:
    with pytest.raises(InvalidInput, match="empty"):
        told.recall("  ")


def test_nothing_crosses_a_space(told: MemoryManager) -> None:
    other = told.at("other")
    assert other.recall("What dog did Nora adopt?", gate=False).items == ()
    other.remember(Turn("Basil the cat sleeps all day.", "Mia", time=START, id="o1"))
    assert [item.id for item in other.recall("Basil", gate=False).items][0] == "o1"
    assert "cat" not in told.recall("Tell me about Basil", gate=False).context
    assert len(other.graph) < len(told.graph)
    with pytest.raises(NotFound):
        other.forget(turns=["t2"])


def test_recall_as_of_a_day_leaves_out_what_came_later(told: MemoryManager) -> None:
    early = told.recall("Where does Nora work?", as_of=START + timedelta(days=1), gate=False)
    assert "cartographer" not in early.context
    assert told.recall("Where does Nora work?", known_at=START, gate=False).items == ()


def test_recall_does_not_write(told: MemoryManager) -> None:
    before = (told.stats(), told.thoughts(history=True))
    told.recall("What dog did Nora adopt?")
    told.decide("What dog did Nora adopt?")
    told.answer("What dog did Nora adopt?")
    assert (told.stats(), told.thoughts(history=True)) == before


def test_forgetting_leaves_no_byte_and_gives_a_receipt(told: MemoryManager, tmp_path: Path) -> None:
    preview = told.forget(matching="greyhound called", preview=True)
    assert preview.preview and preview.turns == ("t2",)
    before = told.stats()
    assert told.turn("t2")
    assert told.stats() == before
    receipt = told.forget(matching="greyhound called")
    assert receipt.turns == ("t2",) and receipt.residues == ()
    assert sorted(preview.thoughts) == sorted(receipt.thoughts) and len(receipt.thoughts) > 0
    for file in (tmp_path / "home").rglob("*"):
        if file.is_file():
            assert b"greyhound called" not in file.read_bytes()
    assert "Basil" not in told.recall("Basil the greyhound", gate=False).context
    assert told.doctor() == []


def test_an_erased_turn_is_not_remembered_again(told: MemoryManager) -> None:
    told.forget(turns=["t2"])
    assert told.remember(conversation()) == []


def test_forgetting_nothing_in_particular_is_refused(told: MemoryManager) -> None:
    with pytest.raises(InvalidInput, match="say what to forget"):
        told.forget()
    with pytest.raises(NotFound, match="'nope'"):
        told.forget(turns=["nope"])


def test_reindex_rebuilds_the_same_memory(told: MemoryManager) -> None:
    told.insert("Nora plays chess on Mondays.")
    views = []
    for _ in range(2):
        recall = told.recall("What dog did Nora adopt?", gate=False)
        views.append(
            (
                told.events(),
                {t.id: (t.status, t.text) for t in told.thoughts(history=True)},
                [(item.id, round(item.score, 9)) for item in recall.items],
                told.stats()["operations"],
            )
        )
        told.reindex()
    assert views[0] == views[1]


def test_reindex_works_after_an_erasure(told: MemoryManager) -> None:
    told.insert("Melanie plays the cello")
    told.forget(turns=[told.turns()[0].id])
    before = {thought.text for thought in told.thoughts()}
    told.reindex()
    assert {thought.text for thought in told.thoughts()} == before
    assert told.doctor() == []


def test_an_undone_thought_is_forgotten_from_the_log_as_well(memory: MemoryManager) -> None:
    memory.undo(memory.insert("Melanie plays the theremin"))
    receipt = memory.forget(matching="theremin")
    assert receipt.thoughts == ()
    assert "theremin" not in str(memory.operations())


def test_an_entity_is_forgotten_with_thoughts_that_only_name_it(memory: MemoryManager) -> None:
    memory.insert("Melanie loves the bakery in Trondheim very much")
    memory.forget(entity="Trondheim")
    assert memory.thoughts() == []


def test_another_embedder_is_refused_until_reindex(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with MemoryManager.open(home) as memory:
        memory.remember(conversation())
    with pytest.raises(EmbedderMismatch, match="reindex"):
        MemoryManager.open(home, embedder=ToyEmbedder())
    with MemoryManager.open(home, embedder=ToyEmbedder(), reindexing=True) as memory:
        memory.reindex()
        assert memory.recall("What dog did Nora adopt?", gate=False).items
    with MemoryManager.open(home, embedder=ToyEmbedder()) as memory:
        assert memory.doctor() == []


def test_an_operation_can_be_undone_and_an_erasure_cannot(told: MemoryManager) -> None:
    before = told.thoughts(history=True)
    operation = told.insert("Nora collects old maps of Madeira.")
    assert len(told.thoughts()) == len([t for t in before if t.status == "active"]) + 1
    told.undo(operation)
    assert told.thoughts(history=True) == before
    with pytest.raises(NotFound):
        told.undo(10_000)


def test_undoing_an_erasure_is_refused(told: MemoryManager) -> None:
    told.forget(turns=["t2"])
    erasures = [op.id for op in told.operations() if op.kind == "erase"]
    assert len(erasures) == 1
    with pytest.raises(OperationRefused):
        told.undo(erasures[0])


def test_what_a_search_found_stays_as_it_was_while_others_remember(told: MemoryManager) -> None:
    findings = told.search("support group")
    size = len(findings.corpus)
    told.remember(Turn("The support group meets again.", id="later"))
    told.search("support group")
    assert len(findings.corpus) == len(findings.scores) == size
    assert len(findings.evidence.turn_bm25) == size


def test_documents_are_recalled_with_their_title(told: MemoryManager) -> None:
    text = "The Tagus is the longest river of the Iberian Peninsula. " * 40
    assert told.learn([Document("Tagus", text)]) and not told.learn([Document("Tagus", text)])
    recall = told.recall("Which river is the longest of the Iberian Peninsula?", gate=False)
    assert recall.items[0].speaker == "Tagus"
    assert recall.items[0].packed is not None
    assert 0 < len(recall.items[0].packed) < len(text)
    assert all("document" not in event.session for event in told.events())


def test_feedback_makes_thoughts_last_longer(told: MemoryManager) -> None:
    thought = next(t for t in told.thoughts() if "greyhound" in t.text)
    recall = told.recall("What dog did Nora adopt?")
    told.feedback(recall, useful=["t2"])
    after = next(t for t in told.thoughts() if t.id == thought.id)
    assert after.uses == thought.uses + 1 and after.stability >= thought.stability
    with pytest.raises(NotFound):
        told.feedback(recall, useful=["nope"])


async def test_the_async_twins_do_the_same(memory: MemoryManager) -> None:
    await memory.aremember(conversation())
    await memory.asettle()
    recall = await memory.arecall("What dog did Nora adopt?")
    assert recall == memory.recall("What dog did Nora adopt?")
    assert (await memory.aanswer("What dog did Nora adopt?")).citations[0] == "t2"
    assert await memory.adecide("Thanks!") == memory.decide("Thanks!")


def test_why_names_cues_that_add_up_and_the_links(told: MemoryManager) -> None:
    item = told.recall("What dog did Nora adopt?").items[0]
    why = told.why(item)
    assert why.sources[0].id == "t2" and why.packed
    assert any(link.startswith("entity:") for link in why.links)
    assert sum(why.shares.values()) == pytest.approx(item.score, abs=1e-9) or "bias" not in (
        why.shares
    )


_WRITER = """
import sys
from datetime import UTC, datetime
from knowhen import MemoryManager, Turn

home, prefix = sys.argv[1:]
with MemoryManager.open(home) as memory:
    for n in range(20):
        memory.remember(Turn(f"Note {prefix}{n} about the greenhouse.", "Ada",
                             time=datetime(2024, 3, 1, tzinfo=UTC), session=prefix,
                             id=f"{prefix}{n}"))
"""


def test_two_processes_writing_at_once_lose_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with MemoryManager.open(home) as memory:
        command = [sys.executable, "-c", _WRITER, str(home)]
        writers = [subprocess.Popen([*command, prefix]) for prefix in "ab"]
        assert [writer.wait(60) for writer in writers] == [0, 0]
        assert len(memory.turns()) == 40
        assert memory.doctor() == []
        assert memory.recall("greenhouse note a7", gate=False).items


def test_of_a_very_long_document_a_piece_is_shown(memory: MemoryManager) -> None:
    filler = "The tide came in and the tide went out again, as it does. " * 900
    text = f"{filler}The lighthouse keeper was called Ondine. {filler}"
    memory.learn(Document("Chronicle", text))
    recall = memory.recall("What was the lighthouse keeper called?", gate=False)
    assert "Ondine" in recall.context


class Moody(ToyEmbedder):
    """Raises whatever it likes while it is in the mood."""

    angry = False

    def embed(self, texts):  # type: ignore[no-untyped-def]
        if self.angry:
            raise RuntimeError("not today")
        return super().embed(texts)


def test_an_embedder_that_raises_anything_loses_no_turn() -> None:
    embedder = Moody()
    with MemoryManager.open(":memory:", embedder=embedder) as memory:
        embedder.angry = True
        memory.remember(conversation())
        assert len(memory.turns()) == len(SAID)
        with pytest.raises(EmbedderFailed, match="not today"):
            memory.recall("Basil?")
        embedder.angry = False
        memory.settle()
        assert memory.recall("greyhound called Basil", gate=False).items[0].id == "t2"


@pytest.mark.parametrize("part", [MemoryManager, Browsing])
def test_every_method_that_may_block_has_an_async_twin(part: type) -> None:
    at_once = {"open", "at"}
    methods = {name for name, value in vars(part).items() if inspect.isfunction(value)}
    public = {name for name in methods if not name.startswith("_")} - at_once
    twins = {name for name in public if inspect.iscoroutinefunction(vars(part)[name])}
    assert twins == {f"a{name}" for name in public - twins}
    for name in twins:
        method = vars(part)[name.removeprefix("a")]
        assert inspect.signature(vars(part)[name]) == inspect.signature(method)
