"""Brings the public originals into the one layout that the benchmarks read.

    python benchmarks/prepare.py --originals FOLDER --data DATA

FOLDER holds clones of the public repositories, each under its own name; what is missing is
named and left out:

    locomo                      snap-research/locomo                 data/locomo10.json
    BEAM                        mohammadtavakoli78/BEAM              chats/100K
    HippoRAG                    OSU-NLP-Group/HippoRAG (legacy)      data, output
    Dialogue-Topic-Segmenter    lxing532/Dialogue-Topic-Segmenter    data/eval
    AdaRAGUE                    s-nlp/AdaRAGUE                       data/adaptive_rag_*
    Adapt-LLM                   tLabruna/Adapt-LLM                   popqa_test_test.json
    natural-questions           google-research-datasets             nq_open/NQ-open.dev.jsonl

Everything is taken over; which part to develop on and which to keep aside is the reader's to
decide. LoCoMo's published evidence has errors; corrections (dial481/locomo-audit) change the
figures by a point or two.
"""

import argparse
import csv
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

_INDEX = re.compile(r"\s*->->\s*[\d,\s]+$")
"""The place in the plan that BEAM's generator left at the end of user messages."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--originals", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    csv.field_size_limit(sys.maxsize)
    made = 0
    for name, prepare in STEPS.items():
        try:
            for file in prepare(options.originals, options.data):
                print(f"{name}: wrote {file}")
                made += 1
        except FileNotFoundError as error:
            print(f"{name}: left out, {error.filename} is not there", file=sys.stderr)
    return 0 if made else 1


def locomo(originals: Path, data: Path) -> Iterator[Path]:
    samples = _json(originals / "locomo" / "data" / "locomo10.json")
    yield _write(data / "locomo" / "dev.json", samples)


def beam(originals: Path, data: Path) -> Iterator[Path]:
    chats = originals / "BEAM" / "chats" / "100K"
    for folder in sorted(chats.iterdir(), key=lambda path: int(path.name)):
        source = next(
            (f for f in (folder / "chat.json", folder / "chat_trunecated.json") if f.exists()), None
        )
        questions = folder / "probing_questions" / "probing_questions.json"
        if source is None or not questions.exists():
            continue
        chat = {
            "chat": f"100K-{folder.name}",
            "turns": list(_beam_turns(_json(source))),
            "questions": _json(questions),
        }
        yield _write(data / "beam" / f"100K-{folder.name}.json", chat)


def _beam_turns(batches: list[dict]) -> Iterator[dict]:
    for batch in batches:
        for exchange in batch["turns"]:
            for turn in exchange:
                yield {
                    "id": turn["id"],
                    "role": turn["role"],
                    "time_anchor": turn.get("time_anchor"),
                    "session": batch["batch_number"],
                    "content": _INDEX.sub("", turn["content"]),
                }


def passages(originals: Path, data: Path) -> Iterator[Path]:
    root = originals / "HippoRAG"
    extracted = _json(
        root / "output" / "openie_musique_train_results_ner_gpt-3.5-turbo-1106_1890.json"
    )["docs"]
    corpus = [
        {
            "title": document["title"],
            "text": document["text"],
            "entities": document["extracted_entities"],
            "triples": document["extracted_triples"],
        }
        for document in extracted
    ]
    yield _write(data / "musique" / "corpus_openie.json", corpus)
    for name, gold in (("musique", _musique_gold), ("hotpotqa", _hotpot_gold)):
        questions = [
            {
                "id": item.get("id") or item.get("_id"),
                "question": item["question"],
                "answer": item["answer"],
                "gold": gold(item),
            }
            for item in _json(root / "data" / f"{name}_train.json")
        ]
        yield _write(data / name / "questions_dev.json", questions)
    hotpot = _json(root / "data" / "hotpotqa_train_corpus.json")
    pairs = (
        hotpot.items() if isinstance(hotpot, dict) else ((d["title"], d["text"]) for d in hotpot)
    )
    corpus = [
        {"title": title, "text": "".join(text) if isinstance(text, list) else text}
        for title, text in pairs
    ]
    yield _write(data / "hotpotqa" / "corpus.json", corpus)


def _musique_gold(item: dict) -> list[dict[str, str]]:
    return [
        {"title": paragraph["title"], "text": paragraph["paragraph_text"]}
        for paragraph in item["paragraphs"]
        if paragraph["is_supporting"]
    ]


def _hotpot_gold(item: dict) -> list[dict[str, str]]:
    titles = {title for title, _ in item["supporting_facts"]}
    return [
        {"title": title, "text": "".join(sentences)}
        for title, sentences in item["context"]
        if title in titles
    ]


def segmentation(originals: Path, data: Path) -> Iterator[Path]:
    for source, name in (("dialseg_711", "dialseg711"), ("tiage", "tiage")):
        root = originals / "Dialogue-Topic-Segmenter" / "data" / "eval"
        yield _write(data / "segmentation" / f"{name}_dev.json", _json(root / f"{source}.json"))


def gate(originals: Path, data: Path) -> Iterator[Path]:
    fields = ("question_text", "reference", "no_retrieve", "rag_one_retrieve")
    for name in ("hotpotqa", "2wikimultihopqa"):
        table = originals / "AdaRAGUE" / "data" / f"adaptive_rag_{name}" / "train.csv"
        with table.open(encoding="utf-8", newline="") as file:
            rows = [{field: row[field] for field in fields} for row in csv.DictReader(file)]
        yield _write_lines(data / "gate" / f"{name}_train.jsonl", rows)
    popqa = next((originals / "Adapt-LLM").rglob("popqa_test_test.json"), None)
    if popqa is None:
        raise FileNotFoundError(2, "missing", "Adapt-LLM/**/popqa_test_test.json")
    yield _write_lines(data / "gate" / "popqa_retrieval_dev.jsonl", _json(popqa))
    questions = originals / "natural-questions" / "nq_open" / "NQ-open.dev.jsonl"
    rows = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines()]
    yield _write_lines(data / "gate" / "nq_open_dev.jsonl", rows)


STEPS: dict[str, Callable[[Path, Path], Iterator[Path]]] = {
    step.__name__: step for step in (locomo, beam, passages, segmentation, gate)
}


def _json(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))


def _write(path: Path, value: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def _write_lines(path: Path, rows: list[dict]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")
    return path


if __name__ == "__main__":
    sys.exit(main())
