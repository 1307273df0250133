"""Answers: quoted without a model, read with verified quotes with one."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from knowhen.memory.errors import ModelFailed
from knowhen.memory.recall.answering import answer, cited, read, verbatim
from knowhen.memory.records import Action, Decision, Recall, Recollection
from knowhen.memory.testing.chat_model import ScriptedChatModel

DAY = datetime(2024, 3, 2, tzinfo=UTC)
TEXT = "Loud and sunny. I adopted a greyhound called Basil."


def recalled(
    action: Action = "recall", *, personal: bool = True, trust: float = 0.9, contested: bool = False
) -> Recall:
    reasons = ("the memory holds statements that contradict each other",) if contested else ()
    decision = Decision(
        action, need=0.9, have=0.9, know=0.3, trust=trust, reasons=reasons, personal=personal
    )
    items = (
        Recollection("turn", "t2", TEXT, DAY, 1.0, ("t2",), speaker="Nora", packed=TEXT),
        Recollection("turn", "t1", "A greyhound!", None, 0.5, ("t1",), speaker="Ivo"),
    )
    context = f"Nora (t2): {TEXT}" if action == "recall" else ""
    return Recall("What dog?", decision, items, context, tokens=20)


def reading(**changes: object) -> dict[str, object]:
    return {
        "notes": [{"id": "t2", "note": "names the dog", "useful": True}],
        "answerable": True,
        "quotes": [{"id": "t2", "text": "a greyhound called Basil"}],
        "answer": "A greyhound (t2).",
    } | changes


def test_without_a_model_the_answer_is_made_of_quotes() -> None:
    given = answer("What dog?", recalled(), None)
    assert given.text.splitlines()[0] == f"2 March 2024, Nora: “{TEXT}” (t2)"
    assert given.citations == ("t2", "t1")


def test_a_contested_memory_is_quoted_in_order_of_time_and_said_to_be_so() -> None:
    given = answer("What dog?", recalled(contested=True), None)
    assert given.text.startswith("What I was told contradicts itself")
    assert given.citations[0] == "t2"


@pytest.mark.parametrize("model", [None, ScriptedChatModel()])
def test_an_abstention_says_what_was_found_and_asks_one_question(
    model: ScriptedChatModel | None,
) -> None:
    given = answer("What cat?", recalled("abstain"), model)
    assert "I do not remember" in given.text and TEXT in given.text
    assert given.text.count("?") == 1
    assert given.citations == ("t2",)


def test_a_model_answers_with_quotes_that_were_looked_up() -> None:
    given = answer("What dog?", recalled(), ScriptedChatModel(reading()))
    assert given.text == "A greyhound (t2)."
    assert given.quotes == (("t2", "a greyhound called Basil"),)
    assert given.citations == ("t2",)
    assert given.notes == ()


def test_an_invented_quote_is_dropped_and_a_personal_answer_on_it_refused() -> None:
    quotes = [{"id": "t2", "text": "a poodle called Max"}]
    given = answer("What dog?", recalled(), ScriptedChatModel(reading(quotes=quotes)))
    assert "I do not remember" in given.text
    assert any("poodle" in note for note in given.notes)


def test_a_quote_from_a_turn_that_was_not_recalled_is_dropped() -> None:
    quotes = [{"id": "t9", "text": "a greyhound called Basil"}]
    found = read(reading(quotes=quotes), recalled())
    assert not found.answerable and not found.quotes


def test_a_personal_question_the_passages_do_not_answer_is_not_guessed() -> None:
    model = ScriptedChatModel(reading(answerable=False, answer="", quotes=[]))
    assert "I do not remember" in answer("What cat?", recalled(), model).text
    assert model.pending == 0


def test_on_the_world_the_draft_stands_where_memory_says_nothing() -> None:
    model = ScriptedChatModel(reading(answerable=False, answer="", quotes=[]), "Dante")
    given = answer("Who wrote it?", recalled(personal=False), model)
    assert given.text == "Dante"
    assert given.notes


def test_on_the_world_hearsay_and_draft_are_both_shown() -> None:
    model = ScriptedChatModel(reading(), "A poodle")
    given = answer("Which dog is it?", recalled(personal=False, trust=0.5), model)
    assert "According to memory: A greyhound (t2)." in given.text
    assert "From general knowledge: A poodle" in given.text


def test_trusted_evidence_overrules_the_draft() -> None:
    model = ScriptedChatModel(reading(), "A poodle")
    assert answer("Which?", recalled(personal=False), model).text == "A greyhound (t2)."


def test_a_failing_model_leaves_the_quotes() -> None:
    given = answer("What dog?", recalled(), ScriptedChatModel(ModelFailed("down")))
    assert TEXT in given.text
    assert any("down" in note for note in given.notes)


@pytest.mark.parametrize("action", ["skip", "recall", "parametric"])
def test_an_answer_says_whose_words_it_is_made_of(action: Action) -> None:
    found = recalled(action, personal=False)
    failing, speaking = ScriptedChatModel(ModelFailed("down")), ScriptedChatModel("Paris")
    assert answer("What dog?", found, None).origin == "memory"
    assert answer("What dog?", found, failing).origin == "fallback"
    if action != "recall":
        assert answer("What dog?", found, speaking).origin == "model"


def test_an_abstention_is_the_memorys_own_and_a_reading_the_models() -> None:
    assert answer("What cat?", recalled("abstain"), ScriptedChatModel()).origin == "memory"
    assert answer("What dog?", recalled(), ScriptedChatModel(reading())).origin == "model"


def test_without_a_context_the_model_speaks_for_itself() -> None:
    model = ScriptedChatModel("Paris")
    given = answer("Capital of France?", recalled("parametric", personal=False), model)
    assert given.text == "Paris" and given.citations == ()
    assert len(model.history[0]) == 1


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("adopted a greyhound", True),
        ("ADOPTED a  greyhound,", True),
        ("adopted greyhound", False),
        ("dopted a greyhound", False),
        ("…", False),
    ],
)
def test_a_quote_stands_word_for_word(quote: str, found: bool) -> None:
    assert verbatim(quote, TEXT) is found


def test_ids_are_cited_whole() -> None:
    assert cited("See (t2, t1) and (t22).", recalled()) == ("t2", "t1")
    assert cited("See (t22).", recalled()) == ()


def test_a_context_without_room_is_quoted_and_never_guessed() -> None:
    model = ScriptedChatModel("A cat named Tom, I guess.")
    without_room = replace(recalled(), context="", tokens=0)
    assert "Basil" in answer("What dog?", without_room, model).text
    assert not model.history


def test_a_recall_of_nothing_says_that_nothing_is_known() -> None:
    nothing = replace(recalled(), items=(), context="", tokens=0)
    assert "I do not remember" in answer("What dog?", nothing, None).text


def test_what_was_only_asked_is_not_quoted_as_an_answer() -> None:
    asked = Recollection("turn", "t0", "What dog did I adopt?", DAY, 2.0, ("t0",))
    recall = replace(recalled(), items=(asked, *recalled().items))
    assert "t0" not in answer("What dog?", recall, None).citations
    abstained = replace(recall, decision=recalled("abstain").decision)
    assert "t2" in answer("What dog?", abstained, None).text


@pytest.mark.parametrize(
    ("quote", "text", "stands"),
    [
        ("里斯本", "我住在里斯本。", True),
        ("巴黎", "我住在里斯本。", False),
        ("I", "I adopted a greyhound.", False),
        ("it is", "it is a greyhound", False),
        ("No.", "No", True),
    ],
)
def test_a_quote_must_tell_something_in_any_script(quote: str, text: str, *, stands: bool) -> None:
    assert verbatim(quote, text) is stands


def test_an_id_that_was_never_recalled_is_noted() -> None:
    notes = read(
        reading(answer="A greyhound (t9), adopted in spring (2024) (see above)."), recalled()
    )
    assert "'t9' is cited, and was never recalled" in notes.notes
    assert not any("2024" in note or "see" in note for note in notes.notes)


def test_notes_without_a_verdict_break_nothing() -> None:
    assert read(reading(notes=[{"id": "t2"}]), recalled()).answerable
