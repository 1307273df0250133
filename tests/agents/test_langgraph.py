import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain.agents import create_agent
from langchain.tools import ToolRuntime
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from langgraph.store.base import InvalidNamespaceError, PutOp, SearchOp
from langgraph.store.memory import InMemoryStore

from knowhen.agents.langgraph import FILE, KnowhenStore
from knowhen.memory.errors import InvalidInput, MissingExtra
from knowhen.memory.testing.clock import FixedClock
from knowhen.memory.testing.toy_embedder import ToyEmbedder

LABELS = st.sampled_from(["a", "b", "ab", "c d", "é"])
NAMESPACES = st.lists(LABELS, min_size=1, max_size=3).map(tuple)
TEXTS = st.sampled_from(["a cello", "the sea", "Käsekuchen", "東京タワー", "x"])
VALUES = st.fixed_dictionaries(
    {"text": TEXTS, "n": st.integers(0, 3)},
    optional={"deep": st.fixed_dictionaries({"k": st.integers(0, 2)})},
)
FILTERS = st.sampled_from(
    [
        None,
        {"n": 1},
        {"n": {"$gte": 2}},
        {"n": {"$lt": 3, "$ne": 0}},
        {"deep": {"k": 1}},
        {"text": {"$eq": "x"}},
        {"missing": None},
    ]
)
PUTS = st.tuples(
    NAMESPACES,
    st.sampled_from(["k1", "k2"]),
    st.none() | VALUES,
    st.sampled_from([None, False, ["text"]]),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[KnowhenStore]:
    opened = KnowhenStore(tmp_path / "home")
    yield opened
    opened.close()


def clocked(**kwargs: Any) -> tuple[KnowhenStore, FixedClock]:
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    return KnowhenStore(":memory:", clock=clock, **kwargs), clock


def named(items: Any) -> list[tuple[Any, ...]]:
    return sorted((i.namespace, i.key, str(i.value)) for i in items)


@settings(deadline=None, max_examples=60)
@given(
    puts=st.lists(PUTS, max_size=12),
    prefix=st.lists(LABELS, max_size=2).map(tuple),
    wanted=FILTERS,
    depth=st.sampled_from([None, 1, 2]),
)
def test_it_answers_as_langgraphs_own_store_does(
    puts: list[Any], prefix: tuple[str, ...], wanted: Any, depth: int | None
) -> None:
    toy = ToyEmbedder()
    embed = lambda texts: [[float(x) for x in row] for row in toy.embed(texts)]  # noqa: E731
    theirs = InMemoryStore(index={"dims": toy.dimension, "embed": embed})
    ours = KnowhenStore(":memory:", embedder=toy)
    kept = {namespace for namespace, _, value, _ in puts if value is not None}
    for namespace, key, value, index in puts:
        for each in (theirs, ours):
            # LangGraph's store keeps the vectors of fields that a later put leaves out.
            each.batch([PutOp(namespace, key, None)])
            each.batch([PutOp(namespace, key, value, index)])
    for namespace in kept:
        for key in ("k1", "k2"):
            one, other = theirs.get(namespace, key), ours.get(namespace, key)
            assert (one and one.value) == (other and other.value)
    found = [each.search(prefix, filter=wanted, limit=50) for each in (theirs, ours)]
    assert named(found[0]) == named(found[1])
    asked = "a sea Ä 東京"
    scored = [s.search(prefix, filter=wanted, query=asked, limit=50) for s in (theirs, ours)]
    assert named(scored[0]) == named(scored[1])
    one, other = ([i.score for i in items if i.score is not None] for items in scored)
    assert one == pytest.approx(other, abs=1e-5)
    listed = ours.list_namespaces(prefix=prefix or None, max_depth=depth)
    alive = {namespace for namespace in kept if theirs.search(namespace, limit=1)}
    # LangGraph's store keeps listing namespaces whose items are gone.
    there = set(theirs.list_namespaces(prefix=prefix or None, max_depth=depth))
    assert set(listed) <= there
    assert listed == sorted(set(listed))
    assert alive or not listed
    ours.close()


def test_search_finds_by_words_and_gives_scores_in_order(store: KnowhenStore) -> None:
    store.put(("u", "m"), "1", {"text": "Anna plays the cello"})
    store.put(("u", "m"), "2", {"text": "The car needs a new tyre"})
    store.put(("v",), "3", {"text": "Anna plays the cello"})
    found = store.search(("u",), query="who plays the cello?")
    assert [item.key for item in found] == ["1", "2"]
    assert found[0].score is not None and found[1].score is not None
    assert found[0].score > found[1].score


TOWER = ("東京タワーに登る", {"text": "東京タワーに登った"}, {"text": "Auto reparieren lassen"})
CAKE = ("Käsekuchen", {"text": "Oma backt Käsekuchen"}, {"text": "The car needs a new tyre"})


@pytest.mark.parametrize(("query", "right", "wrong"), [TOWER, CAKE])
def test_every_script_is_found_in_a_whole_value(
    store: KnowhenStore, query: str, right: dict[str, Any], wrong: dict[str, Any]
) -> None:
    store.put(("u",), "wrong", wrong)
    store.put(("u",), "right", right)
    store.put(("u",), "text", right, index=["text"])
    scores = {item.key: item.score or 0.0 for item in store.search(("u",), query=query)}
    assert scores["right"] > scores["text"] / 2 > 0
    assert scores["right"] > scores["wrong"] + 0.1


def test_a_file_written_when_values_were_escaped_is_embedded_anew(tmp_path: Path) -> None:
    before = KnowhenStore(tmp_path)
    before.put(("u",), "cake", CAKE[1])
    (good,) = before.search(("u",), query=CAKE[0])
    embedder = before._embedder
    table = before._table
    table.set_setting("embedder", f"{embedder.name}:{embedder.dimension}")
    table.set_vectors(1, embedder.embed([json.dumps(CAKE[1], sort_keys=True)]))
    (bad,) = before.search(("u",), query=CAKE[0])
    before.close()
    with KnowhenStore(tmp_path) as again:
        (found,) = again.search(("u",), query=CAKE[0])
    assert found.score == good.score and (bad.score or 0.0) < (good.score or 0.0)


def test_items_survive_a_restart_and_keep_when_they_were_made(tmp_path: Path) -> None:
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    first = KnowhenStore(tmp_path, clock=clock)
    first.put(("u",), "k", {"n": 1})
    clock.advance(timedelta(days=1))
    first.put(("u",), "k", {"n": 2})
    first.close()
    again = KnowhenStore(tmp_path)
    item = again.get(("u",), "k")
    assert item is not None and item.value == {"n": 2}
    assert item.created_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert item.updated_at == datetime(2026, 1, 2, tzinfo=UTC)
    again.close()


def test_pages_follow_the_last_change() -> None:
    store, clock = clocked()
    for number in range(5):
        clock.advance(timedelta(minutes=1))
        store.put(("u",), str(number), {"n": number})
    assert [i.key for i in store.search(("u",), limit=2)] == ["4", "3"]
    assert [i.key for i in store.search(("u",), limit=2, offset=2)] == ["2", "1"]
    pages = [store.search(("u",), query="n", limit=2, offset=n) for n in (0, 2, 4)]
    assert sorted(i.key for page in pages for i in page) == ["0", "1", "2", "3", "4"]
    store.close()


def test_a_lifetime_ends_and_reading_begins_it_anew() -> None:
    store, clock = clocked(ttl={"default_ttl": 10, "refresh_on_read": True})
    store.put(("u",), "read", {"n": 1})
    store.put(("u",), "unread", {"n": 2})
    store.put(("u",), "forever", {"n": 3}, ttl=None)
    clock.advance(timedelta(minutes=6))
    assert store.get(("u",), "read") is not None
    assert store.get(("u",), "unread", refresh_ttl=False) is not None
    clock.advance(timedelta(minutes=6))
    assert {i.key for i in store.search(("u",), refresh_ttl=False)} == {"read", "forever"}
    assert {i.key for i in store.search(("u",), query="n", refresh_ttl=False)} == {
        "read",
        "forever",
    }
    assert store.sweep_ttl() == 1
    clock.advance(timedelta(minutes=11))
    assert [i.key for i in store.search(())] == ["forever"]
    store.close()


def test_searching_refreshes_what_it_gives_out() -> None:
    store, clock = clocked()
    store.put(("u",), "k", {"n": 1}, ttl=10)
    for _ in range(3):
        clock.advance(timedelta(minutes=8))
        assert len(store.search(("u",))) == 1
    clock.advance(timedelta(minutes=11))
    assert store.search(("u",)) == [] and store.list_namespaces() == []
    store.close()


def test_reads_of_a_batch_come_before_its_puts(store: KnowhenStore) -> None:
    results = store.batch(
        [PutOp(("u",), "k", {"n": 1}), SearchOp(("u",)), PutOp(("u",), "k", {"n": 2})]
    )
    assert results == [None, [], None]
    item = store.get(("u",), "k")
    assert item is not None and item.value == {"n": 2}


def test_nothing_of_a_failed_batch_is_kept(store: KnowhenStore) -> None:
    with pytest.raises(TypeError):
        store.batch([PutOp(("u",), "a", {"n": 1}), PutOp(("u",), "b", {"n": object()})])
    assert store.search(("u",)) == []


@pytest.mark.parametrize("namespace", [("a.b",), ("",), (3,)])
def test_labels_that_could_address_another_namespace_are_refused(
    store: KnowhenStore, namespace: Any
) -> None:
    with pytest.raises(InvalidNamespaceError):
        store.batch([PutOp(namespace, "k", {"n": 1})])


def test_an_unknown_operator_is_named(store: KnowhenStore) -> None:
    store.put(("u",), "k", {"n": 1})
    with pytest.raises(InvalidInput, match=r"\$near"):
        store.search(("u",), filter={"n": {"$near": 1}})


def test_another_embedder_embeds_everything_anew(tmp_path: Path) -> None:
    first = KnowhenStore(tmp_path)
    first.put(("u",), "1", {"text": "Anna plays the cello"})
    first.put(("u",), "2", {"text": "hidden"}, index=False)
    first.close()
    again = KnowhenStore(tmp_path, embedder=ToyEmbedder())
    scores = {i.key: i.score for i in again.search(("u",), query="Anna plays the cello")}
    assert scores["1"] is not None and scores["2"] is None
    again.close()


def test_what_was_deleted_is_in_no_file(tmp_path: Path) -> None:
    store = KnowhenStore(tmp_path)
    store.put(("u",), "k", {"text": "the word xylograph"})
    store.delete(("u",), "k")
    assert b"xylograph" not in b"".join(path.read_bytes() for path in tmp_path.glob(f"{FILE}*"))
    store.close()


_WRITER = """
import sys
from knowhen.agents.langgraph import KnowhenStore
store = KnowhenStore(sys.argv[1])
for number in range(20):
    store.put((sys.argv[2],), str(number), {"n": number})
store.close()
"""


def test_two_processes_writing_at_once_lose_nothing(tmp_path: Path) -> None:
    both = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path), name], cwd=tmp_path)
        for name in "ab"
    ]
    assert [process.wait(60) for process in both] == [0, 0]
    store = KnowhenStore(tmp_path)
    assert [len(store.search((name,), limit=50)) for name in "ab"] == [20, 20]
    store.close()


