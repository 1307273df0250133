"""A memory in the shape of mem0: a tutorial written for it runs after changing one import.

Each message is a memory, kept verbatim under the id that `add` gives back; nothing has to be
extracted for it to be found. An update is a new version beside the old one, a deletion erases
all versions. A user's memories are in the space with the user's name.
"""

import asyncio
import json
import logging
import math
import os
from collections.abc import Callable, Coroutine, Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import update_wrapper
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from knowhen.agents.mem0_records import (
    OWNERS,
    REPLACES,
    RESERVED,
    ROOT,
    SESSION,
    UPDATES,
    Record,
    fits,
    is_ours,
    iso,
    owner_of,
    record_of,
    space_name,
)
from knowhen.agents.mind import Mind, Minds, digest, short_id
from knowhen.agents.prompt import content_text, own_words
from knowhen.memory.closing import Closing
from knowhen.memory.errors import InvalidFile, InvalidInput, NotFound
from knowhen.memory.manager import MemoryManager
from knowhen.memory.records import Decision, Turn

log = logging.getLogger(__name__)
ANSWERED, HINTED, ABSENT = 0.7, 0.35, 0.19
"""Scores of the best item where memory answers, where it may, and where it does not."""
FALL = 4.0
"""Log-odds behind the best item by which a score falls to 1/e of its own."""
CONTEXT = 1024
"""Tokens of a context; a search gives out items and not the context."""
P = ParamSpec("P")
T = TypeVar("T")


class Memory(Closing):
    """mem0's `Memory` over a knowhen memory; without a key, a server or a download.

    Args:
        config: mem0's configuration; of it `llm` and `embedder` are used where the provider is
            `openai`. The rest is logged and left out.
        memory: an open memory to use; None opens the default home.
    """

    def __init__(
        self, config: Mapping[str, Any] | None = None, *, memory: MemoryManager | None = None
    ) -> None:
        self._memory = memory or MemoryManager.open(**_options(config or {}))
        self._minds = Minds(self._memory, budget=CONTEXT, gate="off")

    @classmethod
    def from_config(cls, config_dict: Mapping[str, Any]) -> Self:
        """As mem0's."""
        return cls(config_dict)

    def add(
        self,
        messages: str | Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        infer: bool = True,
        memory_type: str | None = None,
        prompt: str | None = None,
    ) -> dict[str, list[Record]]:
        """Remember messages; give back those that are new. System messages are left out.

        What a program put into a system message was recalled or written by it, and is no news.
        `infer`, `memory_type` and `prompt` change nothing, because nothing is extracted: messages
        are kept as they are, and thought about behind.
        """
        _log_unused(memory_type=memory_type, prompt=prompt)
        owner = owner_of(user_id=user_id, agent_id=agent_id, run_id=run_id)
        mind = self._minds.of(space_name(owner))
        turns = [_turn(message, owner, metadata or {}) for message in _messages(messages)]
        results: list[Record] = []
        for turn in _identified(mind, [turn for turn in turns if turn is not None]):
            if (stored := _remember(mind.memory, turn)) is not None:
                results.append({"id": stored.id, "memory": stored.text, "event": "ADD"})
        mind.background.think(mind.memory)
        return {"results": results}

    def search(
        self,
        query: str,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        limit: int | None = None,
        top_k: int | None = None,
        filters: Mapping[str, Any] | None = None,
        threshold: float | None = None,
        rerank: bool | None = None,
    ) -> dict[str, list[Record]]:
        """The memories that answer a query, best first, with a score from 0 to 1.

        `rerank` changes nothing; an open memory brings its own reranker.
        """
        _log_unused(rerank=rerank)
        owner = owner_of(user_id=user_id, agent_id=agent_id, run_id=run_id, filters=filters)
        memory = self._space(owner)
        replaced = _replaced(memory)
        found: list[Record] = []
        recall = memory.recall(query, gate=False, asker=owner.get("user_id"))
        best = max((item.score for item in recall.items if item.kind == "turn"), default=0.0)
        for item in recall.items:
            if item.kind != "turn" or item.id in replaced:
                continue
            score = _sureness(recall.decision) * math.exp(min(0.0, item.score - best) / FALL)
            record = {**record_of(memory.turn(item.id), memory.space), "score": score}
            if _kept(record, owner, filters) and score >= (threshold or 0.0):
                found.append(record)
        return {"results": found[: top_k or limit or 20]}

    def get(self, memory_id: str) -> Record | None:
        """One memory in its newest version; None if there is none."""
        versions = self._versions(memory_id)
        return record_of(versions[1][-1], versions[0].space) if versions else None

    def get_all(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        filters: Mapping[str, Any] | None = None,
        limit: int | None = None,
        top_k: int | None = None,
    ) -> dict[str, list[Record]]:
        """All memories of a user, agent or run, in the order they were added."""
        owner = owner_of(user_id=user_id, agent_id=agent_id, run_id=run_id, filters=filters)
        memory = self._space(owner)
        replaced = _replaced(memory)
        records = [
            record_of(turn, memory.space) for turn in memory.turns() if turn.id not in replaced
        ]
        kept = [record for record in records if _kept(record, owner, filters)]
        return {"results": kept[: top_k or limit or len(kept)]}

    def update(self, memory_id: str, data: str) -> dict[str, str]:
        """Put another text in a memory's place; `history` keeps the one before.

        Raises:
            NotFound: there is no such memory.
        """
        memory, versions = self._found(memory_id)
        old = versions[-1]
        meta = {**old.meta, ROOT: versions[0].id, REPLACES: old.id}
        memory.remember(Turn(data, speaker=old.speaker, role=old.role, session=UPDATES, meta=meta))
        return {"message": "Memory updated successfully!"}

    def delete(self, memory_id: str) -> dict[str, str]:
        """Erase a memory in all its versions.

        Raises:
            NotFound: there is no such memory.
        """
        memory, versions = self._found(memory_id)
        memory.forget(turns=[turn.id for turn in versions])
        return {"message": "Memory deleted successfully!"}

    def delete_all(
        self, *, user_id: str | None = None, agent_id: str | None = None, run_id: str | None = None
    ) -> dict[str, str]:
        """Erase all memories of a user, agent or run."""
        owner = owner_of(user_id=user_id, agent_id=agent_id, run_id=run_id)
        memory = self._space(owner)
        doomed = [t.id for t in memory.turns() if _kept(record_of(t, memory.space), owner, None)]
        if doomed:
            memory.forget(turns=doomed)
        return {"message": "Memories deleted successfully!"}

    def history(self, memory_id: str) -> list[Record]:
        """What was done to a memory, oldest first; empty once it is erased."""
        versions = self._versions(memory_id)
        before: Turn | None = None
        events: list[Record] = []
        for turn in versions[1] if versions else []:
            events.append(
                {
                    "id": turn.id,
                    "memory_id": memory_id,
                    "old_memory": before.text if before else None,
                    "new_memory": turn.text,
                    "event": "UPDATE" if before else "ADD",
                    "created_at": iso(turn.time),
                    "is_deleted": False,
                }
            )
            before = turn
        return events

    def reset(self) -> None:
        """Erase everything of every user that was added here; other spaces of the home stay."""
        for space in self._memory.spaces():
            memory = self._memory.at(space)
            turns = memory.turns()
            if any(map(is_ours, turns)):
                memory.forget(turns=[turn.id for turn in turns])

    def close(self) -> None:
        """Finish thinking and close the memory."""
        self._minds.background.close()
        self._memory.close()

    def _space(self, owner: Mapping[str, str]) -> MemoryManager:
        return self._minds.of(space_name(owner)).memory

    def _found(self, memory_id: str) -> tuple[MemoryManager, list[Turn]]:
        versions = self._versions(memory_id)
        if versions is None:
            raise NotFound("memory", memory_id, "any")
        return versions

    def _versions(self, memory_id: str) -> tuple[MemoryManager, list[Turn]] | None:
        """The manager that has it, and its versions, oldest first."""
        for space in self._memory.spaces():
            memory = self._memory.at(space)
            try:
                first = memory.turn(memory_id)
            except NotFound:
                continue
            root = str(first.meta.get(ROOT) or memory_id)
            later = [t for t in memory.turns(session=UPDATES) if t.meta.get(ROOT) == root]
            return memory, [memory.turn(root), *later]
        return None


