"""What is accepted at the border; everything else is one sentence, and nothing is stored half."""

import math
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen import Document, MemoryManager, Turn
from knowhen.memory.errors import InvalidInput, InvalidTurn
from knowhen.memory.validation import ids, records

DAY = datetime(2024, 3, 1, 9, tzinfo=UTC)
SURROGATE = "half of a pair: \ud83d"


@pytest.fixture
def memory() -> Iterator[MemoryManager]:
    with MemoryManager.open(":memory:") as opened:
        opened.remember(Turn("I live in Oslo.", speaker="Nora", id="a1", time=DAY))
        yield opened


def one_sentence(action: Callable[[], object]) -> str:
    with pytest.raises(InvalidInput) as caught:
        action()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "given_", ["I like tea.", b"tea", None, 5, {"text": "tea"}, [None], ["tea"], [{"text": "tea"}]]
)
def test_what_is_no_turn_is_refused_with_all_that_came_with_it(
    memory: MemoryManager, given_: Any
) -> None:
    several = [Turn("I like tea."), *given_] if isinstance(given_, list) else given_
    assert one_sentence(lambda: memory.remember(several)).startswith("expected a Turn")
    assert one_sentence(lambda: memory.learn(given_)).startswith("expected a Document")
    assert [turn.id for turn in memory.turns()] == ["a1"]


def test_an_iterable_that_breaks_off_leaves_nothing(memory: MemoryManager) -> None:
    def broken() -> Iterator[Turn]:
        yield Turn("I like tea.")
        raise OSError("the line went dead")

    with pytest.raises(OSError, match="went dead"):
        memory.remember(broken())
    assert [turn.id for turn in memory.turns()] == ["a1"]


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"text": 5}, "the text of turn 'x' must be text, not 5"),
        ({"speaker": None}, "the speaker of turn 'x' must be text, not None"),
        ({"session": 3}, "the session of turn 'x' must be text"),
        ({"id": 5}, "the id of turn 5 must be text"),
        ({"text": SURROGATE}, "the text of turn 'x' is not valid Unicode"),
        ({"speaker": SURROGATE}, "the speaker of turn 'x' is not valid Unicode"),
        ({"session": SURROGATE}, "the session of turn 'x' is not valid Unicode"),
        ({"meta": {"from": SURROGATE}}, "the meta of turn 'x' cannot be written as JSON"),
        ({"meta": {"mood": math.nan}}, "the meta of turn 'x' cannot be written as JSON"),
        ({"meta": {"mood": [math.inf]}}, "the meta of turn 'x' cannot be written as JSON"),
        ({"meta": {"of": object()}}, "the meta of turn 'x' cannot be written as JSON"),
        ({"meta": {(1, 2): 3}}, "the meta of turn 'x' cannot be written as JSON"),
        ({"meta": ["a"]}, "the meta of turn 'x' must be a mapping, not ['a']"),
        ({"meta": None}, "the meta of turn 'x' must be a mapping, not None"),
        ({"time": datetime(2024, 3, 1)}, "the time of turn 'x' has no time zone: 2024-03-01T00"),
        ({"time": date(2024, 3, 1)}, "the time of turn 'x' must be a datetime with a time zone"),
        ({"time": "2024-03-01"}, "the time of turn 'x' must be a datetime with a time zone"),
        ({"time": datetime.min.replace(tzinfo=UTC)}, "the time of turn 'x' is out of range"),
        ({"role": "king"}, "turn 'x' has role 'king'; use one of user,"),
        ({"role": []}, "turn 'x' has role []"),
        ({"text": " \n"}, "turn 'x' has no text"),
    ],
)
def test_a_turn_says_what_is_wrong_with_it(fields: dict[str, Any], fault: str) -> None:
    given_: dict[str, Any] = {"text": "tea", "id": "x"} | fields
    with pytest.raises(InvalidTurn) as caught:
        Turn(**given_)
    assert str(caught.value).startswith(fault)


def test_meta_nested_deeper_than_json_goes_is_refused() -> None:
    meta: dict[str, object] = {}
    for _ in range(100_000):
        meta = {"a": meta}
    with pytest.raises(InvalidTurn, match="cannot be written as JSON"):
        Turn("tea", meta=meta)


@pytest.mark.parametrize(
    "document",
    [
        Document(title=5, text="a"),  # type: ignore[arg-type]
        Document(title=SURROGATE, text="a"),
        Document(title="a", text=SURROGATE),
        Document(title="a", text=""),
        Document(title="a", text="b", meta=[1]),  # type: ignore[arg-type]
        Document(title="a", text="b", time=datetime(2024, 1, 1)),
    ],
)
def test_a_document_is_checked_like_a_turn(memory: MemoryManager, document: Document) -> None:
    good = Document("Tea", "Tea is a drink.")
    one_sentence(lambda: memory.learn([good, document]))
    assert [turn.id for turn in memory.turns()] == ["a1"]


