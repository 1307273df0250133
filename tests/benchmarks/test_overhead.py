import json
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "overhead.py"


def test_it_measures_time_and_growth_by_the_contract(tmp_path: Path) -> None:
    out = tmp_path / "overhead.json"
    command = [sys.executable, BENCHMARK, "--quick", "--turns", "10", "--json", out]
    subprocess.run(command, check=True, capture_output=True, timeout=120, cwd=tmp_path)
    report = json.loads(out.read_text())
    figures = report["results"]["knowhen"]
    assert report["benchmark"] == "overhead"
    assert set(figures) == {"cpu_ms/1000", "cold_ms/1000", "growth/1000"}
    assert figures["cpu_ms/1000"]["n"] == 10 and figures["cpu_ms/1000"]["value"] > 0
    assert 0 < figures["growth/1000"]["value"] <= 1
