"""Terms: what is searched for in a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowhen.memory.language.detection import detect
from knowhen.memory.language.terms import terms, words


def test_function_words_go_and_the_rest_is_stemmed() -> None:
    assert terms("When did Caroline's sisters go running?") == ["carolin", "sister", "go", "run"]


def test_signs_that_make_a_name_stay() -> None:
    assert terms("C++ or C#?") == ["c++", "c#"]


def test_text_of_function_words_alone_keeps_them() -> None:
    assert terms("Who are you?") == ["who", "are", "you"]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("我昨天去了北京大学。", "北京大学在哪里"),
        ("昨日は東京タワーに行きました", "東京タワー"),
        ("ฉันไปเชียงใหม่เมื่อวาน", "เชียงใหม่"),
    ],
)
def test_scripts_without_spaces_share_terms(text: str, query: str) -> None:
    assert len(set(terms(text)) & set(terms(query))) >= 2


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ich habe gestern mit meiner Schwester in Berlin gegessen", "de"),
        ("J'ai mangé avec ma sœur dans une petite rue de Paris", "fr"),
        ("Вчера я был с моей сестрой в Москве", "ru"),
        ("I went there with my sister", "en"),
        ("Basil", "en"),
        ("No way, die hard was great", "en"),
    ],
)
def test_the_language_shows_in_the_function_words(text: str, language: str) -> None:
    assert detect(words(text)) == language


def test_a_german_plural_meets_its_singular() -> None:
    first = set(terms("Ich habe die Hunde und die Katzen von meiner Schwester"))
    assert set(terms("Wie heißt der Hund von deiner Schwester und die Katze")) & first >= {"hund"}


@given(st.text())
def test_any_text_has_terms_without_space_in_them(text: str) -> None:
    for term in terms(text):
        assert term and not any(character.isspace() for character in term)


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("小梅的生日是什么时候？", ["小梅", "生日"]),
        ("我父母哪天到？", ["父母", "到"]),
        ("さくらさんの誕生日はいつですか？", ["さく", "くら", "誕生", "生日"]),
        ("京都に行きました", ["京都", "行き"]),
    ],
)
def test_words_without_content_are_cut_out_of_a_run_without_spaces(
    text: str, content: list[str]
) -> None:
    assert terms(text) == content


def test_a_name_has_a_term_that_all_languages_share() -> None:
    spanish = terms("el día uno pagamos el alquiler a la señora Amparo")
    assert set(terms("How much do we pay Mrs Amparo?")) & set(spanish) == {"amparo"}
