"""Names become one node each in every script, and no two names become one by accident."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.graphs import normalise
from knowhen.graphs.names import alphanumerics, entities_in


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("José García", "josé garcía"),
        ("北京", "北京"),
        ("Москва", "москва"),
        ("C++", "c++"),
        ("C#", "c#"),
        ("node.js", "node.js"),
        (".NET", ".net"),
        ("AT&T", "at&t"),
        ("O\u2019Brien", "o'brien"),
        ("Caroline's", "caroline"),
        ("J.R.R. Tolkien", "j r r tolkien"),
        ("  New\u00a0 York\n", "new york"),
        ("Jean-Luc", "jean luc"),
        ("3.5", "3.5"),
        ("ＦＵＬＬ", "full"),
        ("Straße", "strasse"),
        ("!!!", "!!!"),
        ("😀", "😀"),
    ],
)
def test_a_name_keeps_what_makes_it_that_name(name: str, form: str) -> None:
    assert normalise(name) == form


def test_names_of_different_things_stay_apart() -> None:
    names = ["C", "C++", "C#", "北京", "東京", "Москва", "Минск", "José", "Josué"]
    assert len({normalise(name) for name in names}) == len(names)


@settings(deadline=None, max_examples=300)
@given(st.text())
def test_normalising_twice_changes_nothing_more(name: str) -> None:
    once = normalise(name)
    assert normalise(once) == once
    assert bool(once) == bool(" ".join(name.split()))


def test_letters_and_digits_are_counted_in_any_script() -> None:
    assert alphanumerics("北京 2022!") == 6


def test_the_longest_known_name_wins() -> None:
    known = {"new york", "york", "new", "new york times", "c++"}
    assert entities_in("Does the New York Times like C++?", known) == {
        "new york times": 1.0,
        "c++": 1.0,
    }


def test_names_are_found_in_text_without_spaces() -> None:
    known = {"北京", "张伟", "google"}
    assert set(entities_in("张伟什么时候搬到北京？他在 Google 工作", known)) == known


def test_stop_words_alone_are_no_names() -> None:
    known = {"who", "the who"}
    assert entities_in("Who sang?", known, stop={"who"}) == {}
    assert entities_in("Did The Who sing?", known, stop={"who"}) == {"the who": 1.0}
