"""Damaged rows are named, and mended as far as they can be; a backup is a whole home."""

import json
import random
import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from knowhen import MemoryManager, Turn
from knowhen.memory.errors import DamagedRecord, HomeUnavailable, KnowhenError, OperationRefused
from knowhen.memory.stores.database import connect

START = datetime(2024, 5, 1, 9, tzinfo=UTC)
SAYS = ["I live in Oslo.", "My sister is called Ida.", "I moved to Bergen.", "I like green tea."]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    with MemoryManager.open(home) as memory:
        for number, text in enumerate(SAYS * 5):
            when = START + timedelta(minutes=number)
            memory.remember(Turn(text, speaker="Nora", time=when, session="s", id=f"t{number}"))
        memory.settle()
    return home


def run(home: Path, statement: str) -> None:
    (cell,) = home.rglob("space.db")
    connection = connect(cell, timeout=5)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("damage", "look"),
    [
        ("UPDATE turns SET meta = '{oh no' WHERE id = 't3'", lambda m: m.turns()),
        ("UPDATE turns SET time = 'noon' WHERE id = 't3'", lambda m: m.turns()),
        ("UPDATE thoughts SET body = '{\"secret'", lambda m: m.thoughts()),
        ("UPDATE events SET body = '[1]'", lambda m: m.events()),
        ("UPDATE operations SET payload = 'x'", lambda m: m.operations()),
        ("UPDATE turns SET role = 'nobody' WHERE id = 't3'", lambda m: m.turns()),
    ],
)
def test_a_damaged_row_is_named_and_mended(
    home: Path, damage: str, look: Callable[[MemoryManager], object]
) -> None:
    with MemoryManager.open(home) as memory:
        before = len(memory.turns())
        active = sorted(thought.text for thought in memory.thoughts())
    run(home, damage)
    with MemoryManager.open(home) as memory:
        with pytest.raises(DamagedRecord, match="doctor --repair") as caught:
            look(memory)
        assert "secret" not in str(caught.value)
        assert any("damaged" in finding for finding in memory.doctor())
        memory.doctor(repair=True)
        assert memory.doctor() == []
        assert len(memory.turns()) >= before - 1
        if "operations" not in damage and "role" not in damage:
            assert sorted(thought.text for thought in memory.thoughts()) == active


def test_what_is_derived_is_made_anew(home: Path) -> None:
    run(home, "DELETE FROM postings")
    run(home, "DELETE FROM events")
    with MemoryManager.open(home) as memory:
        assert memory.doctor()
        assert memory.doctor(repair=True) == []
        assert memory.recall("Where does Nora live?", gate=False).items


def test_pages_that_are_unreadable_cost_their_rows_alone(home: Path) -> None:
    (cell,) = home.rglob("space.db")
    content = bytearray(cell.read_bytes())
    half = len(content) // 2
    content[half : half + 4096 * 4] = b"\xa5" * 4096 * 4
    cell.write_bytes(bytes(content))
    with MemoryManager.open(home) as memory:
        assert memory.doctor()
        memory.doctor(repair=True)
        assert memory.doctor() == []
        assert memory.turns()


def test_no_flipped_byte_raises_what_is_no_error_of_ours(home: Path, tmp_path: Path) -> None:
    rng = random.Random(5)
    (name,) = (path.relative_to(home) for path in home.rglob("space.db"))
    for number in range(25):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(home, copy)
        content = bytearray((copy / name).read_bytes())
        for _ in range(40):
            content[rng.randrange(100, len(content))] ^= 1 << rng.randrange(8)
        (copy / name).write_bytes(bytes(content))
        try:
            with MemoryManager.open(copy) as memory:
                memory.doctor()
                memory.recall("Where does Nora live?")
                memory.thoughts()
        except KnowhenError:
            pass


def test_a_backup_is_a_home_of_its_own(home: Path, tmp_path: Path) -> None:
    with MemoryManager.open(home) as memory:
        memory.at("bob").remember(Turn("Hi.", id="b1", time=START))
        receipt = memory.forget(turns=["t3"])
        assert memory.backup(tmp_path / "backup") == 2
        memory.remember(Turn("Later.", id="later", time=START))
    with MemoryManager.open(tmp_path / "backup") as copy:
        assert copy.spaces() == ["bob", "default"]
        assert len(copy.turns()) == 19
        assert copy.verify(receipt) == []
        assert copy.doctor() == []


def test_a_backup_while_others_write_holds_whole_calls(home: Path, tmp_path: Path) -> None:
    done = threading.Event()

    def write() -> None:
        with MemoryManager.open(home) as other:
            number = 0
            while not done.is_set() and number < 200:
                other.remember([Turn("x", id=f"w{number}-{n}", time=START) for n in range(3)])
                number += 1

    thread = threading.Thread(target=write)
    thread.start()
    with MemoryManager.open(home) as memory:
        memory.backup(tmp_path / "backup")
    done.set()
    thread.join()
    with MemoryManager.open(tmp_path / "backup") as copy:
        written = [turn.id for turn in copy.turns() if turn.id.startswith("w")]
        assert len(written) % 3 == 0
        assert copy.doctor() == []


def test_a_backup_overwrites_nothing(home: Path, tmp_path: Path) -> None:
    with MemoryManager.open(home) as memory, pytest.raises(HomeUnavailable, match="cannot be made"):
        memory.backup(tmp_path / "home")
    with MemoryManager.open(":memory:") as memory, pytest.raises(OperationRefused, match="export"):
        memory.backup(tmp_path / "new")


def test_a_damaged_row_shows_nothing_of_what_it_says(home: Path) -> None:
    run(home, "UPDATE turns SET meta = '{\"pin\": 4711,,' WHERE id = 't3'")
    with MemoryManager.open(home) as memory:
        findings = json.dumps(memory.doctor(repair=True))
        assert "t3" in findings
        assert "4711" not in findings
