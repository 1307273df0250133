"""Whether a tree still answers as it did: a record of all that it gives, and a comparison.

    python benchmarks/golden.py record --data FOLDER --out RECORD [--quick]
    python benchmarks/golden.py compare --record RECORD [--quick] [--only KIND/EMBEDDER]

A record holds the conversations themselves and, by embedder, what the memory made of them
(events, thoughts) and of every question: the decision with its features, what was found with
scores and shares, what was packed, and the context. `compare` runs the present tree on the
recorded conversations and lists every question that differs, with what differs. The record holds
other people's data, so it lies outside the repository.

Only the manager's public methods are used, so that the same script runs on trees whose insides
have moved. Ids and times are given, and vectors of the local embedder are kept in a file, because
a text embedded in another batch differs in its last digits.
"""

import argparse
import dataclasses
import gzip
import json
import math
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowhen import MemoryManager, Turn

PACKED, OPEN = 512, 1024
"""Budgets of the recall as a user gets it, and of the one whose gate is off."""
KEPT_ITEMS = 40
"""How many items are recorded of a recall; of the rest only how many there were."""
EXACT = 1e-9
DECIDED = 10
"""Every which question is also given to `decide` alone."""
LISTED = 40
KINDS = ("locomo", "beam", "everyday")
QUICK = {"locomo": (1, 60), "beam": (2, 100), "everyday": (99, 999)}
"""How many conversations, and questions of each, a quick run takes."""
LIGHT = {"lexical": KINDS, "local": ("everyday", "locomo")}

Json = dict[str, Any]


class Standing:
    """A clock that stands where it was set."""

    def __init__(self) -> None:
        self.time = datetime.fromisoformat("2020-01-01T00:00:00+00:00")

    def now(self) -> datetime:
        return self.time


class Numbers:
    """Ids in order."""

    def __init__(self) -> None:
        self.last = 0

    def __call__(self) -> str:
        self.last += 1
        return f"n{self.last}"


class Vectors:
    """The local embedder, with all that it ever embedded kept in a file."""

    name, dimension = "all-MiniLM-L6-v2", 384

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(path, timeout=120)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("CREATE TABLE IF NOT EXISTS vectors (text TEXT PRIMARY KEY, v BLOB)")
        self._model: Any = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        found = {text: self._find(text) for text in texts}
        new = [text for text, vector in found.items() if vector is None]
        if new:
            made = zip(new, self._make(new), strict=True)
            rows = [(text, vector.astype("<f4").tobytes()) for text, vector in made]
            with self._file:
                self._file.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)
            found |= {text: self._find(text) for text in new}
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = found[text]
        return vectors

    def _find(self, text: str) -> NDArray[np.float32] | None:
        row = self._file.execute("SELECT v FROM vectors WHERE text = ?", (text,)).fetchone()
        return None if row is None else np.frombuffer(row[0], "<f4")

    def _make(self, texts: list[str]) -> NDArray[np.float32]:
        if self._model is None:
            from knowhen.memory.embedders.factory import make_embedder

            self._model = make_embedder("local")
        vectors: NDArray[np.float32] = self._model.embed(texts)
        return vectors


def inputs(data: Path) -> dict[str, list[Json]]:
    """Conversations by kind, as visits: what was said, and then what was asked."""
    from chats import chats
    from conversations import beam, locomo

    found: dict[str, list[Json]] = {}
    for kind, load in (("locomo", locomo), ("beam", beam)):
        found[kind] = [
            {"name": c.name, "visits": [_visit(c.turns, [(q.text, None) for q in c.questions])]}
            for c in load(data)
        ]
    found["everyday"] = [
        {
            "name": chat.name,
            "visits": [_visit(t, [(q.text, q.time) for q in asked]) for t, asked in chat.visits()],
        }
        for chat in chats(data)
    ]
    return found


