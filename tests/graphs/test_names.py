"""Names become one node each in every script, and no two names become one by accident."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.graphs import normalise
from knowhen.graphs.names import alphanumerics


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
