"""MuSiQue's and HotpotQA's benchmarks on a corpus written here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
METRICS = ["R@1", "R@2", "R@5", "R@10", "R@20", "all@5", "all@10"]

GOLD = [
    {"title": "Ostrava Gazette", "text": "The Ostrava Gazette is printed by Havel Press."},
    {"title": "Havel Press", "text": "Havel Press was founded by Milena Dvorak."},
]
TRIPLES = [
    [["Ostrava Gazette", "is printed by", "Havel Press"]],
    [["Havel Press", "was founded by", "Milena Dvorak"], ["malformed"]],
]
OTHERS = [
    {"title": f"Place {number}", "text": f"Place {number} is near Lake {number}, a quiet lake."}
    for number in range(28)
]
QUESTIONS = [{"question": "Who founded the press that prints the Ostrava Gazette?", "gold": GOLD}]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, file in (("musique", "corpus_openie.json"), ("hotpotqa", "corpus.json")):
        triples = TRIPLES if name == "musique" else [None, None]
        gold = [
            passage | ({"triples": found} if found else {})
            for passage, found in zip(GOLD, triples, strict=True)
        ]
        folder = tmp_path / name
        folder.mkdir()
        (folder / file).write_text(json.dumps(OTHERS + gold), encoding="utf-8")
        (folder / "questions_dev.json").write_text(json.dumps(QUESTIONS), encoding="utf-8")
    return tmp_path


def benchmark(name: str, data: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(FOLDER / f"{name}.py"), "--data", str(data)]
    command += ["--cache", str(data / "cache.db"), "--json", str(data / "out.json"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(("name", "graph"), [("musique", "openie"), ("hotpotqa", "none")])
def test_every_system_has_every_metric(name: str, graph: str, data: Path) -> None:
    done = benchmark(name, data, "--graph", graph)
    assert done.returncode == 0, done.stderr
    report = json.loads((data / "out.json").read_text(encoding="utf-8"))
    assert (report["benchmark"], report["settings"]["graph"]) == (name, graph)
    results = report["results"]
    assert list(results)[:5] == ["bm25", "dense", "hipporag", "hipporag2", "knowhen"]
    for system in results:
        assert set(METRICS) <= set(results[system])
    assert results["knowhen"]["R@5"] == {"value": 1.0, "ci95": [1.0, 1.0], "n": 1}
    if name == "musique":
        assert {"add_ms", "recall_ms", "peak_mb"} <= set(results["knowhen"])
        assert 10 < results["knowhen"]["peak_mb"]["value"] < 600


def test_a_corpus_without_triples_is_not_taken_for_one_with_them(data: Path) -> None:
    done = benchmark("hotpotqa", data, "--graph", "openie")
    assert done.returncode != 0 and "--graph none" in done.stderr


def test_gold_passages_are_shared_out_over_the_ranks(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    from multihop import load, shares

    corpus = load(data, "musique", "corpus_openie.json")
    first, second = len(OTHERS), len(OTHERS) + 1
    assert corpus.questions[0].gold == {first, second}
    found = shares(lambda number: [first, 0, 1, 2, 3, 4, second], corpus.questions)
    assert found == {
        "R@1": [0.5],
        "R@2": [0.5],
        "R@5": [0.5],
        "R@10": [1.0],
        "R@20": [1.0],
        "all@5": [0.0],
        "all@10": [1.0],
    }
