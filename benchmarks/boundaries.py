"""Dialogues with known topic boundaries, and how well predicted ones agree with them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from report import RESAMPLES, Figure

Boundaries = NDArray[np.bool_]
"""Whether a segment begins with the utterance; never true for the first. Shape (utterances,)."""

METRICS = ("score", "Pk", "WD", "F1", "count_ratio")


@dataclass(frozen=True, slots=True)
class Dialogue:
    utterances: tuple[str, ...]
    speakers: tuple[str, ...]
    gold: Boundaries


def dialogues(folder: Path, corpus: str) -> list[Dialogue]:
    """The dialogues of `segmentation/CORPUS*.json`; two people take turns in all of them."""
    home = folder / "segmentation" if (folder / "segmentation").is_dir() else folder
    found = []
    for file in sorted(home.glob(f"{corpus}*.json")):
        for item in json.loads(file.read_text(encoding="utf-8")):
            texts = tuple(text if text.strip() else "…" for text in item["utterances"])
            speakers = tuple("AB"[index % 2] for index in range(len(texts)))
            gold = np.zeros(len(texts), dtype=bool)
            gold[np.cumsum(item["segments"])[:-1]] = True
            found.append(Dialogue(texts, speakers, gold))
    return found


def windows(gold: Boundaries, found: Boundaries) -> tuple[float, float]:
    """Pk (Beeferman et al. 1999) and WindowDiff (Pevzner & Hearst 2002) as segeval has them.

    The window is half the mean gold segment, at least 2.
    """
    size = max(2, round(len(gold) / (int(gold.sum()) + 1) / 2))
    if len(gold) <= size:
        return 0.0, 0.0
    ours, theirs = (np.concatenate([[0], np.cumsum(part)]) for part in (gold, found))
    here = np.arange(len(gold) - size)
    expected, got = (sums[here + size + 1] - sums[here + 1] for sums in (ours, theirs))
    return float(np.mean((expected == 0) != (got == 0))), float(np.mean(expected != got))


def figures(gold: Sequence[Boundaries], found: Sequence[Boundaries]) -> dict[str, Figure]:
    """All metrics with bootstrap intervals over dialogues.

    F1 and the count ratio pool the boundaries; Pk and WindowDiff are means over dialogues.
    """
    rows = np.array(
        [
            (*windows(ours, theirs), (ours & theirs).sum(), ours.sum(), theirs.sum())
            for ours, theirs in zip(gold, found, strict=True)
        ],
        dtype=float,
    )
    rng = np.random.default_rng(0)
    picks = rng.integers(0, len(rows), (RESAMPLES, len(rows)))
    low, high = np.quantile([_summary(rows[pick]) for pick in picks], [0.025, 0.975], axis=0)
    return {
        metric: {"value": float(value), "ci95": [float(low[i]), float(high[i])], "n": len(rows)}
        for i, (metric, value) in enumerate(zip(METRICS, _summary(rows), strict=True))
    }


def _summary(rows: NDArray[np.float64]) -> tuple[float, float, float, float, float]:
    pk, wd = rows[:, 0].mean(), rows[:, 1].mean()
    hits, gold, found = rows[:, 2:].sum(axis=0)
    f1 = 2 * hits / max(gold + found, 1)
    return (2 * f1 + 2 - pk - wd) / 4, pk, wd, f1, found / max(gold, 1)
