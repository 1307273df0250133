"""Segmenters for an embedder that no constants are shipped for."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from knowhen import MemoryManager, Turn
from knowhen.memory.embedders.rows import unit_rows
from knowhen.memory.episodes import Calibration
from knowhen.memory.episodes.calibration import calibration_for, is_shipped

START = datetime(2024, 3, 1, 9, tzinfo=UTC)


class Narrow:
    """Topics as directions, under a large part that all vectors share, as in some models."""

    name, dimension = "narrow", 17

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        rows = np.zeros((len(texts), self.dimension))
        for row, text in zip(rows, texts, strict=True):
            topic, _, number = text.partition(" ")
            row[int(topic) % 16] = 1.0
            row[:16] += np.random.default_rng(int(number or 0)).normal(0, 0.08, 16)
            row[16] = 1.5
        return unit_rows(rows, count=len(texts), dimension=self.dimension)


def talk(session: int, *, turns: int = 20) -> list[Turn]:
    """A session whose topic changes every five turns."""
    return [
        Turn(
            f"{(session * 5 + n // 5) % 16} {session * 100 + n}",
            "Ann",
            time=START + timedelta(days=session, minutes=n),
            session=f"s{session}",
            id=f"{session}.{n}",
        )
        for n in range(turns)
    ]


def stored(memory: MemoryManager) -> str | None:
    return memory._store.setting("calibration:narrow")


@pytest.mark.parametrize(
    ("name", "shipped"),
    [
        ("lexical-1024", True),
        ("all-MiniLM-L6-v2", True),
        ("sentence-transformers/all-MiniLM-L6-v2", True),
        ("text-embedding-3-small", False),
    ],
)
def test_it_is_known_which_embedders_have_constants(name: str, shipped: bool) -> None:
    assert is_shipped(name) == shipped


def test_nothing_is_measured_before_there_are_enough_turns() -> None:
    memory = MemoryManager.open(":memory:", embedder=Narrow())
    memory.remember([turn for session in range(9) for turn in talk(session)])
    memory.settle()
    assert stored(memory) is None
    memory.remember(talk(9))
    memory.settle()
    assert stored(memory) is not None


def test_sessions_of_a_turn_or_two_are_too_short_to_measure() -> None:
    memory = MemoryManager.open(":memory:", embedder=Narrow())
    memory.remember([turn for session in range(120) for turn in talk(session, turns=2)])
    memory.settle()
    assert stored(memory) is None


def test_old_sessions_are_cut_anew_where_their_topics_change() -> None:
    memory = MemoryManager.open(":memory:", embedder=Narrow())
    memory.remember([turn for session in range(9) for turn in talk(session)])
    memory.settle()
    before = {event.first_turn for event in memory.events()}
    memory.remember(talk(9))
    memory.settle()
    after = {event.first_turn for event in memory.events()}
    true = {f"{session}.{n}" for session in range(10) for n in (0, 5, 10, 15)}
    assert len(before & true) / 36 < 0.5
    assert len(after & true) / 40 > 0.8
    assert len(after - true) <= 4
    assert sum(event.turns for event in memory.events()) == 200


def test_what_was_measured_holds_after_reopening_and_holds_no_text(tmp_path: Path) -> None:
    with MemoryManager.open(tmp_path, embedder=Narrow()) as memory:
        memory.remember([turn for session in range(10) for turn in talk(session)])
        memory.settle()
        text = stored(memory)
    assert text is not None
    assert Calibration.load(json.loads(text)) != calibration_for("narrow")
    with MemoryManager.open(tmp_path, embedder=Narrow()) as memory:
        memory.remember(talk(11))
        assert stored(memory) == text
        starts = [e.first_turn for e in memory.events() if e.session == "s11"]
        assert {"11.5", "11.10"} & set(starts)


def test_the_embedders_that_have_constants_keep_them() -> None:
    memory = MemoryManager.open(":memory:")
    memory.remember([turn for session in range(11) for turn in talk(session)])
    memory.settle()
    assert memory._store.setting("calibration:lexical-1024") is None
