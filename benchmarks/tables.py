"""Recorded answers of one frozen model, without and with retrieval: a gate is scored by look-up.

From AdaRAGUE (LLaMA-3.1-8B-Instruct). An answer counts as right when it holds a reference.
"""

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TABLES = ("hotpotqa", "2wikimultihopqa")


@dataclass(frozen=True, slots=True)
class Item:
    """One question with both recorded answers."""

    question: str
    draft: str
    """What the model answered alone."""
    grounded: str
    """What it answered with one retrieved passage."""
    alone: bool
    """Whether the draft is right."""
    helped: bool
    """Whether the grounded answer is right."""


def load(data: Path, name: str) -> list[Item]:
    """The items of a table; none where its file is missing."""
    files = sorted((data / "gate").glob(f"{name}_*.jsonl"))
    return [item for file in files for item in _read(file)]


def _read(file: Path) -> Iterator[Item]:
    for line in file.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        references = [str(r).casefold() for r in ast.literal_eval(record["reference"])]
        draft, grounded = record["no_retrieve"], record["rag_one_retrieve"]
        yield Item(
            record["question_text"],
            draft,
            grounded,
            any(r in draft.casefold() for r in references),
            any(r in grounded.casefold() for r in references),
        )