def test_meta_is_the_callers_no_longer_once_it_is_in_a_turn(memory: MemoryManager) -> None:
    meta: dict[Any, object] = {"tags": ("a", "b"), 7: None}
    turn = Turn("I like tea.", id="x", time=DAY, speaker="Nora", meta=meta)
    meta["tags"] = "changed"
    assert turn.meta == {"tags": ["a", "b"], "7": None}
    assert memory.remember(turn) == ["x"]
    assert memory.turn("x") == turn
    assert memory.remember(turn) == []


@pytest.mark.parametrize("query", [None, 5, ["tea"], SURROGATE])
def test_a_query_is_text(memory: MemoryManager, query: Any) -> None:
    for ask in (memory.recall, memory.search, memory.decide, memory.answer):
        assert "the query" in one_sentence(lambda ask=ask: ask(query))  # type: ignore[misc]


@pytest.mark.parametrize("time", [datetime(2024, 1, 1), date(2024, 1, 1), "2024-01-01", 0])
def test_a_time_has_a_zone(memory: MemoryManager, time: Any) -> None:
    assert "as_of" in one_sentence(lambda: memory.recall("tea", as_of=time))
    assert "known_at" in one_sentence(lambda: memory.recall("tea", known_at=time))
    assert "before" in one_sentence(lambda: memory.forget(before=time))


@pytest.mark.parametrize("edge", [datetime.min, datetime.max])
def test_any_time_may_be_looked_back_from(memory: MemoryManager, edge: datetime) -> None:
    asked = "What did Nora say yesterday, and what tomorrow?"
    items = memory.recall(asked, as_of=edge.replace(tzinfo=UTC), gate=False).items
    assert bool(items) == (edge == datetime.max)


def test_one_text_is_not_taken_for_a_list_of_its_letters(memory: MemoryManager) -> None:
    for act in (
        lambda: memory.forget(turns="a1"),
        lambda: memory.forget(thoughts="a1"),
        lambda: memory.merge("a1"),
        lambda: memory.feedback(memory.recall("Oslo"), useful="a1"),
    ):
        assert "must be a list of ids, not 'a1'" in one_sentence(act)
    assert "an id in turns must be text, not None" in one_sentence(
        lambda: memory.forget(turns=[None])  # type: ignore[list-item]
    )
    assert [turn.id for turn in memory.turns()] == ["a1"]
    assert ids("turns", iter(["a", "b"])) == ("a", "b")  # type: ignore[arg-type]


def test_what_to_forget_is_text(memory: MemoryManager) -> None:
    assert "matching must be text" in one_sentence(lambda: memory.forget(matching=5))  # type: ignore[arg-type]
    assert "entity must be text" in one_sentence(lambda: memory.forget(entity=5))  # type: ignore[arg-type]
    assert "entity is empty" in one_sentence(lambda: memory.forget(entity=" "))


@pytest.mark.parametrize("space", [None, 5, "", SURROGATE])
def test_the_name_of_a_space_is_text(memory: MemoryManager, space: Any) -> None:
    assert "the name of a space" in one_sentence(lambda: memory.at(space))


@pytest.mark.parametrize("statement", [None, 5, "", SURROGATE])
def test_a_statement_is_text(memory: MemoryManager, statement: Any) -> None:
    one_sentence(lambda: memory.insert(statement))
    assert memory.operations() == []


def test_records_are_one_or_any_iterable() -> None:
    turn = Turn("tea")
    assert records(turn, Turn) == records((turn for _ in range(1)), Turn) == [turn]
    assert records([], Turn) == []


junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.binary(max_size=5),
    st.text(st.characters(exclude_categories=()), max_size=8),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(timezone(timedelta(hours=14)))),
    st.lists(st.integers(), max_size=2),
)
texts = st.text(st.characters(exclude_categories=()), max_size=20)
metas = st.dictionaries(texts, st.recursive(junk, lambda inner: st.lists(inner, max_size=2)))


@settings(max_examples=150)
@given(
    st.fixed_dictionaries(
        {"text": texts | junk},
        optional={
            "speaker": texts | junk,
            "role": st.sampled_from(["user", "assistant", "tool"]) | junk,
            "time": st.datetimes(timezones=st.just(UTC)) | junk,
            "session": texts | junk,
            "id": texts | junk,
            "meta": metas | junk,
        },
    )
)
def test_anything_is_either_kept_whole_or_refused_in_one_sentence(fields: dict[str, Any]) -> None:
    with MemoryManager.open(":memory:") as memory:
        try:
            kept = memory.remember([Turn("Nora lives in Oslo.", id="first"), Turn(**fields)])
        except InvalidInput as error:
            assert "\n" not in str(error)
            assert memory.turns() == []
            return
        assert [turn.text for turn in memory.turns()][1:] == [fields["text"]]
        assert len(kept) == 2
        assert memory.doctor() == []
        assert memory.recall("Where does Nora live?", gate=False).items


def test_a_turn_as_long_as_a_book_is_kept_and_found(memory: MemoryManager) -> None:
    filling = "The ferry runs at noon, Anna said. " * 8_000
    text = f"{filling}Nora keeps a heron called Fred. {filling}"
    memory.remember(Turn(text, id="long", time=DAY, speaker="Sam"))
    recall = memory.recall("What is the name of Nora's heron?", gate=False)
    assert "heron called Fred" in recall.context
    assert memory.turn("long").text == text
