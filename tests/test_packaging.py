"""The folders and what pyproject.toml says of them."""

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


def test_no_file_is_over_500_lines() -> None:
    for top in ("memory", "graphs", "agents", "benchmarks", "examples", "tests"):
        for file in (ROOT / top).rglob("*.py"):
            lines = len(file.read_text(encoding="utf-8").splitlines())
            assert lines <= 500, f"{file} has {lines} lines"
