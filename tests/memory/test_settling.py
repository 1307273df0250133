"""Settling when others work on the same home, and when the model does not answer."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from statements import statement

from knowhen import MemoryManager, Turn
from knowhen.memory import settling
from knowhen.memory.errors import ModelFailed
from knowhen.memory.models.base import ChatModel, Completion, Message
from knowhen.memory.stores.sqlite import SqliteStore
from knowhen.memory.testing.chat_model import ScriptedChatModel
from knowhen.memory.thoughts.model import ModelProposer

START = datetime(2024, 3, 1, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting before a failed call is tried again."""

    def without_waiting(chat: ChatModel, **options: str) -> ModelProposer:
        return ModelProposer(chat, sleep=lambda seconds: None, **options)

    monkeypatch.setattr(settling, "ModelProposer", without_waiting)


def talks(count: int) -> list[Turn]:
    """One short talk a day, each an event of its own."""
    said = ("I live in {0}.", "I have read {1} books about trains.", "I went to {0} on foot.")
    cities = ("Oslo", "Rome", "Leeds", "Graz")
    return [
        Turn(
            text.format(cities[day % 4], day + 2),
            "Ann",
            time=START + timedelta(days=day, minutes=place),
            session=f"day {day}",
            id=f"t{day}-{place}",
        )
        for day in range(count)
        for place, text in enumerate(said)
    ]


def waiting(home: Path, turns: Sequence[Turn]) -> None:
    """A home whose turns are stored and not yet thought about, because a model was to do it."""
    with MemoryManager.open(home, model=ScriptedChatModel()) as memory:
        memory.remember(turns)


_SETTLER = """
import sys
from knowhen import MemoryManager
with MemoryManager.open(sys.argv[1]) as memory:
    print("ready", flush=True)
    sys.stdin.readline()
    settled = memory.settle()
    print(settled.events, settled.operations, flush=True)
"""