def _visit(turns: Sequence[Turn], asked: Sequence[tuple[str, datetime | None]]) -> Json:
    said = [{**_plain(turn), "time": turn.time and turn.time.isoformat()} for turn in turns]
    questions = [{"text": text, "time": time and time.isoformat()} for text, time in asked]
    return {"turns": said, "questions": questions}


def outcome(conversation: Json, embedder: object, most: int) -> Iterator[tuple[str, Json]]:
    """What a memory makes of a conversation: by question, and after the last of its turns."""
    clock = Standing()
    options: Json = {"embedder": embedder, "clock": clock, "new_id": Numbers()}
    with MemoryManager.open(":memory:", **options) as memory:
        asked = 0
        for visit in conversation["visits"]:
            turns = [Turn(**{**turn, "time": _time(turn["time"])}) for turn in visit["turns"]]
            if turns:
                clock.time = turns[-1].time or clock.time
                memory.remember(turns)
                memory.settle()
            for question in visit["questions"][: most - asked]:
                clock.time = _time(question["time"]) or clock.time
                asked += 1
                yield question["text"], _answer(memory, question["text"], asked)
        yield "(events)", {"events": [_without_id(event) for event in memory.events()]}
        yield "(thoughts)", {"thoughts": _thoughts(memory)}


def _answer(memory: MemoryManager, text: str, place: int) -> Json:
    gated = memory.recall(text, budget=PACKED)
    free = memory.recall(text, budget=OPEN, gate=False)
    decision = _plain(gated.decision)
    features = decision.pop("features", {})
    packed = [item for item in free.items if item.packed is not None]
    first = free.items[:KEPT_ITEMS]
    found = {
        "decision": decision,
        "features": features,
        "context": gated.context,
        "tokens": [gated.tokens, free.tokens],
        "packed ids": [[item.kind, item.id] for item in packed],
        "free context": free.context,
        "notes": [list(gated.notes), list(free.notes)],
        "ranked ids": [len(free.items), *(item.id for item in first)],
        "scores": [item.score for item in first],
        "why": [dict(item.why) for item in first],
    }
    if place % DECIDED == 0:
        found["decide"] = _plain(memory.decide(text))
    return found


def _thoughts(memory: MemoryManager) -> list[Json]:
    """All thoughts ever held, with the text of others in place of their ids."""
    thoughts = memory.thoughts(history=True)
    texts = {thought.id: thought.text for thought in thoughts}

    def named(value: object) -> object:
        if isinstance(value, str):
            return texts.get(value, value)
        if isinstance(value, list):
            return sorted(map(str, map(named, value))) if value else value
        return value

    plain = [_without_id(thought) for thought in thoughts]
    rows = [{name: named(value) for name, value in row.items()} for row in plain]
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def _without_id(record: object) -> Json:
    return {name: value for name, value in _plain(record).items() if name != "id"}


def _plain(record: Any) -> Json:
    """A record as JSON gives it back."""
    fields = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    plain: Json = json.loads(json.dumps(fields, default=_as_json))
    return plain


def _as_json(value: Any) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if dataclasses.is_dataclass(value):
        return _plain(value)
    return value.item() if isinstance(value, np.generic) else list(value)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def differences(before: Json, now: Json) -> list[str]:
    """Names of what differs between two outcomes, with the first value of each that does."""
    found = []
    for name in {**before, **now}:
        where = _first(before.get(name), now.get(name), name)
        if where:
            found.append(where)
    return found


def _first(before: Any, now: Any, where: str) -> str:
    """The first place where two values differ by more than rounding, or nothing."""
    if isinstance(before, dict) and isinstance(now, dict):
        pairs = [(f"{where}.{k}", before.get(k), now.get(k)) for k in {**before, **now}]
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        pairs = [(f"{where}[{k}]", *each) for k, each in enumerate(zip(before, now, strict=True))]
    elif _same(before, now):
        return ""
    else:
        return f"{where}: {_short(before)} -> {_short(now)}"
    return next(filter(None, (_first(old, new, place) for place, old, new in pairs)), "")


