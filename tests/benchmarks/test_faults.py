import json
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "faults.py"


def test_killed_children_lose_nothing_and_an_erasure_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "faults.json"
    subprocess.run(
        [sys.executable, BENCHMARK, "--kills", "6", "--json", out],
        check=True,
        capture_output=True,
        timeout=120,
    )
    report = json.loads(out.read_text())
    results = report["results"]["knowhen"]
    assert report["benchmark"] == "faults"
    assert results["kills"]["value"] == 6
    assert results["lost"]["n"] > 0
    assert results["erase_residues"]["n"] > 0
    assert sum(report["settings"]["killed_in"].values()) == 6
    for name in results.keys() - {"kills"}:
        assert results[name]["value"] == 0, name
        assert results[name]["ci95"][0] == 0
