"""What the gate's benchmark is made of, on data written for the test."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if str(BENCHMARKS) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_auroc_counts_pairs_in_the_right_order_and_ties_as_half() -> None:
    from gate import auroc

    found = auroc(np.array([3.0, 1.0]), np.array([1.0, 0.0]))
    assert found["value"] == pytest.approx((1 + 1 + 0.5 + 1) / 4)
    assert found["ci95"][0] <= found["value"] <= found["ci95"][1]


def test_an_answer_counts_as_right_when_it_holds_a_reference(tmp_path: Path) -> None:
    from tables import load

    (tmp_path / "gate").mkdir()
    record = {
        "question_text": "Who?",
        "reference": "['Dante', 'Dante Alighieri']",
        "no_retrieve": "dante, I think",
        "rag_one_retrieve": "Petrarch",
    }
    (tmp_path / "gate" / "hotpotqa_dev.jsonl").write_text(json.dumps(record) + "\n")
    [item] = load(tmp_path, "hotpotqa")
    assert item.alone and not item.helped
    assert load(tmp_path, "2wikimultihopqa") == []


def test_exchanging_names_keeps_the_question_and_its_origin() -> None:
    from gating import _exchanged

    [case] = _exchanged(["Where did Ann go?", "Did Ann meet Bo?", "Who?"], ["Ann", "Bo"])
    assert case.text == "Where did Bo go?"
    assert case.origin == "Where did Ann go?"


def test_small_talk_is_split_in_two_halves() -> None:
    from gating import _small_talk

    cases = list(_small_talk())
    assert len(cases) >= 100
    assert len({case.text for case in cases}) == len(cases)
    assert {case.half for case in cases} == {0, 1}
