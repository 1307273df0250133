"""The README's Python blocks run as they stand."""

import re
from pathlib import Path

import pytest
from blocks import run_block
from openai_server import OpenAIServer

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_block_runs(number: int, tmp_path: Path, openai_server: OpenAIServer) -> None:
    run_block(BLOCKS[number], tmp_path, url=openai_server.url)


def test_the_first_block_shows_a_recall(tmp_path: Path) -> None:
    action, *context = run_block(BLOCKS[0], tmp_path, url="").splitlines()
    assert action == "recall"
    assert any("Basil" in line for line in context)


def test_the_readme_names_only_folders_that_are_there() -> None:
    root = Path(__file__).parent.parent
    for path in re.findall(r"`((?:memory|graphs|agents|benchmarks|examples)/[\w./]+)`", README):
        assert (root / path).exists(), path