def _sureness(decision: Decision) -> float:
    """How sure it is that memory answers, from 0 to 1: of use with the thresholds of mem0.

    What the gate lets through is above them, a hint between, and all else below.
    """
    if decision.action != "recall":
        return min(decision.have, ABSENT)
    return max(decision.have, HINTED if decision.depth == "hint" else ANSWERED)


def _remember(memory: MemoryManager, turn: Turn) -> Turn | None:
    """Store a turn unless the same is there; one that was erased comes under a new id."""
    try:
        memory.turn(turn.id)
        return None
    except NotFound:
        if not memory.remember(turn):
            turn = replace(turn, id=short_id())
            memory.remember(turn)
        return turn


def _identified(mind: Mind, turns: Sequence[Turn]) -> list[Turn]:
    """The turns of one request with ids, each told by all that came before it in the request.

    A conversation that comes again, longer by some messages, brings only these: where an exchange
    of at least two messages is known, it is taken for the past and not for words said anew.
    """
    before: list[str] = []
    keys: list[str] = []
    for turn in turns:
        before += [turn.session, turn.role, turn.speaker, turn.text]
        keys.append(digest(mind.memory.space, *before))
    known = next((n for n, key in enumerate(keys) if not mind.knows(key)), len(keys))
    past = known if 2 <= known < len(keys) else 0
    ids = [digest(k) if n < past else mind.request_id(k) for n, k in enumerate(keys)]
    return [replace(turn, id=found) for turn, found in zip(turns, ids, strict=True)]


