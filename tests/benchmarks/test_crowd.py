import json
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "crowd.py"


def test_processes_on_one_new_home_fail_nowhere_and_lose_nothing(tmp_path: Path) -> None:
    out = tmp_path / "crowd.json"
    done = subprocess.run(
        [sys.executable, BENCHMARK, "--processes", "4", "--seconds", "6", "--json", out],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    results = json.loads(out.read_text())["results"]["knowhen"]
    assert results["remembered"]["value"] > 0
