"""Everyday chats with questions that are asked at a time, by somebody, after a few last words."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from knowhen import Turn

WITHOUT_MEMORY = ("world", "smalltalk", "work")
"""Kinds of questions that need nothing from memory."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to a memory, and which turns it takes to answer it."""

    id: str
    kind: str
    text: str
    asker: str
    """A speaker of the chat, or "" for somebody outside, who is never "me"."""
    time: datetime
    recent: tuple[Turn, ...]
    """What was said just before in the same window, and is not in memory."""
    evidence: tuple[frozenset[str], ...]
    """One turn of every group is needed; empty where memory holds nothing."""
    current: frozenset[str]
    """Of a question about something that changed: the turns that hold now."""
    outdated: frozenset[str]
    actions: frozenset[str]
    """Decisions that are right."""


@dataclass(frozen=True, slots=True)
class Chat:
    name: str
    turns: tuple[Turn, ...]
    questions: tuple[Asked, ...]

    def visits(self) -> Iterator[tuple[tuple[Turn, ...], tuple[Asked, ...]]]:
        """The chat as it happened: what was said since the last questions, then those asked."""
        known: dict[int, list[Asked]] = {}
        for question in sorted(self.questions, key=lambda question: question.time):
            said = sum(turn.time is not None and turn.time < question.time for turn in self.turns)
            known.setdefault(said, []).append(question)
        told = 0
        for said, asked in known.items():
            yield self.turns[told:said], tuple(asked)
            told = said


def chats(path: Path, *, further: Path | None = None) -> list[Chat]:
    """Chats of a folder, or of the folder `everyday` in a data folder.

    Args:
        further: a file with more questions by the id of their chat.
    """
    folder = path / "everyday" if (path / "everyday").is_dir() else path
    more = json.loads(further.read_text(encoding="utf-8")) if further else {}
    found = []
    for file in sorted(folder.glob("*.json")):
        data = json.loads(file.read_text(encoding="utf-8"))
        asked = [*data["questions"], *more.get(data["id"], ())]
        turns = tuple(map(_turn, data["turns"]))
        found.append(Chat(data["id"], turns, tuple(map(_asked, asked))))
    return found


def _asked(data: dict[str, object]) -> Asked:
    def texts(name: str) -> frozenset[str]:
        value = data.get(name) or ()
        return frozenset([value] if isinstance(value, str) else map(str, value))

    return Asked(
        id=str(data["id"]),
        kind=str(data["kind"]),
        text=str(data["text"]),
        asker=str(data["asker"]),
        time=datetime.fromisoformat(str(data["time"])),
        recent=tuple(_turn({"id": "", "session": "", **said}) for said in data["recent"]),
        evidence=tuple(frozenset(group) for group in data["evidence"]),
        current=texts("current"),
        outdated=texts("outdated"),
        actions=texts("actions"),
    )


def _turn(data: dict[str, str]) -> Turn:
    time = datetime.fromisoformat(data["time"]) if data.get("time") else None
    return Turn(
        text=data["text"],
        speaker=data["speaker"],
        role=data["role"],
        time=time,
        session=data["session"],
        id=data["id"],
    )
