"""Files of words: sections, kinds of lines, and what a missing section means."""

import pytest

from knowhen.memory.errors import InvalidInput
from knowhen.memory.language.wordings import Wordings, wordings

FILE = """
# A comment.
[greeting: start]
hello
good (?:morning|day)

[after before: part]
please\\s+

[after: start]
tell me

[numbers: table]
1 = one|a
2-3 = a few

[ago: word]
{numbers} days ago

[plain: words]
b a
a
"""


def words(text: str = FILE, *, spaced: bool = True) -> Wordings:
    return Wordings({"file.txt": text}, spaced=spaced)


def test_a_pattern_of_the_start_ignores_marks_and_case() -> None:
    assert words().pattern("greeting").search("“Good DAY to you")
    assert not words().pattern("greeting").search("She said hello")


def test_what_may_stand_before_is_a_section_of_its_own() -> None:
    assert words().pattern("after").search("Please tell me")
    assert words().pattern("after").search("tell me")


def test_parts_and_tables_are_taken_into_other_sections() -> None:
    assert words().pattern("ago").search("It was a few days ago.")
    assert words().table("numbers") == {"1": "one|a", "2-3": "a few"}


def test_words_keep_their_order_where_it_is_asked_for() -> None:
    assert words().listed("plain") == ("b", "a", "a")
    assert words().words("plain") == {"a", "b"}


def test_a_section_that_is_missing_matches_nothing() -> None:
    assert not words().pattern("nothing").search("anything")
    assert words().words("nothing") == frozenset()
    assert "nothing" not in words()


def test_scripts_without_spaces_have_whole_words_anywhere() -> None:
    assert words("[when: word]\n什么时候", spaced=False).pattern("when").search("你什么时候来")


def test_a_section_that_stands_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="stands twice"):
        words("[a: words]\nx\n[a: words]\ny")


def test_a_language_without_a_folder_has_no_words() -> None:
    assert wordings("xx").words("function") == frozenset()
