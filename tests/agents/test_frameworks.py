"""Every Python block of docs/frameworks.md runs as it stands, and the extras it names exist."""

import re
import tomllib
from pathlib import Path

import pytest
from blocks import run_block
from extras import EXTRAS, blocks
from openai_server import OpenAIServer

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "frameworks.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_block_runs(number: int, tmp_path: Path, openai_server: OpenAIServer) -> None:
    run_block(BLOCKS[number], tmp_path, url=openai_server.url)


def test_every_framework_has_a_block() -> None:
    assert len(BLOCKS) == len(re.findall(r"^## ", TEXT, re.MULTILINE)) == 7


def test_the_extras_that_are_named_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = re.findall(r"knowhen\[([\w-]+)\]", TEXT) + re.findall(r"<!-- extra: (\S+) -->", TEXT)
    assert set(named) <= set(project["optional-dependencies"])
    assert set(named) == set(EXTRAS) and all(len(blocks(extra)) >= 2 for extra in EXTRAS)
