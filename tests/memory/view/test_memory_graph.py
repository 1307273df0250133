"""The graph of a space: caught up with the store, while others walk what they were given."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from knowhen import Document, MemoryManager, Turn
from knowhen.graphs.export import to_json
from knowhen.graphs.walk import PushWalk
from knowhen.memory.errors import OperationRefused
from knowhen.memory.indexes.exact import ExactIndex
from knowhen.memory.records import Recall
from knowhen.memory.stores.sqlite import SqliteStore
from knowhen.memory.view.view import Views

START = datetime(2024, 3, 1, 9, tzinfo=UTC)
PEOPLE = ("Nora", "Ivo", "Sam", "Mara")
PLACES = ("Oslo", "Bergen", "Porto", "Lisbon", "Stavanger")
QUESTIONS = (
    "Where does Nora live?",
    "Who moved to Bergen with Sam?",
    "What did Mara and Ivo do in Porto, and where did they go next?",
)


def said(number: int) -> Turn:
    person, place = PEOPLE[number % 4], PLACES[number % 5]
    text = f"I live in {place} now, and {PEOPLE[(number + 1) % 4]} visited me, number {number}."
    return Turn(
        text, speaker=person, session=f"s{number // 6}", id=f"t{number}",
        time=START + timedelta(hours=number),
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with MemoryManager.open(tmp_path / "home") as memory:
        memory.remember([said(number) for number in range(24)])
    return tmp_path / "home"


def rebuilt(home: Path) -> dict[str, object]:
    """The graph as one who opens the memory anew finds it."""
    with MemoryManager.open(home) as memory:
        return to_json(memory.graph)


def test_a_graph_that_was_given_never_changes(home: Path) -> None:
    with MemoryManager.open(home) as memory:
        given = memory.graph
        before, walked = to_json(given), PushWalk().rank(given, {"entity:nora": 1.0})
        for change in (
            lambda: memory.remember([said(24), said(25)]),
            lambda: memory.undo(memory.insert("Nora likes rye bread.")),
            lambda: memory.forget(turns=["t3"]),
        ):
            change()
            assert to_json(memory.graph) != before
            assert to_json(given) == before
        again = PushWalk().rank(given, {"entity:nora": 1.0})
        assert again.scores_by_node() == walked.scores_by_node()
        kept = to_json(memory.graph)
    assert rebuilt(home) == kept


def test_a_graph_is_copied_only_while_somebody_has_it(home: Path) -> None:
    with MemoryManager.open(home) as memory:
        memory.remember([said(24)])
    store = SqliteStore(home)
    views = Views(store, "default", ExactIndex(store))

    def tell(number: int) -> None:
        with MemoryManager.open(home) as memory:
            memory.remember([said(number)])

    with views.reading() as first:
        before = to_json(first.graph)
        tell(25)
        with views.reading() as second:
            assert second.graph is not first.graph
            assert to_json(first.graph) == before != to_json(second.graph)
    tell(26)
    with views.reading() as third:
        assert third.graph is second.graph
    given = views.latest()
    tell(27)
    with views.reading() as fourth:
        assert fourth.graph is not given.graph
        newest = to_json(fourth.graph)
    store.close()
    assert newest == rebuilt(home)


@pytest.mark.parametrize("keep", [False, True])
def test_a_catch_up_that_breaks_off_is_done_anew(
    home: Path, monkeypatch: pytest.MonkeyPatch, keep: bool
) -> None:
    with MemoryManager.open(home) as memory:
        memory.remember([said(24)])
    store = SqliteStore(home)
    views = Views(store, "default", ExactIndex(store))
    with views.reading():
        pass
    if keep:
        views.latest()
    with MemoryManager.open(home) as memory:
        memory.remember([said(25), said(26)])
        memory.settle()
    with monkeypatch.context() as patch:
        patch.setattr(store, "events", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            views.latest()
    found = to_json(views.latest().graph)
    store.close()
    assert found == rebuilt(home)


def test_recalls_stay_whole_while_one_thread_remembers_and_forgets(home: Path) -> None:
    done = Event()
    with MemoryManager.open(home) as memory, ThreadPoolExecutor(4) as pool:

        def read(seed: int) -> int:
            dice, times = random.Random(seed), 0
            while not done.is_set() or times < 3:
                recall = memory.recall(dice.choice(QUESTIONS), gate=False)
                check(memory, recall)
                dice.choice(looks)(memory)
                times += 1
            return times

        readers = [pool.submit(read, seed) for seed in range(3)]
        try:
            change(memory)
        finally:
            done.set()
        assert all(reader.result() >= 3 for reader in readers)
        assert memory.doctor() == []
        kept = to_json(memory.graph)
    assert rebuilt(home) == kept


def check(memory: MemoryManager, recall: Recall) -> None:
    assert recall.items
    for item in recall.items[:3]:
        memory.why(item)
    assert all(item.packed in recall.context for item in recall.items if item.packed)


def walk_twice(memory: MemoryManager) -> None:
    graph = memory.graph
    restart = {node: 1.0 for node in sorted(graph.nodes)[:5]}
    first, second = (PushWalk().rank(graph, restart).scores_by_node() for _ in range(2))
    assert first == second


def list_twice(memory: MemoryManager) -> None:
    graph = memory.graph
    for node in graph.nodes:
        graph.neighbours(node)
    assert to_json(graph) == to_json(graph)


looks: list[Callable[[MemoryManager], None]] = [walk_twice, list_twice, MemoryManager.stats]


def change(memory: MemoryManager) -> None:
    for number in range(24, 60):
        memory.remember(said(number))
        if number % 4 == 0:
            memory.undo(memory.insert(f"Nora likes number {number}."))
        if number % 6 == 0:
            memory.forget(turns=[f"t{number - 20}"])
    memory.settle()


def random_change(memory: MemoryManager, dice: random.Random, number: int) -> None:
    """Mostly additions, some merges, takings back and erasures."""
    drawn = dice.random()
    thoughts = memory.thoughts()
    if drawn < 0.6:
        memory.remember(said(number))
    elif drawn < 0.7:
        memory.learn(Document(f"{dice.choice(PLACES)} guide", f"{PEOPLE[number % 4]} was there."))
    elif drawn < 0.85 or len(thoughts) < 2:
        memory.insert(f"{dice.choice(PEOPLE)} likes {dice.choice(PLACES)}.")
    elif drawn < 0.97:
        one, other = dice.sample([thought.id for thought in thoughts], 2)
        with suppress(OperationRefused):
            merged = memory.merge([one, other])
            if number % 2:
                memory.undo(merged)
    elif drawn < 0.985:
        memory.forget(thoughts=[dice.choice(thoughts).id])
    elif memory.turns():
        memory.forget(turns=[dice.choice(memory.turns()).id])


def test_after_a_thousand_random_changes_the_graph_is_the_one_built_anew(tmp_path: Path) -> None:
    dice = random.Random(7)
    with MemoryManager.open(tmp_path / "home") as memory:
        for number in range(1_000):
            random_change(memory, dice, number)
            if number % 10 == 0:
                assert len(memory.graph)  # caught up in small steps
            if number % 250 == 249:
                assert to_json(memory.graph) == rebuilt(tmp_path / "home")
