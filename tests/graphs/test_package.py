"""The package as its users and its dependants meet it."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import knowhen.graphs
from knowhen.graphs import PowerWalk, PrpackWalk, PushWalk
from knowhen.graphs.errors import InvalidInput, MissingExtra
from knowhen.graphs.export import to_networkx
from knowhen.graphs.knowledge import KnowledgeGraph
from knowhen.graphs.walk import make_walk


def test_the_graph_knows_nothing_of_memory_or_agents() -> None:
    for path in Path(*knowhen.graphs.__path__).rglob("*.py"):
        modules = list(_imported(path))
        assert not any(name.startswith(("knowhen.memory", "knowhen.agents")) for name in modules)


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_importing_the_graph_imports_no_optional_package() -> None:
    code = (
        "import sys, knowhen.graphs, knowhen.graphs.export, knowhen.graphs.walk;"
        "print([n for n in ('igraph', 'networkx', 'matplotlib', 'scipy') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "igraph", None)
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(MissingExtra, match=r"knowhen\[graph\]"):
        PrpackWalk()
    with pytest.raises(MissingExtra, match=r"knowhen\[graph\]"):
        to_networkx(KnowledgeGraph())


def test_walks_are_made_by_name() -> None:
    assert isinstance(make_walk("push"), PushWalk)
    assert isinstance(make_walk("power"), PowerWalk)
    assert isinstance(make_walk("exact"), PrpackWalk)
    assert make_walk("none") is None
    with pytest.raises(InvalidInput):
        make_walk("moon")
