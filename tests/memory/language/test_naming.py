"""Whom a text names, however the name is written, and what people call each other."""

import pytest

from knowhen.memory.language.naming import Callings, find_speakers

PEOPLE = ("Tobi", "Lucía", "王伟", "小梅", "Melanie", "Herr Albrecht", "Max")


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("Where is Tobi's bus?", "Tobi"),
        ("Wo steht Tobis Bus?", "Tobi"),
        ("Wo steht Max' Rad?", "Max"),
        ("小梅的生日是哪天？", "小梅"),
        ("王伟对什么食物过敏？", "王伟"),
        ("what date is 王伟's birthday?", "王伟"),
        ("¿Dónde trabaja Lucia?", "Lucía"),
        ("When did Mel move?", "Melanie"),
        ("When did Melaine move?", "Melanie"),
        ("Is Mr Albrecht at home?", "Herr Albrecht"),
    ],
)
def test_a_speaker_is_named_in_many_ways(text: str, speaker: str) -> None:
    assert find_speakers(text, PEOPLE).speakers == {speaker}


@pytest.mark.parametrize(
    "text", ["max out the card", "Where is Toni?", "Maria is late", "伟大的人"]
)
def test_what_only_resembles_a_name_names_nobody(text: str) -> None:
    assert find_speakers(text, ("Tobi", "Marta", "王伟", "Maximilian")).speakers == frozenset()


def test_a_function_word_is_not_the_name_that_is_written_like_it() -> None:
    assert find_speakers("Will you come, and will Kim?", ["Will", "Ann"]).speakers == frozenset()
    assert find_speakers("When did Will move?", ["Will", "Ann"]).speakers == {"Will"}


def test_the_rest_of_the_text_is_kept() -> None:
    assert find_speakers("王伟对什么食物过敏？", PEOPLE).bare == "对什么食物过敏？"
    assert find_speakers("Where is Tobi's bus?", PEOPLE).bare == "Where is bus?"


def learned(*turns: tuple[str, str]) -> dict[str, str]:
    callings = Callings()
    for speaker, text in turns:
        callings.read("s", speaker, text)
    return callings.aliases({speaker for speaker, _ in turns})


def test_an_alias_is_learned_from_how_people_address_each_other() -> None:
    found = learned(
        ("Emi", "I fixed the door."),
        ("Sam", "Thanks, Kate!"),
        ("Emi", "Any time."),
        ("Sam", "Kate, could you look at the window too?"),
        ("Emi", "Sure."),
    )
    assert found == {"kate": "Emi"}
    assert find_speakers("Where does Kate live?", ["Emi", "Sam"], found).speakers == {"Emi"}


def test_an_alias_in_another_script_is_learned_too() -> None:
    found = learned(
        ("王伟", "我在，星期一在家改文章"),
        ("Lucía", "gracias wei ❤️"),
        ("王伟", "没事"),
        ("Tom", "thanks wei"),
    )
    assert found == {"wei": "王伟"}


def test_what_a_speaker_is_called_by_themself_counts_at_once() -> None:
    assert learned(("Emi", "My name is Kate by the way."), ("Sam", "Hi")) == {"kate": "Emi"}


def test_one_calling_is_not_enough() -> None:
    assert learned(("Emi", "I fixed it."), ("Sam", "Thanks, Kate!"), ("Emi", "ok")) == {}


def test_the_name_of_another_speaker_is_nobodys_alias() -> None:
    turns = (("Emi", "Done."), ("Sam", "Thanks, Kate!"), ("Emi", "ok"), ("Sam", "Kate, come on!"))
    assert learned(*turns, ("Kate", "I am here.")) == {}


def test_words_of_address_are_no_aliases() -> None:
    turns = (("Emi", "Done."), ("Sam", "Thanks man!"), ("Emi", "ok"), ("Sam", "thanks man"))
    assert learned(*turns, ("Emi", "sure")) == {}
