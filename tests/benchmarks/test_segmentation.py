"""The metrics against hand-made cases, and a whole run on dialogues written here."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"

DIALOGUE = {
    "utterances": [
        "I need a taxi to the station.",
        "A taxi to the station, for when?",
        "A taxi at noon, please.",
        "Your taxi to the station comes at noon.",
        "Find me an Italian restaurant.",
        "There is an Italian restaurant by the river.",
        "Book a table in that restaurant.",
        "Your table in the restaurant is booked.",
    ],
    "segments": [4, 4],
}


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))


def marks(*places: int, size: int = 8) -> np.ndarray:
    found = np.zeros(size, dtype=bool)
    found[list(places)] = True
    return found


def test_windows_count_what_lies_within_half_a_segment() -> None:
    from boundaries import windows

    assert windows(marks(4), marks(4)) == (0.0, 0.0)
    assert windows(marks(4), marks()) == pytest.approx((2 / 6, 2 / 6))
    assert windows(marks(4), marks(5)) == pytest.approx((2 / 6, 2 / 6))
    pk, wd = windows(marks(4), marks(3, 4))
    assert (pk, wd) == pytest.approx((1 / 6, 2 / 6))


def test_the_score_weighs_boundaries_and_windows_alike() -> None:
    from boundaries import figures

    perfect = figures([marks(4), marks(2)], [marks(4), marks(2)])
    assert {name: f["value"] for name, f in perfect.items()} == {
        "score": 1.0,
        "Pk": 0.0,
        "WD": 0.0,
        "F1": 1.0,
        "count_ratio": 1.0,
    }
    found = figures([marks(4)], [marks(4, 6)])
    pk, wd, f1 = (found[name]["value"] for name in ("Pk", "WD", "F1"))
    assert f1 == pytest.approx(2 / 3)
    assert found["count_ratio"]["value"] == 2
    assert found["score"]["value"] == pytest.approx((2 * f1 + 1 - pk + 1 - wd) / 4)


def test_text_tiling_finds_where_the_words_change() -> None:
    from segmentation import text_tiling

    from knowhen.memory.episodes import Unit

    units = [
        Unit(str(i), np.zeros(1, np.float32), None, 9, text, "")
        for i, text in enumerate(DIALOGUE["utterances"])
    ]
    assert 4 in np.flatnonzero(text_tiling(units))


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_a_run_follows_the_contract(tmp_path: Path, mode: str) -> None:
    data = tmp_path / "segmentation"
    data.mkdir()
    for corpus in ("dialseg711", "tiage"):
        (data / f"{corpus}_dev.json").write_text(json.dumps([DIALOGUE] * 3))
    out = tmp_path / "out.json"
    command = [sys.executable, FOLDER / "segmentation.py", "--data", tmp_path, "--mode", mode]
    subprocess.run(
        [*command, "--quick", "--json", out, "--cache", tmp_path / "cache.db"],
        check=True,
        capture_output=True,
        timeout=120,
        cwd=tmp_path,
    )
    report = json.loads(out.read_text())
    assert report["benchmark"] == "segmentation"
    assert report["settings"]["mode"] == mode
    for system in ("knowhen", "texttiling", "fixed at our rate", "random at our rate"):
        figures = report["results"][system]
        for corpus in ("dialseg711", "tiage"):
            for metric in ("score", "Pk", "WD", "F1", "count_ratio"):
                figure = figures[f"{corpus}/{metric}"]
                assert figure["n"] == 3
                assert figure["ci95"][0] <= figure["value"] <= figure["ci95"][1]
    assert report["results"]["knowhen"]["tiage/score"]["value"] == 1.0
