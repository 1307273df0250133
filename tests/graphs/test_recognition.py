"""Recognisers choose among the candidates, and say when they could not."""

from collections.abc import Mapping

import pytest

from knowhen.graphs.errors import KnowhenError
from knowhen.graphs.recognition import (
    Fact,
    ModelRecogniser,
    Recogniser,
    Recognition,
    RuleRecogniser,
    message,
    schema,
)
from knowhen.graphs.testing import ScriptedRecogniser

FACTS = [
    Fact("ann", "plays", "piano"),
    Fact("bob", "lives in", "lisbon"),
    Fact("lisbon", "is capital of", "portugal"),
]


def answering(answer: Mapping[str, object] | None) -> ModelRecogniser:
    return ModelRecogniser(lambda instructions, text, schema: answer)


def test_the_model_chooses_by_number() -> None:
    recogniser = answering({"facts": [3, 2, 3]})
    assert recogniser.recognise("Where is Bob?", FACTS) == Recognition((1, 2))
    assert (recogniser.calls, recogniser.fallbacks) == (1, 0)


def test_no_relevant_fact_is_an_answer_and_no_failure() -> None:
    assert answering({"facts": []}).recognise("?", FACTS) == Recognition(())


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"facts": "1"},
        {"facts": [0]},
        {"facts": [4]},
        {"facts": [1, True]},
        {"facts": [1.0]},
        {"facts": ["__import__('os').abort()"]},
        {"facts": [["bob", "lives in", "porto"]]},
    ],
)
def test_nonsense_keeps_every_fact_and_is_counted(answer: Mapping[str, object] | None) -> None:
    recogniser = answering(answer)
    recognition = recogniser.recognise("?", FACTS)
    assert recognition.kept == (0, 1, 2)
    assert recognition.fallback is not None
    assert recogniser.fallbacks == 1


def test_a_model_that_fails_keeps_every_fact_and_is_counted() -> None:
    def ask(instructions: str, text: str, schema: Mapping[str, object]) -> None:
        raise KnowhenError("no connection")

    recogniser = ModelRecogniser(ask)
    recognition = recogniser.recognise("?", FACTS)
    assert recognition == Recognition((0, 1, 2), "KnowhenError: no connection")
    assert recogniser.fallbacks == 1


def test_a_bug_is_not_taken_for_a_failing_model() -> None:
    def ask(instructions: str, text: str, schema: Mapping[str, object]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ModelRecogniser(ask).recognise("?", FACTS)


def test_nothing_is_asked_about_no_facts() -> None:
    recogniser = answering(None)
    assert recogniser.recognise("?", []) == Recognition(())
    assert recogniser.calls == 0


def test_the_prompt_numbers_the_facts_on_one_line_each() -> None:
    text = message("Where\nis Bob?", [FACTS[1], Fact("a\nb", "is", "c")])
    assert text == "Question: Where is Bob?\n\nFacts:\n1. bob lives in lisbon\n2. a b is c"
    assert schema(2)["required"] == ["facts"]


def test_rules_keep_facts_whose_names_stand_in_the_query() -> None:
    rules = RuleRecogniser()
    assert rules.recognise("Where does Bob live, in Lisbon?", FACTS).kept == (1, 2)
    assert rules.recognise("北京在哪里？", [Fact("北京", "是", "首都"), FACTS[0]]).kept == (0,)
    assert rules.recognise("What is for dinner?", FACTS).kept == ()


def test_the_fake_answers_in_turn() -> None:
    fake = ScriptedRecogniser()
    fake.enqueue(Recognition((2,)))
    as_protocol: Recogniser = fake
    assert as_protocol.recognise("?", FACTS).kept == (2,)
    assert as_protocol.recognise("?", FACTS).kept == (0, 1, 2)
    assert fake.history == [("?", tuple(FACTS))] * 2
