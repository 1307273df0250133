import pytest

from knowhen.memory.gate.heads import question_features
from knowhen.memory.language.registry import language_of
from knowhen.memory.recall.answering import agree, fits, standing


@pytest.mark.parametrize(
    "text",
    ["", "Unknown", "It is not mentioned in the text.", "There is no answer", "I don't know"],
)
def test_an_answer_that_says_it_has_none_is_a_refusal(text: str) -> None:
    assert language_of(text).refuses(text)


@pytest.mark.parametrize("text", ["Norway", "1984", "Nobody Knows My Name", "yes"])
def test_an_answer_is_no_refusal(text: str) -> None:
    assert not language_of(text).refuses(text)


def test_a_choice_is_answered_by_one_of_its_options() -> None:
    question = "Who was born first, Ann Lee or Bob Day?"
    assert fits(question, "Ann Lee")
    assert not fits(question, "Carl Orff")


def test_a_yes_or_no_question_wants_yes_or_no() -> None:
    assert fits("Are both rivers in Spain?", "No, one is in France.")
    assert not fits("Are both rivers in Spain?", "Ebro")


def test_personal_facts_come_from_memory_alone() -> None:
    assert standing("Where do I live?", memory="Faro", own="Paris", personal=True) == "memory"


def test_agreement_needs_no_weighing() -> None:
    assert agree("Lisbon", "Lisbon, Portugal")
    assert standing("Where?", memory="Lisbon", own="Lisbon, Portugal", personal=False) == "memory"


def test_where_memory_says_nothing_the_draft_stands() -> None:
    stands = standing("Who wrote it?", memory="not mentioned", own="Dante", personal=False)
    assert stands == "own"


def test_trusted_evidence_overrules_a_draft_and_hearsay_stands_beside_it() -> None:
    for trust, wanted in ((0.9, "memory"), (0.5, "both")):
        stands = standing(
            "Who wrote it?", memory="Boccaccio", own="Dante", personal=False, trust=trust
        )
        assert stands == wanted


def test_the_shape_of_a_question_is_read() -> None:
    values = question_features("Are the director of Jaws and Bob Day from the same country?")
    assert values["yes_no"] and values["both"] and values["country"] and not values["who"]
    assert all(0.0 <= value <= 1.0 for value in values.values())