def test_two_processes_settle_one_space_at_once(tmp_path: Path) -> None:
    turns = talks(30)
    waiting(tmp_path, turns)
    settlers = [
        subprocess.Popen(
            [sys.executable, "-c", _SETTLER, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for settler in settlers:
        assert settler.stdout is not None and settler.stdout.readline() == "ready\n"
    told = [settler.communicate("go\n", timeout=60)[0].split() for settler in settlers]
    assert [settler.returncode for settler in settlers] == [0, 0]

    with MemoryManager.open(":memory:") as alone:
        alone.remember(turns)
        expected = alone.settle()
        thoughts = {t.id: (t.status, t.superseded_by) for t in alone.thoughts(history=True)}
        operations = len(alone.operations())
    with MemoryManager.open(tmp_path) as memory:
        logged = [str(sorted(operation.payload.items())) for operation in memory.operations()]
        assert max(Counter(logged).values()) == 1
        assert len(logged) == operations == sum(int(done[1]) for done in told)
        assert sum(int(done[0]) for done in told) == len(memory.events()) >= expected.events
        found = memory.thoughts(history=True)
        assert {t.id: (t.status, t.superseded_by) for t in found} == thoughts
        assert memory.doctor() == [] and memory.settle().events == 0


class Interrupted(ScriptedChatModel):
    """Lets something happen while it is thinking about a call."""

    def __init__(self, *replies: object, meanwhile: Callable[[], object], at: int = 1) -> None:
        super().__init__(*replies)  # type: ignore[arg-type]
        self._meanwhile, self._at = meanwhile, at

    def complete(self, messages: Sequence[Message], **settings: object) -> Completion:  # type: ignore[override]
        if len(self.history) + 1 == self._at:
            self._meanwhile()
        return super().complete(messages, **settings)  # type: ignore[arg-type]


def stated(text: str, object: str, turn: str) -> Mapping[str, object]:
    return statement(text, object, turn, predicate="rides")


RIDES = [
    Turn(
        "I live in Leeds. I ride my old horse to the office.",
        "Ann",
        time=START,
        session="s",
        id="a",
    ),
    Turn(
        "I ride the tram to the office, my old horse rests.",
        "Ann",
        time=START + timedelta(minutes=3),
        session="s",
        id="b",
    ),
]
HORSE = stated("Ann rides her old horse to the office.", "old horse to the office", "a")
TRAM = stated("Ann rides the tram to the office, her old horse rests.", "the tram", "b")
BOTH = {"statements": [HORSE, TRAM]}


def test_an_event_that_another_process_thought_about_meanwhile_is_left_alone(
    tmp_path: Path,
) -> None:
    waiting(tmp_path, RIDES)
    other = MemoryManager.open(tmp_path)
    with MemoryManager.open(tmp_path, model=Interrupted(BOTH, meanwhile=other.settle)) as memory:
        settled = memory.settle()
        assert (settled.events, settled.operations, settled.failures) == (0, 0, ())
        assert memory.thoughts() == other.thoughts() != []
    other.close()


def test_what_was_erased_while_the_model_thought_about_it_does_not_come_back(
    tmp_path: Path,
) -> None:
    waiting(tmp_path, RIDES)
    other = MemoryManager.open(tmp_path)
    model = Interrupted(BOTH, meanwhile=lambda: other.forget(turns=["a"]))
    with MemoryManager.open(tmp_path, model=model) as memory:
        assert memory.settle().events == 0
        assert memory.thoughts(history=True) == []
        model.enqueue({"statements": [TRAM]})
        assert memory.settle().events == 1
        assert [thought.text for thought in memory.thoughts()] == [TRAM["text"]]
    other.close()
    assert b"Ann rides her old horse" not in b"".join(
        f.read_bytes() for f in tmp_path.rglob("*.db*")
    )


def pending(memory: MemoryManager) -> str:
    store = memory._equipment.store
    assert isinstance(store, SqliteStore)
    return store.setting("unjudged", space=memory.space) or "[]"


def test_erasing_takes_a_thought_out_of_those_that_wait_for_a_judgement(tmp_path: Path) -> None:
    model = ScriptedChatModel(BOTH, ModelFailed("down"))
    with MemoryManager.open(tmp_path, model=model) as memory:
        memory.remember(RIDES)
        memory.settle()
        erased, kept = sorted(memory.thoughts(), key=lambda thought: thought.sources[0].turn_id)
        assert erased.id in pending(memory) and kept.id in pending(memory)
        memory.forget(turns=["a"])
        assert erased.id not in pending(memory) and kept.id in pending(memory)
        settled = memory.settle()
        assert (settled.calls, settled.failures, pending(memory)) == (0, (), "[]")
        assert memory.thoughts() == [kept]
    everything = b"".join(file.read_bytes() for file in tmp_path.rglob("*.db*"))
    assert erased.id.encode() not in everything and kept.id.encode() in everything


def test_a_judgement_on_what_was_erased_meanwhile_does_nothing(tmp_path: Path) -> None:
    other = MemoryManager.open(tmp_path)
    replaces = {"answers": ["replaces"]}
    model = Interrupted(BOTH, replaces, meanwhile=lambda: other.forget(turns=["a"]), at=2)
    with MemoryManager.open(tmp_path, model=model) as memory:
        memory.remember(RIDES)
        settled = memory.settle()
        assert (settled.events, settled.calls, settled.failures) == (1, 2, ())
        assert [thought.status for thought in memory.thoughts(history=True)] == ["active"]
        assert pending(memory) == "[]" and memory.doctor() == []
    other.close()


def test_a_model_that_is_down_is_not_asked_about_every_waiting_event() -> None:
    model = ScriptedChatModel()
    with MemoryManager.open(":memory:", model=model) as memory:
        memory.remember(talks(6))
        settled = memory.settle()
        assert (settled.events, settled.calls, len(settled.failures)) == (0, 6, 2)
        model.enqueue(*[{"statements": []}] * 6)
        assert memory.settle().events == 6


def test_one_event_that_the_model_cannot_read_does_not_hold_up_the_others() -> None:
    nothing = {"statements": []}
    model = ScriptedChatModel(nothing, "no", "no", "no", *[nothing] * 4)
    with MemoryManager.open(":memory:", model=model) as memory:
        memory.remember(talks(6))
        settled = memory.settle()
        assert (settled.events, len(settled.failures), model.pending) == (5, 1, 0)
