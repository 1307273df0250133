"""Queries that need a memory, and queries that do not, put to memories of many sizes.

Every set is made from public data by a rule, so that it can be made again:

    real         questions of this conversation (LoCoMo categories 1 to 4, BEAM)
    world        NQ-open questions; half of them as the corpus has them, half as sentences
    smalltalk    `smalltalk.txt`, written for this benchmark
    other        questions of other conversations, about people this one does not know
    swapped      the same with this conversation's names put in
    exchanged    real questions that name one of two speakers, with the other's name instead
    adversarial  LoCoMo category 5
    abstention   BEAM's unanswerable questions
    absent       real questions put to some sessions only, none of which holds the answer
    asked        swapped questions that were put before, and left open, in the same memory
    erased       real questions in a memory that never heard their evidence, and all the rest
"""

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from chats import WITHOUT_MEMORY, Asked, Chat
from chats import chats as everyday
from conversations import Conversation, beam, locomo

from knowhen import MemoryManager, Turn
from knowhen.memory.embedders.base import Embedder
from knowhen.memory.records import Decision
from knowhen.memory.search.scoring import Findings
from knowhen.memory.settings import RecallSettings, Settings

T = TypeVar("T")
_NONE: Mapping[str, Callable[[Findings], float]] = {}
SMALL_TALK = Path(__file__).with_name("smalltalk.txt")
OTHERS = 50
"""Questions taken from each other conversation."""
WORLDS = 150
WINDOWS = (1, 1, 3, 3, 6)
"""Sessions in the small memories made of each conversation."""
YOUNG = (50, 100, 200)
"""First turns of a conversation that a young memory has heard."""
PARTS = 8
"""Memories made of each conversation, each without the evidence of a part of its questions."""


