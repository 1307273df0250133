"""Conversations with questions whose evidence turns are known: LoCoMo and BEAM."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knowhen import Turn
from knowhen.memory.formats import read_turns

LOCOMO_CATEGORIES = {1: "multi_hop", 2: "temporal", 3: "open", 4: "single_hop"}
"""Category 5 is not answerable as asked, so it has no evidence to recall."""


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    evidence: frozenset[str]
    """Ids of the turns that hold the answer."""
    category: str
    earlier: frozenset[str] = frozenset()
    """Of a question about something that changed or is disputed: the first statement's turns."""
    later: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Conversation:
    name: str
    turns: tuple[Turn, ...]
    questions: tuple[Question, ...]


def locomo(path: Path) -> list[Conversation]:
    """Conversations of a LoCoMo file, or of `locomo/dev.json` in a data folder."""
    file = path if path.is_file() else path / "locomo" / "dev.json"
    spaces: dict[str, list[Turn]] = {}
    for space, turn in read_turns(file, format="locomo"):
        spaces.setdefault(space or "", []).append(turn)
    found = []
    for sample in json.loads(file.read_text(encoding="utf-8")):
        turns = spaces[sample["sample_id"]]
        ids = {turn.id for turn in turns}
        questions = tuple(
            Question(item["question"], evidence, LOCOMO_CATEGORIES[item["category"]])
            for item in sample["qa"]
            if item["category"] in LOCOMO_CATEGORIES
            and (evidence := ids.intersection(item.get("evidence", ())))
        )
        found.append(Conversation(sample["sample_id"], tuple(turns), questions))
    return found


def beam(path: Path) -> list[Conversation]:
    """Chats of a BEAM folder, or of the folder `beam` in a data folder."""
    folder = path / "beam" if (path / "beam").is_dir() else path
    found = []
    for file in sorted(folder.glob("*.json")):
        turns = [turn for _, turn in read_turns(file, format="beam")]
        ids = {turn.id for turn in turns}
        kinds = json.loads(file.read_text(encoding="utf-8"))["questions"]
        questions = tuple(
            Question(item["question"], evidence, kind, *_pair(item["source_chat_ids"], ids))
            for kind, items in kinds.items()
            for item in items
            if (evidence := ids.intersection(map(str, _leaves(item.get("source_chat_ids")))))
        )
        found.append(Conversation(file.stem, tuple(turns), questions))
    return found


PAIRS = (("original_info", "updated_info"), ("first_statement", "second_statement"))


def _pair(sources: object, ids: set[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Turns of the first and of the second statement, where the question is about two."""
    if isinstance(sources, dict):
        for first, second in PAIRS:
            if first in sources and second in sources:
                earlier, later = (
                    frozenset(ids.intersection(map(str, _leaves(sources[name]))))
                    for name in (first, second)
                )
                return earlier, later
    return frozenset(), frozenset()


def _leaves(value: object) -> Iterator[object]:
    """Ids, whether they come as a list, as lists in a mapping, or alone."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif value is not None:
        yield value
