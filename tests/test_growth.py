"""What looks at user text costs no more than its length: every pattern, and a whole turn."""

import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from itertools import islice
from re import _constants, _parser  # the parse tree of a pattern: its own hostile words

import pytest

import knowhen
from knowhen import MemoryManager, Turn

SIZES = (500, 4_000, 20_000)
LIMIT = 0.05
"""CPU seconds at 20,000 characters; on the way there, whatever the size."""
RUNS = (
    *(" ", "\n", "\t", ",", ", ", ";", ".", "-", "—", "'", '"', "“", "(", "[", "<", "`", "*", "#"),
    *("1", "12,", "3 ", "3 km ", "2024-01-01 ", "12:30 ", "$5 ", "a", "A", "a ", "Nora ", "Nora, "),
    *("I ", "not ", "and ", "http://a", "a.", "A.", "( ", "x,y ", "1 and ", "的", "，", "é"),
)
SEEDS_OF_A_PATTERN = 8


def modules() -> Iterator[object]:
    for package in ("knowhen.memory", "knowhen.graphs", "knowhen.agents"):
        root = importlib.import_module(package)
        for found in pkgutil.walk_packages(root.__path__, package + "."):
            if found.name.endswith("__main__"):
                continue  # importing it runs the command line
            try:
                yield importlib.import_module(found.name)
            except knowhen.KnowhenError:
                continue  # an adapter whose extra is not installed


def patterns() -> dict[str, re.Pattern[str]]:
    found: dict[re.Pattern[str], str] = {}
    for module in modules():
        for name, value in vars(module).items():
            for pattern in values(value):
                found.setdefault(pattern, f"{module.__name__}.{name}")  # type: ignore[attr-defined]
    return {f"{name} #{place}": pattern for place, (pattern, name) in enumerate(found.items())}


def values(value: object, depth: int = 0) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif depth < 3 and isinstance(value, dict):
        for each in value.values():
            yield from values(each, depth + 1)
    elif depth < 3 and isinstance(value, list | tuple):
        for each in value:
            yield from values(each, depth + 1)


def words(tree: object) -> Iterator[str]:
    """Runs of literal characters in a pattern, in the order in which they stand."""
    run = ""
    for kind, value in getattr(tree, "data", tree):  # type: ignore[call-overload]
        if kind is _constants.LITERAL:
            run += chr(value)
            continue
        if run:
            yield run
            run = ""
        for part in parts(value):
            yield from words(part)
    if run:
        yield run


def parts(value: object) -> Iterator[object]:
    if isinstance(value, _parser.SubPattern):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from parts(each)


def seeds(pattern: re.Pattern[str]) -> Iterator[str]:
    yield from RUNS
    own = dict.fromkeys(words(_parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE)))
    for word in islice(own, SEEDS_OF_A_PATTERN):
        yield word + " "


def cost(read: Callable[[str], object], text: str) -> float:
    start = time.process_time()
    read(text)
    return time.process_time() - start


def too_slow(read: Callable[[str], object], seed: str) -> int | None:
    """The first size at which reading takes too long, twice in a row."""
    for size in SIZES:
        text = f"x{seed * (size // len(seed))}y"
        if cost(read, text) > LIMIT and cost(read, text) > LIMIT:
            return size
    return None


PATTERNS = patterns()


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_reads_hostile_text_in_proportion(name: str) -> None:
    pattern = PATTERNS[name]

    def read(text: str) -> None:
        for _ in pattern.finditer(text):
            pass

    failed = [(seed, size) for seed in seeds(pattern) if (size := too_slow(read, seed))]
    assert not failed, f"{failed[:5]} in {pattern.pattern[:200]}"


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """The patterns of every language are compiled when they are first needed, once a process."""
    with MemoryManager.open(":memory:") as memory:
        memory.remember(Turn("Well, I moved (12:30). Nora, 3 km!", speaker="Nora"))
        memory.settle()
        for query in ("Where does Nora live?", ", " * 200, "的" * 50, "x"):
            memory.recall(query, gate=False)


@pytest.mark.parametrize("seed", RUNS)
def test_a_turn_of_50_000_hostile_characters_is_remembered_settled_and_recalled(seed: str) -> None:
    with MemoryManager.open(":memory:") as memory:
        memory.remember(Turn("I live in Lisbon.", id="t1", speaker="Nora"))
        memory.recall("Where does Nora live?")
        text = f"Well{seed * (50_000 // len(seed))}I moved"
        start = time.process_time()
        memory.remember(Turn(text, id="t2", speaker="Nora"))
        memory.settle()
        found = memory.recall("Where does Nora live?", gate=False)
        memory.recall(text[:20_000], gate=False)
        assert time.process_time() - start < 2
        assert "t1" in [item.id for item in found.items if item.kind == "turn"]
