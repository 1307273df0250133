"""Kinds of edges count in the walk by their factor, and the shipped ones leave two out."""

import pytest

from knowhen import MemoryManager, Turn
from knowhen.memory.errors import InvalidInput
from knowhen.memory.settings import RecallSettings, Settings

TURNS = [
    Turn("Lucia plays the cello in an orchestra.", speaker="Ann", id="t1"),
    Turn("That sounds wonderful.", speaker="Ben", id="t2"),
    Turn("The trams were late again.", speaker="Ann", session="other", id="t3"),
]


def walked(settings: RecallSettings) -> dict[str, float]:
    with MemoryManager.open(":memory:", settings=Settings(recall=settings)) as memory:
        memory.remember(TURNS)
        found = memory.search("What does Lucia play?")
        assert found.reached is not None
        return {
            stored.turn.id: share
            for stored, share in zip(found.corpus.turns, found.reached, strict=True)
        }


def test_contiguity_leads_to_the_next_turn_unless_it_counts_nothing() -> None:
    apart = {"contiguity": 0.0}
    assert walked(RecallSettings())["t2"] > walked(RecallSettings(edges=apart))["t2"]


def test_a_cue_that_counts_nothing_has_no_share() -> None:
    settings = Settings(recall=RecallSettings(cues={"window": 0.0, "walk": 0.0}))
    with MemoryManager.open(":memory:", settings=settings) as memory:
        memory.remember(TURNS)
        found = memory.search("What does Lucia play?")
        assert "turn" in found.shares and "window" not in found.shares
        assert "walk" not in found.shares and found.reached is None


def test_kinds_that_bring_conversations_nothing_are_left_out_of_the_near_walk() -> None:
    left_out = dict.fromkeys(("fact", "named", "speaker", "synonym"), 0.0)
    assert walked(RecallSettings()) == walked(RecallSettings(edges=left_out))


@pytest.mark.parametrize("factor", [-1.0, float("nan"), float("inf")])
def test_a_factor_is_finite_and_not_negative(factor: float) -> None:
    with pytest.raises(InvalidInput, match="mention"):
        RecallSettings(edges={"mention": factor})
