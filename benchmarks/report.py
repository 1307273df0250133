"""What every benchmark shares: its arguments, its table, its intervals and its JSON."""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

RESAMPLES = 2000


class Figure(TypedDict):
    value: float
    ci95: list[float]
    n: int


Results = dict[str, dict[str, Figure]]
"""Figures by system and metric."""


def arguments(description: str | None) -> argparse.ArgumentParser:
    """The options of the benchmark contract; a benchmark adds its own."""
    parser = argparse.ArgumentParser(description=(description or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of prepared data")
    parser.add_argument("--embedder", choices=("lexical", "local"), default="lexical")
    parser.add_argument("--json", type=Path, help="file to write the results to")
    parser.add_argument("--quick", action="store_true", help="a small part of the data")
    parser.add_argument("--cache", type=Path, default=Path(".cache/embeddings.db"))
    return parser


def figure(values: Sequence[float], *, seed: int = 0, of: Callable[..., Any] = np.mean) -> Figure:
    """Mean (or what `of` gives) with a bootstrap interval of 95 % over the questions."""
    sample = np.asarray(values, float)
    if not len(sample):
        return {"value": float("nan"), "ci95": [float("nan"), float("nan")], "n": 0}
    rng = np.random.default_rng(seed)
    means = of(sample[rng.integers(0, len(sample), (RESAMPLES, len(sample)))], axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return {"value": float(of(sample)), "ci95": [float(low), float(high)], "n": len(sample)}


def paired(first: Sequence[float], second: Sequence[float]) -> Figure:
    """Mean difference first - second over the same questions, with its interval."""
    return figure((np.asarray(first, float) - np.asarray(second, float)).tolist())


def table(results: Results, metrics: Sequence[str]) -> str:
    """Systems as rows, metrics as columns, with half the interval's width behind each figure."""
    first = max(len(name) for name in results) + 2
    widths = [max(16, len(metric) + 2) for metric in metrics]
    heads = (f"{metric:>{width}}" for metric, width in zip(metrics, widths, strict=True))
    lines = [" " * first + "".join(heads)]
    for name, figures in results.items():
        cells = (
            f"{_cell(figures.get(metric)):>{width}}"
            for metric, width in zip(metrics, widths, strict=True)
        )
        lines.append(f"{name:<{first}}{''.join(cells)}")
    return "\n".join(lines)


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return ""
    low, high = figure["ci95"]
    return f"{figure['value']:.3f} ±{(high - low) / 2:<5.3f}"


def write(
    path: Path | None, benchmark: str, settings: Mapping[str, object], results: Results
) -> None:
    """Write the JSON of the contract, if a file was asked for."""
    if path is not None:
        report = {"benchmark": benchmark, "settings": dict(settings), "results": results}
        path.write_text(json.dumps(report, indent=2, default=str) + "\n", encoding="utf-8")
