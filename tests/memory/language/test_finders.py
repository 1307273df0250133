"""Finding entities by rules, by a trained tagger, or by a finder of one's own."""

from dataclasses import dataclass

import pytest

from knowhen.memory.errors import InvalidInput
from knowhen.memory.language.finders import Rules, SpacyFinder, make_finder
from knowhen.memory.manager import MemoryManager
from knowhen.memory.records import Turn

TEXT = "we saw bardo near the tagus on 3 May 2025 with emi"


@dataclass
class Span:
    start_char: int
    end_char: int
    label_: str


@dataclass
class Doc:
    ents: list[Span]


class ScriptedTagger:
    """Tags the words it was given, as a spaCy pipeline would."""

    def __init__(self, **labels: str) -> None:
        self._labels = labels

    def __call__(self, text: str) -> Doc:
        places = {word: text.find(word) for word in self._labels}
        spans = [
            Span(place, place + len(word), self._labels[word])
            for word, place in places.items()
            if place >= 0
        ]
        return Doc(spans)


def test_a_tagger_finds_the_names_and_the_rules_the_dates() -> None:
    finder = SpacyFinder(ScriptedTagger(bardo="PERSON", tagus="LOC", near="CARDINAL"))
    found = finder.find(TEXT)
    assert [(span.name, span.kind) for span in found] == [
        ("bardo", "name"),
        ("tagus", "name"),
        ("3 may 2025", "date"),
    ]


def test_a_known_name_is_found_though_the_tagger_misses_it() -> None:
    found = SpacyFinder(ScriptedTagger()).find(TEXT, known=frozenset(("emi",)))
    assert "emi" in [span.name for span in found]


def test_where_two_overlap_the_tagger_stands() -> None:
    found = SpacyFinder(ScriptedTagger(Emilia="PERSON")).find(
        "Emilia Plath", speaker="Emilia Plath"
    )
    assert [span.name for span in found] == ["emilia"]


def test_a_memory_keeps_what_its_finder_finds() -> None:
    finder = SpacyFinder(ScriptedTagger(bardo="PERSON"))
    with MemoryManager.open(":memory:", entities=finder) as memory:
        memory.remember([Turn(id="a", speaker="Kim", role="user", text=TEXT)])
        assert "entity:bardo" in memory.graph.nodes


def test_rules_are_the_default() -> None:
    assert isinstance(make_finder(), Rules)


def test_a_finder_of_ones_own_is_taken_as_it_is() -> None:
    finder = Rules()
    assert make_finder(finder) is finder


def test_a_name_that_no_finder_has_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no entity finder"):
        make_finder("magic")


def test_without_the_package_the_way_to_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "spacy", None)
    with pytest.raises(InvalidInput, match="pip install spacy"):
        make_finder("spacy:en_core_web_sm")
