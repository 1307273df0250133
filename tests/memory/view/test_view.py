"""One question sees one moment, whatever another process does meanwhile."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from knowhen import MemoryManager, Turn
from knowhen.graphs.export import to_json
from knowhen.graphs.walk import PushWalk
from knowhen.memory.embedders.factory import make_embedder
from knowhen.memory.indexes.base import VectorIndex
from knowhen.memory.indexes.exact import ExactIndex
from knowhen.memory.search.scoring import Findings, SearchPlan
from knowhen.memory.search.walking import search
from knowhen.memory.settings import RecallSettings
from knowhen.memory.stores.sqlite import SqliteStore
from knowhen.memory.view.view import View, Views

START = datetime(2024, 3, 1, 9, tzinfo=UTC)
NOW = datetime(2024, 6, 1, 9, tzinfo=UTC)
SAID = (
    "I live in Oslo now.",
    "My sister Petra keeps bees near Bergen.",
    "Where do you keep the honey?",
    "The honey stands in the cellar in Oslo.",
)


def turns(texts: tuple[str, ...], first: int = 0) -> list[Turn]:
    return [
        Turn(text, "Nora", time=START + timedelta(days=number), id=f"t{number}")
        for number, text in enumerate(texts, start=first)
    ]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with MemoryManager.open(tmp_path) as memory:
        memory.remember(turns(SAID))
        memory.settle()
    return tmp_path


def plan() -> SearchPlan:
    return SearchPlan.of(make_embedder("lexical"), PushWalk(), RecallSettings())


def asked(view: View) -> Findings:
    return search(view, "Where is Petra's honey in Oslo?", plan(), now=NOW)


def same(one: Findings, other: Findings) -> bool:
    thoughts = [[(hit.thought, hit.score) for hit in found.facts] for found in (one, other)]
    return (
        np.array_equal(one.scores, other.scores)
        and [s.turn for s in one.corpus.turns] == [s.turn for s in other.corpus.turns]
        and thoughts[0] == thoughts[1]
    )


def test_a_view_holds_its_moment_while_another_process_writes_and_erases(home: Path) -> None:
    store = SqliteStore(home)
    views = Views(store, "default", ExactIndex(store))
    with views.reading() as view:
        before, graph = asked(view), to_json(view.graph)
        with MemoryManager.open(home) as other:
            other.remember(turns(("Petra sold the honey in Oslo.",), first=9))
            assert same(before, asked(view))
            other.insert("Nora lives in Tromsø.")
            other.forget(turns=["t3"])
            assert same(before, asked(view))
            other.forget(matching="Oslo")
        assert same(before, asked(view))
        assert to_json(view.graph) == graph
    with views.reading() as later:
        assert later.version > view.version
        texts = [stored.turn.text for stored in later.corpus.turns]
        assert texts == [text for text in SAID if "Oslo" not in text]
        assert not same(before, asked(later))
    store.close()


def test_every_call_sees_what_was_committed_before_it(home: Path) -> None:
    with MemoryManager.open(home) as one, MemoryManager.open(home) as other:
        assert one.recall("What is the kayak called?", gate=False).items
        other.remember(turns(("The kayak is called Selma.",), first=9))
        assert "Selma" in one.recall("What is the kayak called?", gate=False).context
        other.forget(turns=["t9"])
        assert "Selma" not in one.recall("What is the kayak called?", gate=False).context


class Live:
    """An index that is asked when a question needs it, as a server would be."""

    def __init__(self, inner: VectorIndex) -> None:
        self.search, self.forget, self.close = inner.search, inner.forget, inner.close


def test_what_an_index_found_later_is_not_in_an_earlier_view(home: Path) -> None:
    store = SqliteStore(home)
    views = Views(store, "default", Live(ExactIndex(store)))
    with views.reading() as view:
        size = len(asked(view).scores)
        with MemoryManager.open(home) as other:
            other.remember(turns(("Petra sold the honey in Oslo.",), first=9))
        assert len(asked(view).scores) == size
    store.close()
