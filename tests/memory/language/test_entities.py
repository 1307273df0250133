import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.graphs.names import normalise
from knowhen.memory.language.entities import find_entities


def names(text: str, *, speaker: str = "", known: frozenset[str] = frozenset()) -> list[str]:
    found = find_entities(text, speaker=speaker, known=known)
    return [span.name for span in found if span.kind == "name"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yesterday I met Caroline and Dr. Smith.", ["caroline", "dr smith"]),
        ("I read Lord of the Rings in New York.", ["lord of the rings", "new york"]),
        ("We heard Ludwig van Beethoven.", ["ludwig van beethoven"]),
        ("I joined an LGBTQ group in NYC.", ["lgbtq", "nyc"]),
        ("I write C++ at AT&T.", ["c++", "at&t"]),
        ("Oscar is my guinea pig.", ["oscar"]),
        ("Hey Mel, thanks Caroline!", ["mel", "caroline"]),
        ("Ich war mit Frau Schmidt in München.", ["frau schmidt", "münchen"]),
        ("Я живу в Москве с Анной Петровной.", ["москве", "анной петровной"]),
        ("昨日スターバックスに行った", ["スターバックス"]),
    ],
)
def test_names_are_found(text: str, expected: list[str]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Wow, that is great!",
        "Researching adoption agencies is hard.",
        "I'm fine and I'll go on Monday in March.",
        "WOW THIS IS SUCH GREAT NEWS TODAY",
        "### Step One: Define Your Project Scope",
        "```py\nfrom Flask import Thing\n```",
        "Painting is fun.",
        "see https://Example.com/Some/Page",
    ],
)
def test_ordinary_words_with_a_capital_are_no_names(text: str) -> None:
    assert names(text) == []


def test_a_speaker_is_known_by_name_even_where_a_sentence_begins() -> None:
    assert names("Painting relaxes Bob. Mel agrees.", speaker="Mel") == ["bob", "mel"]


def test_known_names_are_found_in_scripts_without_capitals() -> None:
    assert names("今天和小明去了北京", known=frozenset(["小明"])) == ["小明"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('I loved "The Name of the Wind".', "the name of the wind"),
        ("「君の名は」を見た", "君の名は"),
        ("读了《红楼梦》", "红楼梦"),
    ],
)
def test_quoted_titles_are_found(text: str, expected: str) -> None:
    titles = [span.name for span in find_entities(text) if span.kind == "title"]
    assert titles == [expected]


def test_addresses_of_mail_are_no_names() -> None:
    assert names("Write to Anna.Berg@Example.org or <Bob@Example.org> in Rome.") == ["rome"]


def test_a_long_run_without_blanks_takes_time_in_proportion_to_its_length() -> None:
    took = []
    for length in (10_000, 80_000):
        start = time.perf_counter()
        find_entities("x" * length)
        took.append(time.perf_counter() - start)
    assert took[1] < 30 * took[0] + 0.05


def test_noun_like_phrases_are_found() -> None:
    phrases = [s.name for s in find_entities("I went to the support group and a pottery class.")]
    assert phrases == ["support group", "pottery class"]


def test_dates_are_found() -> None:
    found = find_entities("She came on 7 May 2023.")
    assert [(span.name, span.kind) for span in found] == [("7 may 2023", "date")]


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=120))
def test_spans_are_in_order_apart_and_normalised(text: str) -> None:
    spans = find_entities(text, speaker="Ann", known=frozenset(["bob"]))
    assert all(one.end <= two.start for one, two in zip(spans, spans[1:], strict=False))
    for span in spans:
        assert 0 <= span.start < span.end <= len(text)
        assert span.name == normalise(span.name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mark told me about Hope.", ["mark", "hope"]),
        ("I met Art and Will at the Story festival.", ["art", "will"]),
        ("May and June came over.", ["may", "june"]),
        ("I talked with May about it.", ["may"]),
        ("Will you come in May?", []),
        ("May I ask when? Hope you are well.", []),
        ("Mark the date: we leave in June.", []),
    ],
)
def test_a_name_that_is_also_a_word_is_told_by_what_stands_beside_it(
    text: str, expected: list[str]
) -> None:
    assert [span.name for span in find_entities(text) if span.kind == "name"] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Renate backt jeden Samstag einen Kuchen für die Kinder.", ["renate"]),
        ("Am Ende hat der Verein das Geld für die Reise nach Fulda gegeben.", ["fulda"]),
        ("Wir haben Frau Yildiz den Schlüssel gegeben.", ["frau yildiz"]),
        ("Tom vive en Madrid con Aoife.", ["tom", "madrid", "aoife"]),
        ("Hier, Camille est partie à Lyon.", ["camille", "lyon"]),
        ("田中さんは東京へ行きました。", ["田中"]),
        ("王老师明天来上海。", ["王"]),
    ],
)
def test_names_are_found_by_the_rules_of_the_language(text: str, expected: list[str]) -> None:
    assert [span.name for span in find_entities(text) if span.kind == "name"] == expected
