"""The README's Python blocks run as they stand."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_block_runs(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(BLOCKS[number], f"README block {number + 1}", "exec"), {"__name__": "readme"})


def test_the_readme_names_only_folders_that_are_there() -> None:
    root = Path(__file__).parent.parent
    for path in re.findall(r"`((?:memory|graphs|agents|benchmarks|examples)/[\w./]+)`", README):
        assert (root / path).exists(), path
