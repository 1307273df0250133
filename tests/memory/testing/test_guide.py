"""The blocks of docs/testing.md run as they stand: the tests in them pass."""

import re
import subprocess
import sys
from pathlib import Path

TEXT = (Path(__file__).parents[3] / "docs" / "testing.md").read_text(encoding="utf-8")
SUITES, FAKES = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def test_the_suites_run_on_a_part_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(SUITES, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "failed" not in done.stdout and "passed" in done.stdout


def test_the_fakes_do_what_is_said_of_them() -> None:
    exec(compile(FAKES, "docs/testing.md", "exec"), {})


def test_every_part_that_is_named_is_there() -> None:
    for module, name in re.findall(r"`(\w+)\.([A-Z]\w+)`", TEXT):
        if module != "MemoryManager":
            found = __import__(f"knowhen.memory.testing.{module}", fromlist=[name])
            assert hasattr(found, name)
