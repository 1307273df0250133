"""The README's Python blocks run as they stand."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from openai_server import OpenAIServer

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_block_runs(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, openai_server: OpenAIServer
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_BASE_URL", openai_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("OPENAI_AGENTS_DISABLE_TRACING", "1")
    block = tmp_path / "block.py"
    block.write_text(BLOCKS[number], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", block],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_the_first_block_shows_a_recall(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKS[0]], cwd=tmp_path, capture_output=True, encoding="utf-8"
    )
    action, *context = done.stdout.splitlines()
    assert action == "recall"
    assert any("Basil" in line for line in context)


def test_the_readme_names_only_folders_that_are_there() -> None:
    root = Path(__file__).parent.parent
    for path in re.findall(r"`((?:memory|graphs|agents|benchmarks|examples)/[\w./]+)`", README):
        assert (root / path).exists(), path
