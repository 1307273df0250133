"""The examples of each language in docs/languages hold: every line there is a test."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from knowhen.memory.language.base import Language, Question, Utterance
from knowhen.memory.language.entities import find_entities
from knowhen.memory.language.naming import find_speakers
from knowhen.memory.language.registry import language_of, pack

PAGES = sorted((Path(__file__).parents[3] / "docs" / "languages").glob("??.md"))
NOW = datetime(2025, 5, 14, 12)
"""A Wednesday."""
_LINE = re.compile(r"\| (?P<text>.+?) \| (?P<said>.*?) \|$")
COMPLETE = ("de", "en", "es", "fr", "ja", "zh")


def lines(heading: str) -> list[tuple[str, str, str]]:
    """Code of the language, text and what it says of it, from the table under a heading."""
    found = []
    for page in PAGES:
        within = False
        for line in page.read_text(encoding="utf-8").splitlines():
            within = line == f"## {heading}" if line.startswith("## ") else within
            match = _LINE.match(line)
            if within and match and not match["text"].startswith(("--", "text")):
                found.append((page.stem, match["text"], match["said"]))
    return found


def test_every_complete_language_has_a_page() -> None:
    assert tuple(page.stem for page in PAGES) == COMPLETE


@pytest.mark.parametrize(("code", "text", "said"), lines("What a message wants"))
def test_a_message_is_read_as_its_page_says(code: str, text: str, said: str) -> None:
    language = language_of(text)
    utterance, question = language.read_utterance(text), language.read_question(text)
    assert language.code == code
    assert names(utterance, question) == set(said.split(", ")) - {""}


def names(utterance: Utterance, question: Question) -> set[str]:
    """What is true of a message, in the words of the pages."""
    flags = {
        "small talk": utterance.small_talk,
        "work": utterance.work,
        "question": utterance.question,
        "request": utterance.request,
        "personal": utterance.personal,
        "advice": utterance.help,
        "recalling": utterance.recalling,
        "follows": utterance.follows,
        "of listener": utterance.of_listener,
    }
    if utterance.question:
        flags |= {
            "several": question.collects,
            "time": question.temporal,
            "now": question.current,
            "yes or no": question.yes_no,
            **{kind.replace("_", " "): True for kind in question.asks},
        }
    return {name for name, holds in flags.items() if holds}


@pytest.mark.parametrize(("code", "text", "said"), lines("Dates, said on Wednesday, 14 May 2025"))
def test_a_date_is_read_as_its_page_says(code: str, text: str, said: str) -> None:
    first, _, last = said.partition(" to ")
    found = pack(code).find_dates(text, base=NOW)
    assert [(str(span.first), str(span.last)) for span in found] == [(first, last or first)]


@pytest.mark.parametrize(("code", "text", "said"), lines("Answers"))
def test_an_answer_is_read_as_its_page_says(code: str, text: str, said: str) -> None:
    assert pack(code).refuses(text) is (said == "refuses")


@pytest.mark.parametrize(("code", "text", "said"), lines("Names in a text"))
def test_names_are_found_as_the_page_says(code: str, text: str, said: str) -> None:
    found = [span.name for span in find_entities(text) if span.kind in ("name", "title")]
    assert found == [name for name in said.split(", ") if name]


@pytest.mark.parametrize(
    ("code", "text", "said"), lines("Whom a question names, of Tobi, Melanie, 小梅 and Will")
)
def test_a_question_names_whom_its_page_says(code: str, text: str, said: str) -> None:
    found = find_speakers(text, ("Tobi", "Melanie", "小梅", "Will"))
    assert found.speakers == ({said} if said else set())


@pytest.mark.parametrize(("code", "text", "said"), lines("Negation"))
def test_a_negation_is_read_as_its_page_says(code: str, text: str, said: str) -> None:
    assert pack(code).denies(text) is (said == "denies")


@pytest.mark.parametrize("text", ["Gdzie mieszka Nora?", "Waar woont Nora nu eigenlijk?"])
def test_a_language_without_a_pack_gives_neutral_answers(text: str) -> None:
    said = language_of(text).read_utterance(text)
    assert said.question
    assert not (said.small_talk or said.work or said.request or said.personal or said.help)
    assert language_of(text).read_question(text) == Question()


def test_every_language_gives_the_gate_the_same_features() -> None:
    found = [set(pack(code).world_relation("?")) for code in (*COMPLETE, "nl", "pl", "ko")]
    assert all(names == found[0] for names in found)


def test_dutch_has_function_words_and_stems_though_it_has_no_pack() -> None:
    language = language_of("Waar heb ik mijn fietsen dan gestald?")
    assert language.code == "nl"
    assert language.stem("honden") == language.stem("hond")
    assert language.read_utterance("Waar heb ik mijn fietsen dan gestald?").personal


def test_a_mixed_chat_is_read_message_by_message() -> None:
    said = [
        "where does Tom live now?",
        "¿y dónde trabaja él?",
        "他的生日是什么时候？",
        "Und wo wohnt er?",
    ]
    assert [language_of(text).code for text in said] == ["en", "es", "zh", "de"]


def test_a_date_without_a_year_lies_in_the_past_when_a_question_asks_about_it() -> None:
    for code, text in {"en": "What did we eat on 3 August?", "de": "Was war am 3. August?"}.items():
        assert str(pack(code).find_dates(text, base=NOW)[0].first) == "2025-08-03"
        assert str(pack(code).find_dates(text, base=NOW, past=True)[0].first) == "2024-08-03"


def test_what_is_quoted_does_not_decide_the_language_of_a_request() -> None:
    text = 'Put this into English: "Se ruega no dejar bicicletas en el portal los lunes."'
    assert language_of(text).code == "en"


def test_a_name_in_another_script_does_not_change_the_language() -> None:
    assert language_of("What date is 王伟's birthday?").code == "en"


@pytest.mark.parametrize("code", COMPLETE)
def test_every_complete_language_says_that_it_does_not_know_and_reads_it_so(code: str) -> None:
    assert pack(code).refuses(pack(code).reply("unknown"))


def test_a_language_without_a_pack_replies_in_english() -> None:
    assert pack("nl").reply("unknown") == pack("en").reply("unknown")


def test_a_pack_keeps_what_the_protocol_promises() -> None:
    language: Language = pack("xx")
    assert language.code == "xx"
    assert language.function_words == frozenset()
    assert language.stem("houses") == "houses"
    assert language.find_dates("on 2024-05-01")[0].text == "2024-05-01"
