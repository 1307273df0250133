import pytest
from streams import units_of

from knowhen.memory.episodes import Unit
from knowhen.memory.episodes.cues import CUES, cue_log_odds, found_cues


def said(*texts: str) -> list[Unit]:
    return [
        Unit(unit.id, unit.vector, None, 20, text, unit.speaker)
        for unit, text in zip(units_of([0] * len(texts)), texts, strict=True)
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Hello there", ("greeting",)),
        ("Do you have any pets", ("asking_you",)),
        ("I’m looking for a museum", ("request",)),
        ("Yes, it was lovely", ("reaction", "reference")),
        ("And one more thing", ("reaction", "reference", "continuation")),
        ("The ferry leaves at noon", ()),
        ("Die Fähre fährt mittags", ()),
        ("Also ich fahre mit ihr und her mit dir", ("reference",)),
    ],
)
def test_cues_of_a_beginning(text: str, names: tuple[str, ...]) -> None:
    assert found_cues(text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Where is it?", ("asked", "asked_openly")),
        ("Really?", ("asked",)),
        ("你好吗？", ("asked",)),
        ("Thanks, goodbye", ("closing",)),
        ("Is there anything else?", ("asked", "closing")),
    ],
)
def test_cues_for_what_follows(text: str, names: tuple[str, ...]) -> None:
    assert found_cues(text, before=True) == names


def test_an_answer_seldom_begins_a_topic_and_what_follows_a_farewell_often_does() -> None:
    odds = cue_log_odds(said("What is a gnu?", "An antelope", "Thanks, bye", "Gnus graze"))
    assert odds.tolist() == [0, -1.5, -0.5, 0.5]


def test_weights_are_round_numbers() -> None:
    assert all(cue.weight * 2 == round(cue.weight * 2) for cue in CUES)


def test_a_very_long_turn_is_read_at_both_ends() -> None:
    text = "Hello. " + "word " * 5000 + "Shall we meet?"
    assert found_cues(text) == ("greeting",)
    assert found_cues(text, before=True) == ("asked",)
