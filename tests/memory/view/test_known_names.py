"""Names that are sure, found in what others said whichever came first."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.memory.view.known_names import KnownNames, holds

TEXTS = {
    "t1": "Declan has mumps.",
    "t2": "I met Tessel & Sons, and Declan.",
    "t3": "we declan to go",
    "t4": "Poor Declan, and poor Ines!",
    "t5": "INES, call Tessel and the sons.",
}
NAMES = ["declan", "ines", "tessel sons", "will", "the"]
FOUND = {
    ("t1", "declan"),
    ("t2", "declan"),
    ("t2", "tessel sons"),
    ("t4", "declan"),
    ("t4", "ines"),
    ("t5", "ines"),
}


def test_a_name_stands_where_its_words_do_with_a_capital() -> None:
    assert holds("Tessel & Sons moved.", "tessel sons")
    assert not holds("the tessel sons", "tessel sons")
    assert holds("It was Kim's idea.", "kim")
    assert not holds("Kimberly left.", "kim")


def test_function_words_are_no_names_of_anybody() -> None:
    known = KnownNames()
    assert list(known.add([("t1", "The dog barked.")], ["the"])) == []


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 5))
def test_what_is_found_does_not_depend_on_what_came_first(seed: int, batches: int) -> None:
    rng = random.Random(seed)
    events = [("turn", node) for node in TEXTS] + [("name", name) for name in NAMES]
    rng.shuffle(events)
    known, found = KnownNames(), []
    for start in range(0, len(events), batches):
        part = events[start : start + batches]
        turns = [(node, TEXTS[node]) for kind, node in part if kind == "turn"]
        found += known.add(turns, [name for kind, name in part if kind == "name"])
    assert len(found) == len(set(found))
    assert set(found) == FOUND
