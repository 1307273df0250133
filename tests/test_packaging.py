"""The folders and what pyproject.toml says of them."""

import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HEAVY = [
    "chromadb",
    "langchain",
    "langchain_core",
    "langgraph",
    "mcp",
    "networkx",
    "openai",
    "torch",
    "transformers",
]


def test_every_package_folder_is_listed() -> None:
    folders = {"knowhen": "memory/_facade", "knowhen.agents": "agents"}
    found = set(folders)
    for top in ("memory", "graphs", "agents"):
        for init in (ROOT / top).rglob("__init__.py"):
            if "_facade" not in init.parts:
                found.add(".".join(("knowhen", *init.parent.relative_to(ROOT).parts)))
    assert sorted(found) == sorted(SETTINGS["tool"]["setuptools"]["packages"])


def test_every_extra_is_in_all() -> None:
    extras = SETTINGS["project"]["optional-dependencies"]
    everything = extras["all"][0].removeprefix("knowhen[").removesuffix("]").split(",")
    assert sorted(everything) == sorted(set(extras) - {"all", "dev"})


def test_constraints_pin_every_dependency() -> None:
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    }
    project = SETTINGS["project"]
    wanted = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        wanted.extend(extra)
    for requirement in wanted:
        name = requirement.split("[")[0].split(">")[0].split("=")[0].split("<")[0].strip()
        assert name == "knowhen" or name.lower() in pinned, f"{requirement} is not pinned"


@pytest.mark.parametrize("code", ["import knowhen", "from knowhen import MemoryManager, Turn"])
def test_import_loads_nothing_heavy(code: str) -> None:
    check = f"{code}\nimport sys\nprint([m for m in {HEAVY!r} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_exports_are_sorted_and_importable() -> None:
    import knowhen

    assert knowhen.__all__ == sorted(knowhen.__all__)
    for name in knowhen.__all__:
        assert getattr(knowhen, name).__name__ == name
    with pytest.raises(AttributeError, match="nonsense"):
        knowhen.nonsense  # noqa: B018


@pytest.mark.parametrize(
    "package", [p for p in SETTINGS["tool"]["setuptools"]["packages"] if p != "knowhen"]
)
def test_packages_export_what_they_say(package: str) -> None:
    module = import_module(package)
    names = getattr(module, "__all__", [])
    # As ruff sorts them: constants, then classes, then functions.
    assert list(names) == sorted(names, key=lambda n: (not n.isupper(), not n[0].isupper(), n))
    for name in names:
        assert hasattr(module, name)


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [("graphs", ("knowhen.memory", "knowhen.agents")), ("memory", ("knowhen.agents",))],
)
def test_dependencies_point_one_way(folder: str, forbidden: tuple[str, ...]) -> None:
    for file in (ROOT / folder).rglob("*.py"):
        if "_facade" in file.parts:
            continue
        text = file.read_text(encoding="utf-8")
        for name in forbidden:
            assert f"from {name}" not in text, f"{file} imports {name}"
            assert f"import {name}" not in text, f"{file} imports {name}"


ROOMS = ("view", "search", "gate", "recall")
"""In the order in which a question flows: each may use those before it and none after."""


def _arrows() -> dict[str, set[str]]:
    """Which folders of `memory/` each of them imports from."""
    found: dict[str, set[str]] = {}
    for folder in (ROOT / "memory").iterdir():
        text = "".join(file.read_text(encoding="utf-8") for file in folder.rglob("*.py"))
        named = set(re.findall(r"^\s*(?:from|import) knowhen\.memory\.(\w+)", text, re.M))
        found[folder.name] = {name for name in named if (ROOT / "memory" / name).is_dir()}
    return {name: arrows - {name} for name, arrows in found.items() if arrows or name in ROOMS}


def test_no_folder_of_memory_imports_in_a_circle() -> None:
    rest = _arrows()
    rest.pop("cli")
    while leaves := [name for name, arrows in rest.items() if not arrows & rest.keys()]:
        for name in leaves:
            del rest[name]
    assert not rest, f"these folders import each other: {rest}"


def test_a_question_flows_one_way_through_the_rooms() -> None:
    arrows = _arrows()
    for place, room in enumerate(ROOMS):
        assert not arrows[room] & set(ROOMS[place + 1 :]), f"{room} imports from a later room"
        below = arrows.keys() - set(ROOMS) - {"cli"}
        for folder in below:
            assert room not in arrows[folder], f"{folder} imports from {room}"


def test_no_file_is_over_500_lines() -> None:
    for top in ("memory", "graphs", "agents", "benchmarks", "examples", "tests"):
        for file in (ROOT / top).rglob("*.py"):
            lines = len(file.read_text(encoding="utf-8").splitlines())
            assert lines <= 500, f"{file} has {lines} lines"
