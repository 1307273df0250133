"""The names in a document's title, with and without what tells it apart."""

from knowhen.memory.language.entities import title_names


def test_a_title_is_a_name_with_and_without_its_afterthought() -> None:
    assert title_names("Sting (musician)") == ["sting musician", "sting"]
    assert title_names("Tagus") == ["tagus"]
    assert title_names("(sic)") == ["sic"]
    assert title_names("  ") == []
