"""The examples run, offline, in processes of their own."""

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from knowhen.memory.formats import read_turns

EXAMPLES = Path(__file__).parents[2] / "examples"
FRIENDS = EXAMPLES / "data" / "friends.jsonl"


def _run(name: str, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, EXAMPLES / name, *arguments],
        input=text,
        capture_output=True,
        encoding="utf-8",
        env=environment,
        timeout=120,
    )


def test_the_demo_keeps_every_promise() -> None:
    done = _run("demo.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("✓") >= 20
    assert "✗" not in done.stdout
    assert "\x1b" not in done.stdout
    assert "Traceback" not in done.stderr


def test_the_demo_fails_when_a_promise_is_not_kept(tmp_path: Path) -> None:
    code = (EXAMPLES / "demo.py").read_text(encoding="utf-8")
    broken = tmp_path / "demo.py"
    broken.write_text(code.replace('"s25:5"', '"s25:999"'), encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "friends.jsonl").write_bytes(FRIENDS.read_bytes())
    done = _run(str(broken))
    assert done.returncode == 1
    assert "NOT KEPT: the answer cites turn s25:999" in done.stdout


def test_the_demo_loads_no_optional_package() -> None:
    code = (
        f"import runpy, sys, json; sys.path.insert(0, {str(EXAMPLES)!r})\n"
        "try:\n"
        f"    runpy.run_path({str(EXAMPLES / 'demo.py')!r}, run_name='__main__')\n"
        "except SystemExit:\n"
        "    pass\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        timeout=120,
        check=True,
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    extras = {"torch", "transformers", "openai", "chromadb", "langchain", "igraph", "networkx"}
    assert loaded.isdisjoint(extras | {"scipy", "mcp", "tiktoken", "matplotlib"})


def test_a_companion_remembers_from_one_sitting_to_the_next(tmp_path: Path) -> None:
    options = ("--home", str(tmp_path), "--name", "Ada")
    first = _run("companion.py", *options, text="I adopted a grey parrot named Rocket.\n")
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("Hello, Ada.")
    second = _run("companion.py", *options, text="What is my parrot's name?\n")
    assert second.returncode == 0, second.stderr
    assert second.stdout.startswith("Hello again, Ada.")
    assert "I adopted a grey parrot named Rocket." in second.stdout
    stranger = _run("companion.py", "--home", str(tmp_path), "--name", "Bo", text="A parrot?\n")
    assert "Rocket" not in stranger.stdout


def test_a_companion_says_in_one_sentence_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = _run("companion.py", "--home", str(tmp_path / "file"))
    assert done.returncode == 2
    assert done.stderr.startswith("companion: ") and done.stderr.count("\n") == 1


def test_the_friends_talk_for_fourteen_months_in_order() -> None:
    turns = [turn for _, turn in read_turns(FRIENDS)]
    times = [turn.time for turn in turns]
    assert all(isinstance(time, datetime) for time in times)
    assert all(a < b for a, b in pairwise(t for t in times if t))
    assert len(turns) >= 200
    assert len({turn.session for turn in turns}) == 26
    assert len({turn.id for turn in turns}) == len(turns)
    spoken = Counter(turn.speaker for turn in turns)
    assert set(spoken) == {"Maren", "Idris"}
    assert min(spoken.values()) > 100


def test_the_fact_sheet_cites_only_turns_that_are_there() -> None:
    import re

    ids = {turn.id for _, turn in read_turns(FRIENDS)}
    sheet = (EXAMPLES / "data" / "README.md").read_text(encoding="utf-8")
    cited = set(re.findall(r"s\d\d:\d+", sheet))
    assert len(cited) > 50
    assert cited <= ids
