"""Segmenters by name, and topic models for embedders that none is shipped for."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from streams import units_of

from knowhen import MemoryManager, Turn
from knowhen.memory.embedders.rows import unit_rows
from knowhen.memory.episodes import (
    SCORERS,
    CausalLanguageModel,
    TopicModel,
    Trailing,
    make_segmenter,
    measured,
    topics_for,
)
from knowhen.memory.episodes.base import stacked
from knowhen.memory.episodes.calibration import is_shipped
from knowhen.memory.errors import InvalidInput, MissingExtra


def test_an_unknown_scorer_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(InvalidInput, match=", ".join(SCORERS)):
        make_segmenter("tea-leaves", embedder_name="lexical-16")


def test_a_scorer_that_lacks_its_model_names_the_alternatives() -> None:
    with pytest.raises(InvalidInput, match=r"knowhen\[lm\].*`bocpd`"):
        make_segmenter("lm", embedder_name="lexical-16")


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"knowhen\[lm\]"):
        CausalLanguageModel("folder")


def test_settings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidInput, match="probability"):
        make_segmenter("bocpd", embedder_name="lexical-16", threshold=Trailing())
    with pytest.raises(InvalidInput, match="no refinement 'magic'"):
        make_segmenter(embedder_name="lexical-16", refine="magic")  # type: ignore[arg-type]


def test_a_higher_threshold_makes_fewer_events() -> None:
    units = units_of([n // 5 % 6 for n in range(60)], scatter=0.4)
    counts = [
        len(make_segmenter(embedder_name="lexical-16", threshold=at).cut(units))
        for at in (0.05, 0.3, 0.95)
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[2]


def test_cues_can_be_switched_off() -> None:
    units = units_of([0] * 3 + [1] * 3, scatter=0.6, seed=2)
    spoken = make_segmenter(embedder_name="lexical-16", cues=(), threshold=0.01).cut(units)
    assert spoken == make_segmenter(embedder_name="lexical-16", threshold=0.01).cut(units)


def sessions(count: int, *, common: float) -> list[np.ndarray]:
    """Sessions whose vectors all share a direction, as those of many embedders do."""
    rng = np.random.default_rng(0)
    found = []
    for seed in range(count):
        vectors = stacked(units_of(rng.integers(0, 15, 4).repeat(8), seed=seed, scatter=0.3))
        vectors[:, 15] += common
        found.append(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    return found


def test_a_calibration_measures_what_unrelated_turns_have_in_common() -> None:
    plain, shifted = measured(sessions(12, common=0.0)), measured(sessions(12, common=1.0))
    assert plain.unrelated < 0.15
    assert 0.35 < shifted.unrelated < 0.65
    assert plain.cohesion > 0.3


def test_a_calibrated_segmenter_finds_the_topics_that_it_was_not_made_for() -> None:
    topics = measured(sessions(12, common=1.0))
    segmenter = make_segmenter(embedder_name="other", topics=topics)
    units = units_of([0] * 6 + [3] * 6 + [7] * 6, scatter=0.15)
    assert [cut.index for cut in segmenter.cut(units)] == [6, 12]


def test_one_long_session_is_enough_and_a_short_one_is_not() -> None:
    assert measured([np.concatenate(sessions(10, common=0.0))]).unrelated < 0.2
    with pytest.raises(InvalidInput, match="at least 200 turns"):
        measured(sessions(2, common=0.0))


def test_each_shipped_embedder_has_its_own_constants() -> None:
    lexical, local = topics_for("lexical-1024"), topics_for("all-MiniLM-L6-v2")
    assert lexical.unrelated < local.unrelated
    assert topics_for("text-embedding-3-small") == local


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
    return memory._store.setting("topics:narrow")


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
    assert TopicModel(**json.loads(text)) != topics_for("narrow")
    with MemoryManager.open(tmp_path, embedder=Narrow()) as memory:
        memory.remember(talk(11))
        assert stored(memory) == text
        starts = [e.first_turn for e in memory.events() if e.session == "s11"]
        assert {"11.5", "11.10"} & set(starts)


def test_the_embedders_that_have_constants_keep_them() -> None:
    memory = MemoryManager.open(":memory:")
    memory.remember([turn for session in range(11) for turn in talk(session)])
    memory.settle()
    assert memory._store.setting("topics:lexical-1024") is None
