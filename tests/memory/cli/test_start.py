"""What starting the program costs, in processes of their own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("knowhen")
HEAVY = (
    "torch",
    "transformers",
    "openai",
    "chromadb",
    "langchain",
    "langchain_core",
    "langgraph",
    "mcp",
    "networkx",
    "igraph",
    "scipy",
    "matplotlib",
    "tiktoken",
)
COMMANDS = """
remember learn ask recall decide why about profile spaces diff config chat turns events thoughts
graph operations stats insert retract merge undo forget verify backup export import settle
reindex doctor mcp
""".split()  # noqa: SIM905
_HELP = """
import sys
from knowhen.memory.cli import main
sys.argv = ["knowhen", *{arguments!r}]
try:
    main()
except SystemExit as exit:
    assert exit.code == 0, exit.code
"""
_REPORT = "import json, sys; print(json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"


def _loaded(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{_REPORT}"], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import knowhen",
        _HELP.format(arguments=["--help"]),
        _HELP.format(arguments=["recall", "--help"]),
    ],
)
def test_import_and_help_load_nothing_heavy(code: str) -> None:
    assert _loaded(code).isdisjoint({*HEAVY, "numpy", "rich"})


def test_a_whole_memory_works_without_anything_heavy(tmp_path: Path) -> None:
    code = (
        "from knowhen import MemoryManager, Turn\n"
        f"with MemoryManager.open({str(tmp_path)!r}) as memory:\n"
        "    memory.remember([Turn('I live in Oslo.', speaker='Nora')])\n"
        "    assert memory.recall('Where does Nora live?', gate=False).items\n"
    )
    assert _loaded(code).isdisjoint(HEAVY)


def test_help_names_every_command() -> None:
    done = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True)
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout
    assert "..." not in done.stdout.partition("Commands:")[2]  # every summary fits its line
    assert done.stderr == ""


def test_the_program_runs_end_to_end_in_processes_of_its_own(tmp_path: Path) -> None:
    def knowhen(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *arguments, "--home", tmp_path / "home"],
            input=text,
            capture_output=True,
            text=True,
        )

    line = json.dumps({"text": "My bike is \x1b[31mgreen.", "id": "x", "speaker": "Nora"})
    assert knowhen("remember", "-", text=line + "\n").returncode == 0
    listed = knowhen("turns")
    assert listed.stdout.endswith("\tNora\tx\tMy bike is \ufffd[31mgreen.\n")
    missing = knowhen("remember", str(tmp_path / "none.json"))
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr == f"knowhen: there is no file '{tmp_path}/none.json'\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        subprocess.run([PROGRAM, "remember", "I like tea.", "--home", tmp_path / "home"])
        command = [PROGRAM, "stats", "--home", tmp_path / "home"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr == "knowhen: the output cannot be written: no space is left\n"