class _State(TypedDict):
    said: str


async def test_a_graph_reads_and_writes_it(store: KnowhenStore) -> None:
    async def node(state: _State, runtime: Runtime[None]) -> _State:
        assert runtime.store is not None
        await runtime.store.aput(("u",), "k", {"text": state["said"]})
        (found,) = await runtime.store.asearch(("u",), query="cello")
        return {"said": found.value["text"]}

    graph = StateGraph(_State).add_node(node).add_edge(START, "node").compile(store=store)
    assert await graph.ainvoke({"said": "a cello"}) == {"said": "a cello"}


def test_the_tools_of_an_agent_reach_it(store: KnowhenStore, scripted: Any) -> None:
    @tool
    def note(text: str, runtime: ToolRuntime) -> str:
        """Note something."""
        assert runtime.store is not None
        runtime.store.put(("notes",), "1", {"text": text})
        return "noted"

    call = {"name": "note", "args": {"text": "a cello"}, "id": "c"}
    model = scripted(AIMessage("", tool_calls=[call]), "Done.")
    agent = create_agent(model, tools=[note], store=store)
    agent.invoke({"messages": [HumanMessage("Note a cello.")]})
    assert [item.value for item in store.search(("notes",))] == [{"text": "a cello"}]


def test_a_missing_package_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "knowhen.agents.langgraph")
    monkeypatch.setitem(sys.modules, "langgraph.store.base", None)
    with pytest.raises(MissingExtra, match=r"pip install 'knowhen\[langchain\]'"):
        import knowhen.agents.langgraph  # noqa: F401


def test_replaced_and_expired_items_leave_no_byte_while_the_store_is_open(tmp_path: Path) -> None:
    store = KnowhenStore(tmp_path)
    for number in range(40):
        store.put(("a",), f"k{number}", {"text": f"first wording {number} zyxwvu"})
        store.put(("b",), f"k{number}", {"text": f"short-lived {number} qponml"}, ttl=0.0001)
    for number in range(40):
        store.put(("a",), f"k{number}", {"text": "second wording"})
    time.sleep(1.1)
    store.sweep_ttl()
    store.put(("a",), "k0", {"text": "third wording"})
    left = b"".join(file.read_bytes() for file in tmp_path.rglob("items.db*"))
    assert b"zyxwvu" not in left
    assert b"qponml" not in left
    assert b"second wording" in left
    store.close()