def _same(before: Any, now: Any) -> bool:
    numbers = (int, float)
    if isinstance(before, numbers) and isinstance(now, numbers):
        return math.isclose(before, now, rel_tol=EXACT, abs_tol=EXACT)
    return bool(before == now)


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 70 else f"{text[:67]}..."


def runs(options: argparse.Namespace) -> Iterator[tuple[str, str, int, int]]:
    """Kind, embedder, and how many conversations and questions of each."""
    for embedder in ("lexical", "local"):
        for kind in KINDS:
            wanted = f"{kind}/{embedder}"
            if options.only and wanted not in options.only:
                continue
            if not options.quick:
                yield kind, embedder, sys.maxsize, sys.maxsize
            elif kind in LIGHT[embedder]:
                yield kind, embedder, *QUICK[kind]


def make(
    conversations: Iterable[Json], embedder: str, vectors: Path, most: int
) -> Iterator[tuple[str, Json]]:
    chosen = Vectors(vectors) if embedder == "local" else embedder
    for conversation in conversations:
        for question, found in outcome(conversation, chosen, most):
            yield f"{conversation['name']} | {question}", found


def record(options: argparse.Namespace) -> None:
    """Write the conversations and what the present tree makes of them."""
    options.out.mkdir(parents=True, exist_ok=True)
    given = inputs(options.data)
    _write(options.out / "inputs.json.gz", [given])
    for kind, embedder, conversations, most in runs(options):
        start = process_time()
        rows = list(make(given[kind][:conversations], embedder, options.vectors, most))
        _write(options.out / f"{_name(kind, embedder, options)}.json.gz", rows)
        print(f"{kind}/{embedder}: {len(rows)} rows, {process_time() - start:.0f} s", flush=True)


def compare(options: argparse.Namespace) -> int:
    """Print each difference between the record and what the present tree gives; how many."""
    (given,) = _read(options.record / "inputs.json.gz")
    total = 0
    for kind, embedder, conversations, most in runs(options):
        file = options.record / f"{_name(kind, embedder, options)}.json.gz"
        if not file.exists():
            print(f"{kind}/{embedder}: not recorded")
            continue
        start, asked, kinds, shown = process_time(), 0, Counter[str](), []
        rows = make(given[kind][:conversations], embedder, options.vectors, most)
        for (question, before), (_, now) in zip(_read(file), rows, strict=True):
            asked += 1
            found = differences(before, now)
            kinds.update({text.split(":")[0].split(".")[0].split("[")[0] for text in found})
            if found:
                shown.append("\n      ".join([f"  {question}", *found]))
        total += len(shown)
        spent = process_time() - start
        print(f"{kind}/{embedder}: {len(shown)} of {asked} differ, {spent:.0f} s {dict(kinds)}")
        print(*shown[: options.list], sep="\n", end="\n" if shown else "", flush=True)
    return total


def _name(kind: str, embedder: str, options: argparse.Namespace) -> str:
    return f"{'quick-' * options.quick}{kind}-{embedder}"


def _write(path: Path, rows: Iterable[object]) -> None:
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=3) as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _read(path: Path) -> Iterator[Any]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record", help="record what the present tree gives")
    recording.add_argument("--data", type=Path, required=True, help="folder of prepared data")
    recording.add_argument("--out", type=Path, required=True, help="folder of the record")
    comparing = commands.add_parser("compare", help="compare the present tree with a record")
    comparing.add_argument("--record", type=Path, required=True, help="folder of the record")
    comparing.add_argument("--list", type=int, default=LISTED, help="differences shown of each")
    for command in (recording, comparing):
        command.add_argument("--quick", action="store_true", help="a small part of the data")
        command.add_argument("--only", action="append", metavar="KIND/EMBEDDER")
        command.add_argument("--vectors", type=Path, default=Path(".cache/golden-vectors.db"))
    options = parser.parse_args()
    if options.command == "record":
        record(options)
    else:
        sys.exit(bool(compare(options)))


if __name__ == "__main__":
    main()