@dataclass(frozen=True, slots=True)
class Case:
    """A query put to a memory."""

    text: str
    kind: str
    half: int = 2
    """World questions and small talk are fitted on one half, measured on the other; 2 is both."""
    origin: str = ""
    """The real question that an exchanged one was made from."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A memory and the queries put to it."""

    group: str
    """The conversation it was made from: what is left out together."""
    setting: str
    """`full`, `small`, `first person`, `asked`, `beam`, `everyday`; or `young` and `erased`, with
    the kind of conversation behind them where it is not LoCoMo."""
    turns: tuple[Turn, ...]
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What the gate said about a case."""

    case: Case
    group: str
    setting: str
    decision: Decision
    names: int
    """How many people of the memory the query names."""
    tokens: int
    """Size of the context that a recall would have injected, where it was asked for."""
    probed: Mapping[str, float]
    """Further signals that were asked for."""

    @property
    def features(self) -> Mapping[str, float]:
        return {**self.decision.features, **self.probed}


def rows(
    scenes: Iterator[Scene],
    embedder: Embedder,
    *,
    budget: int = 0,
    probes: Mapping[str, Callable[[Findings], float]] = _NONE,
) -> Iterator[Row]:
    """Put every case to its memory. With a budget, world ones and small talk are packed too."""
    # The walk is left out: the gate looks at nothing that it changes.
    settings = Settings(recall=RecallSettings(walk="none"))
    for scene in scenes:
        with MemoryManager.open(":memory:", embedder=embedder, settings=settings) as memory:
            memory.remember(scene.turns)
            memory.settle()
            people = {turn.speaker.split()[0] for turn in scene.turns if turn.speaker}
            for case in scene.cases:
                tokens = 0
                if budget and scene.setting == "full" and case.kind in ("world", "smalltalk"):
                    found = memory.recall(case.text, budget=budget, gate=False)
                    decision, tokens = found.decision, found.tokens
                else:
                    decision = memory.decide(case.text)
                named = sum(_names(case.text, name) for name in people)
                findings = memory.search(case.text) if probes else None
                probed = {n: probe(findings) for n, probe in probes.items()} if findings else {}
                yield Row(case, scene.group, scene.setting, decision, named, tokens, probed)


def scenes(data: Path, *, small: bool = True, quick: bool = False) -> Iterator[Scene]:
    """All memories with their cases; `small` adds the parts of conversations."""
    conversations = locomo(data)[: 2 if quick else None]
    adversarial = _adversarial(data)
    world, chat = list(_world(data)), list(_small_talk())
    for number, conversation in enumerate(conversations):
        rng = random.Random(number)
        some = rng.sample(world, min(WORLDS, len(world)))
        yield _full(conversation, conversations, adversarial, (*some, *chat), rng)
        if small:
            for size in WINDOWS:
                yield _window(conversation, size, adversarial, some, chat, rng)
            told = _first_person(conversation, conversations, some, chat, rng)
            yield told
            yield _asked_before(told)
            yield from _young(conversation, (*some[:20], *chat[:10]), rng)
        yield from _erased(conversation)
    if (data / "beam").is_dir():
        chats = beam(data)[: 2 if quick else None]
        for number, conversation in enumerate(chats):
            idle = (*world[number :: 3 * len(chats) // 2], *chat[number % 2 :: 2])
            yield _beam(data, conversation, chats, idle)
            yield from _erased(conversation, " beam")
            if small:
                yield from _young(conversation, idle[:20], random.Random(number), " beam")
    if (data / "everyday").is_dir():
        for chat_of in everyday(data)[: 2 if quick else None]:
            yield from _everyday(chat_of, random.Random(chat_of.name).sample(world, 20))


def _full(
    conversation: Conversation,
    conversations: Sequence[Conversation],
    adversarial: Mapping[str, Sequence[tuple[str, frozenset[str]]]],
    idle: Sequence[Case],
    rng: random.Random,
) -> Scene:
    here = _people(conversation)
    cases = [Case(q.text, "real") for q in conversation.questions]
    cases += _exchanged([q.text for q in conversation.questions], here)
    cases += [Case(text, "adversarial") for text, _ in adversarial[conversation.name]]
    for other in conversations:
        if other is conversation:
            continue
        there = _people(other)
        for text in _sample(rng, [q.text for q in other.questions], OTHERS):
            if not any(_names(text, name) for name in here):
                cases.append(Case(text, "other"))
            if any(_names(text, name) for name in there):
                cases.append(Case(_put(text, dict(zip(there, here, strict=False))), "swapped"))
    return Scene(conversation.name, "full", conversation.turns, (*cases, *idle))


def _window(
    conversation: Conversation,
    size: int,
    adversarial: Mapping[str, Sequence[tuple[str, frozenset[str]]]],
    world: Sequence[Case],
    chat: Sequence[Case],
    rng: random.Random,
) -> Scene:
    """A memory of a few sessions: what was said in the others is absent from it."""
    sessions = list(dict.fromkeys(turn.session for turn in conversation.turns))
    first = rng.randrange(max(len(sessions) - size, 1))
    kept = set(sessions[first : first + size])
    turns = tuple(turn for turn in conversation.turns if turn.session in kept)
    ids = {turn.id for turn in turns}
    inside = [q.text for q in conversation.questions if q.evidence <= ids]
    outside = [q.text for q in conversation.questions if not q.evidence & ids]
    cases = [Case(text, "real") for text in inside]
    cases += [Case(text, "absent") for text in _sample(rng, outside, 40)]
    cases += [
        Case(text, "adversarial")
        for text, evidence in adversarial[conversation.name]
        if evidence <= ids
    ]
    cases += _exchanged(inside, _people(conversation))
    cases += _sample(rng, world, 20) + _sample(rng, chat, 20)
    return Scene(conversation.name, "small", turns, tuple(cases))


def _young(
    conversation: Conversation, idle: Sequence[Case], rng: random.Random, name: str = ""
) -> Iterator[Scene]:
    """Memories of the first turns: of what is asked they hold the answer or none of it."""
    for size in YOUNG:
        if size < len(conversation.turns):
            turns = conversation.turns[:size]
            ids = {turn.id for turn in turns}
            inside = [Case(q.text, "real") for q in conversation.questions if q.evidence <= ids]
            outside = [q.text for q in conversation.questions if not q.evidence & ids]
            absent = [Case(text, "absent") for text in _sample(rng, outside, 15)]
            cases = (*_sample(rng, inside, 40), *absent, *idle)
            yield Scene(conversation.name, f"young{name}", turns, cases)


def _erased(conversation: Conversation, name: str = "") -> Iterator[Scene]:
    """Memories that never heard the evidence of some questions, which are put to them."""
    for part in range(PARTS):
        asked = conversation.questions[part::PARTS]
        hidden = set().union(*(question.evidence for question in asked))
        turns = tuple(turn for turn in conversation.turns if turn.id not in hidden)
        cases = tuple(Case(question.text, "erased") for question in asked)
        if cases and turns:
            yield Scene(conversation.name, f"erased{name}", turns, cases)


def _everyday(chat: Chat, world: Sequence[Case]) -> Iterator[Scene]:
    """An everyday chat as it stood at each of its questions that asks for one thing."""
    told: tuple[Turn, ...] = ()
    for said, asked in chat.visits():
        told += said
        cases = [
            Case(question.text, kind)
            for question in asked
            if (kind := _kind(question)) and not question.recent
        ]
        yield Scene(chat.name, "everyday", told, tuple(cases))
    yield Scene(chat.name, "everyday", told, tuple(world))


def _kind(question: Asked) -> str:
    """What a question of an everyday chat is here; nothing if it cannot be judged alone."""
    if question.kind in WITHOUT_MEMORY:
        return "world" if question.kind == "world" else "smalltalk"
    if not question.evidence:
        return "absent"
    return "" if question.kind in ("advice", "directive") else "real"


def _first_person(
    conversation: Conversation,
    conversations: Sequence[Conversation],
    world: Sequence[Case],
    chat: Sequence[Case],
    rng: random.Random,
) -> Scene:
    """The first speaker as a user who says "I", the second as an assistant."""
    turns = tuple(_as_roles(conversation))
    cases = [Case(text, "real") for text in _sample(rng, _own(conversation), 40)]
    for other in conversations:
        if other is not conversation:
            cases += [Case(text, "swapped") for text in _sample(rng, _own(other), 12)]
    cases += _sample(rng, world, 40) + _sample(rng, chat, 36)
    return Scene(conversation.name, "first person", turns, tuple(cases))


def _asked_before(told: Scene) -> Scene:
    """The same memory after its agent was asked what it does not hold, and said so."""
    last = max(turn.time for turn in told.turns if turn.time)
    open_ = [case.text for case in told.cases if case.kind == "swapped"]
    turns = list(told.turns)
    for number, text in enumerate(open_):
        at = last + timedelta(days=1, minutes=number)
        turns.append(Turn(text, role="user", time=at, session="asked"))
        turns.append(Turn("I do not know.", role="assistant", time=at, session="asked"))
    cases = [Case(text, "asked") for text in open_]
    cases += [case for case in told.cases if case.kind == "real"]
    return Scene(told.group, "asked", tuple(turns), tuple(cases))


def _beam(
    data: Path, conversation: Conversation, chats: Sequence[Conversation], idle: Sequence[Case]
) -> Scene:
    cases = [
        Case(item["question"], "abstention" if kind == "abstention" else "real")
        for kind, items in _kinds(data, conversation.name).items()
        for item in items
    ]
    for other in chats:
        if other is not conversation:
            kinds = _kinds(data, other.name)
            cases += [
                Case(items[0]["question"], "other")
                for kind, items in kinds.items()
                if kind != "abstention"
            ]
    return Scene(conversation.name, "beam", conversation.turns, (*cases, *idle))


def _kinds(data: Path, name: str) -> dict[str, list[dict[str, str]]]:
    text = (data / "beam" / f"{name}.json").read_text(encoding="utf-8")
    found: dict[str, list[dict[str, str]]] = json.loads(text)["questions"]
    return found


def _adversarial(data: Path) -> dict[str, list[tuple[str, frozenset[str]]]]:
    """Questions of category 5 and the turns they twist, by conversation."""
    samples = json.loads((data / "locomo" / "dev.json").read_text(encoding="utf-8"))
    return {
        sample["sample_id"]: [
            (item["question"], frozenset(item.get("evidence", ())))
            for item in sample["qa"]
            if item["category"] == 5
        ]
        for sample in samples
    }


def _world(data: Path) -> Iterator[Case]:
    lines = (data / "gate" / "nq_open_dev.jsonl").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        text = json.loads(line)["question"]
        yield Case(
            text if number // 2 % 2 else f"{text[0].upper()}{text[1:]}?", "world", number % 2
        )


def _small_talk() -> Iterator[Case]:
    for number, line in enumerate(SMALL_TALK.read_text(encoding="utf-8").splitlines()):
        yield Case(line, "smalltalk", number % 2)


def _people(conversation: Conversation) -> list[str]:
    """First names of the speakers, in the order in which they first speak."""
    return list(dict.fromkeys(turn.speaker.split()[0] for turn in conversation.turns))


def _names(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


def _put(text: str, names: Mapping[str, str]) -> str:
    """The text with every name replaced at once."""
    pattern = "|".join(map(re.escape, names))
    return re.sub(rf"\b(?:{pattern})\b", lambda match: names[match.group()], text)


def _exchanged(texts: Sequence[str], people: Sequence[str]) -> list[Case]:
    first, second = people[:2]
    exchange = {first: second, second: first}
    return [
        Case(_put(text, exchange), "exchanged", origin=text)
        for text in texts
        if _names(text, first) != _names(text, second)
    ]


def _own(conversation: Conversation) -> list[str]:
    """Questions about the first speaker alone, as that speaker would ask them."""
    first, second = _people(conversation)[:2]
    found = []
    for question in conversation.questions:
        if _names(question.text, first) and not _names(question.text, second):
            text = re.sub(rf"\b{first}['’]s\b", "my", question.text)
            found.append(re.sub(rf"\b{first}\b", "I", text))
    return found


def _as_roles(conversation: Conversation) -> Iterator[Turn]:
    first = conversation.turns[0].speaker
    for turn in conversation.turns:
        role = "user" if turn.speaker == first else "assistant"
        yield replace(turn, role=role, speaker="")


def _sample(rng: random.Random, items: Sequence[T], size: int) -> list[T]:
    return rng.sample(list(items), min(size, len(items)))
