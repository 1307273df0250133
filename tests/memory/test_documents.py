"""Learned documents: linked by what they name, not by when they came, and recalled over hops."""

from collections.abc import Iterator

import numpy as np
import pytest

from knowhen import Document, MemoryManager, Turn
from knowhen.memory.settings import RecallSettings, Settings

HOPS = (
    Document("Ostrava Gazette", "The Ostrava Gazette is a weekly paper printed by Havel Press."),
    Document("Havel Press", "Havel Press is a publisher. Its founder was Milena Dvorak."),
    Document("Milena Dvorak", "Milena Dvorak was born in Plzen, and studied law there."),
)
FILLING = tuple(
    Document(name, f"{name} is a {kind} known for its {thing}, its staff and its long history.")
    for name, kind, thing in (
        ("Brno Courier", "daily paper", "cartoons"),
        ("Tatra Weekly", "weekly paper", "weather maps"),
        ("Orava Books", "bookshop", "old atlases"),
        ("Zlin Tribune", "monthly paper", "crosswords"),
        ("Lednice Garden", "park", "glasshouse"),
        ("Telc Museum", "museum", "clocks"),
        ("Kolin Theatre", "theatre", "puppets"),
        ("Slapy Dam", "dam", "boats"),
        ("Cheb Castle", "castle", "black tower"),
        ("Trebon Brewery", "brewery", "dark beer"),
    )
)
QUESTION = "Where was the founder of the publisher of the Ostrava Gazette born?"


def opened(walk: str) -> MemoryManager:
    return MemoryManager.open(":memory:", settings=Settings(recall=RecallSettings(walk=walk)))


@pytest.fixture
def library() -> Iterator[MemoryManager]:
    with opened("push") as memory:
        memory.learn([*FILLING[:5], *HOPS, *FILLING[5:]])
        yield memory


def test_a_question_of_several_hops_brings_every_document_on_the_way(
    library: MemoryManager,
) -> None:
    recall = library.recall(QUESTION, gate=False)
    assert {item.speaker for item in recall.items[:3]} == {document.title for document in HOPS}
    assert "born in Plzen" in recall.context


def test_the_walk_is_what_reaches_a_document_that_shares_no_word(library: MemoryManager) -> None:
    shares = {item.speaker: item.why.get("walk", 0.0) for item in library.recall(QUESTION).items}
    others = [shares[document.title] for document in FILLING if document.title in shares]
    assert shares["Havel Press"] > max(others)
    assert shares["Milena Dvorak"] > max(others)


def test_ordering_documents_deals_out_the_scores_they_had(library: MemoryManager) -> None:
    found = library.search(QUESTION)
    change = found.shares["documents"]
    assert np.abs(change).max() > 0
    assert np.sort(found.scores) == pytest.approx(np.sort(found.scores - change))


def test_documents_leave_the_scores_of_turns_alone(library: MemoryManager) -> None:
    library.remember([Turn("I never read the Ostrava Gazette.", id="a"), Turn("Why?", id="b")])
    found = library.search(QUESTION)
    roles = found.corpus.role[found.corpus.turn_of]
    assert not found.shares["documents"][roles != "document"].any()


def test_titles_are_entities_of_their_documents(library: MemoryManager) -> None:
    library.learn(Document("Sirius (star)", "It is the brightest of all in the night sky."))
    graph = library.graph
    for name in ("sirius star", "sirius"):
        assert [edge.kind for edge in graph.neighbours(f"entity:{name}")] == ["mention"]


def test_documents_are_not_neighbours_in_time(library: MemoryManager) -> None:
    library.remember([Turn("I read the Ostrava Gazette.", id="a"), Turn("Every week.", id="b")])
    library.learn(Document("Elbe", "The Elbe runs north."))
    edges = library.graph.edges({"contiguity"})
    assert {frozenset((edge.source, edge.target)) for edge in edges} == {
        frozenset(("turn:a", "turn:b"))
    }
