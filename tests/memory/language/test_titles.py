"""A document's entities: its title with and without what tells it apart, and names in its text."""

from knowhen.memory.language.entities import document_entities, title_names


def test_a_title_is_a_name_with_and_without_its_afterthought() -> None:
    assert title_names("Sting (musician)") == ["sting musician", "sting"]
    assert title_names("Tagus") == ["tagus"]
    assert title_names("(sic)") == ["sic"]
    assert title_names("  ") == []


def test_a_documents_entities_begin_with_its_title() -> None:
    found = document_entities("Tagus", "The river meets the sea at Lisbon, near Fort Bugio.")
    assert found[0] == "tagus"
    assert {"lisbon", "fort bugio"} <= set(found)
    assert len(found) == len(set(found))


def test_a_title_in_small_letters_is_found_in_its_own_text_only_once() -> None:
    assert document_entities("tagus", "Tagus is long. We saw Tagus.").count("tagus") == 1
