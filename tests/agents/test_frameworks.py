"""Every Python block of docs/frameworks.md runs as it stands, and the extras it names exist."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from extras import EXTRAS, blocks
from openai_server import OpenAIServer

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "frameworks.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_block_runs(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, openai_server: OpenAIServer
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_BASE_URL", openai_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("OPENAI_AGENTS_DISABLE_TRACING", "1")
    path = tmp_path / "block.py"
    path.write_text(BLOCKS[number], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", path],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_every_framework_has_a_block() -> None:
    assert len(BLOCKS) == len(re.findall(r"^## ", TEXT, re.MULTILINE)) == 6


def test_the_extras_that_are_named_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = re.findall(r"knowhen\[([\w-]+)\]", TEXT) + re.findall(r"<!-- extra: (\S+) -->", TEXT)
    assert set(named) <= set(project["optional-dependencies"])
    assert set(named) == set(EXTRAS) and all(len(blocks(extra)) >= 2 for extra in EXTRAS)