def _turn(
    message: Mapping[str, Any], owner: Mapping[str, str], metadata: Mapping[str, Any]
) -> Turn | None:
    role = message.get("role", "user")
    if role not in ("user", "assistant"):
        return None
    text = own_words(content_text(message.get("content")), role=role)
    if not text.strip():
        return None
    speaker = str(message.get("name") or (owner.get("user_id", "") if role == "user" else ""))
    session = owner.get("run_id", SESSION)
    return Turn(
        text,
        speaker=speaker,
        role=role,
        session=session,
        meta={**{k: v for k, v in metadata.items() if k not in RESERVED}, **owner},
    )


def _messages(messages: object) -> Iterable[Mapping[str, Any]]:
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    if isinstance(messages, Mapping):
        return [messages]
    if isinstance(messages, Sequence):
        return [message for message in messages if isinstance(message, Mapping)]
    raise InvalidInput(f"messages are a text, a message or a list of them, not {messages!r}")


def _replaced(memory: MemoryManager) -> set[str]:
    return {str(turn.meta.get(REPLACES)) for turn in memory.turns(session=UPDATES)}


def _kept(record: Record, owner: Mapping[str, str], filters: Mapping[str, Any] | None) -> bool:
    belongs = all(record.get(name, value) == value for name, value in owner.items())
    narrower = [name for name in owner if name not in record and name != "user_id"]
    return belongs and not narrower and fits(record, filters or {})


def _log_unused(**options: object) -> None:
    given = [name for name, value in options.items() if value]
    if given:
        log.info("%s has no meaning here, and changes nothing", ", ".join(given))


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for part, name in (("llm", "model"), ("embedder", "embedder")):
        chosen = config.get(part) or {}
        if chosen.get("provider") == "openai" and (chosen.get("config") or {}).get("model"):
            options[name] = f"openai:{chosen['config']['model']}"
    left = [part for part in config if part not in ("llm", "embedder", "version")]
    if left:
        log.info("of mem0's configuration, %s has no meaning here", ", ".join(left))
    return options


def _awaited(
    method: Callable[Concatenate[Memory, P], T],
) -> Callable[Concatenate["AsyncMemory", P], Coroutine[Any, Any, T]]:
    """The same method, run in a thread and awaited."""

    async def run(self: "AsyncMemory", /, *args: P.args, **options: P.kwargs) -> T:
        return await asyncio.to_thread(method, self._memory, *args, **options)

    update_wrapper(run, method)
    return run


class AsyncMemory(Closing):
    """mem0's `AsyncMemory`: the same methods, awaited."""

    def __init__(
        self, config: Mapping[str, Any] | None = None, *, memory: MemoryManager | None = None
    ) -> None:
        self._memory = Memory(config, memory=memory)

    @classmethod
    def from_config(cls, config_dict: Mapping[str, Any]) -> Self:
        """As mem0's, which had to be awaited once; with and without works."""
        return cls(config_dict)

    def __await__(self) -> Generator[None, None, Self]:
        yield from ()
        return self

    add = _awaited(Memory.add)
    search = _awaited(Memory.search)
    get = _awaited(Memory.get)
    get_all = _awaited(Memory.get_all)
    update = _awaited(Memory.update)
    delete = _awaited(Memory.delete)
    delete_all = _awaited(Memory.delete_all)
    history = _awaited(Memory.history)
    reset = _awaited(Memory.reset)

    def close(self) -> None:
        """Finish thinking and close the memory."""
        self._memory.close()


def import_mem0(memory: MemoryManager, source: str | os.PathLike[str] | object) -> int:
    """Take over what mem0's `get_all` gave, as a JSON file or its value; how many were new.

    Each memory keeps its id, text, time and metadata, in the space of its user. Importing the
    same export again adds nothing.

    Raises:
        InvalidFile: the file or the value is no such export.
    """
    data = source
    if isinstance(source, str | os.PathLike):
        try:
            data = json.loads(Path(source).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InvalidFile(f"{os.fspath(source)!r} is no mem0 export: {error}") from error
    if isinstance(data, Mapping):
        data = data.get("results") or data.get("memories")
    if not isinstance(data, list):
        raise InvalidFile("a mem0 export has a list of memories under `results`")
    return sum(len(_import_one(memory, entry)) for entry in data)


def _import_one(memory: MemoryManager, entry: object) -> list[str]:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("memory"), str):
        raise InvalidFile(f"a mem0 memory has its text under `memory`; this one has not: {entry!r}")
    owner = {name: str(entry[name]) for name in OWNERS if entry.get(name)}
    turn = Turn(
        entry["memory"],
        speaker=owner.get("user_id", ""),
        session=owner.get("run_id", SESSION),
        time=_time(entry.get("created_at")),
        id=str(entry.get("id") or ""),
        meta={**(entry.get("metadata") or {}), **owner},
    )
    return memory.at(space_name(owner) if owner else memory.space).remember(turn)


def _time(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
