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
    parts = {
        f"{part}_ms/1000" for part in ("search", "decide", "walk", "pack", "remember", "settle")
    }
    whole = {"cpu_ms/1000", "median_ms/1000", "open_ms/1000", "cold_ms/1000", "growth/1000"}
    assert set(figures) == parts | whole
    assert figures["cpu_ms/1000"]["n"] == 10
    assert 0 < sum(figures[part]["value"] for part in parts) <= figures["cpu_ms/1000"]["value"]
    assert 0 < figures["growth/1000"]["value"] <= 1
