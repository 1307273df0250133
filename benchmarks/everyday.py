"""What reaches the model in everyday chats: young memories, follow-ups, advice, changes.

    python benchmarks/everyday.py --data FOLDER --embedder local
    python benchmarks/everyday.py --data FOLDER --failures given

A memory is told what was said before a question's time. knowhen has 512 tokens for a recall
beside a profile of at most 150; the baselines (`baselines.py`) inject everything they find, into
662 tokens, and put the window's text before the query. A token is four characters for all.

Over questions whose answer is in memory: `given` (all evidence reaches the model), `found` (the
same with the gate off), `withheld` (share of what was found that is not given), `hinted` (share
of it that goes out only as a hint); the first two also by kind. Over the others: `quiet` (no
context for world questions, small talk and work on a text), `unsure` (memory abstains or hints
where it holds nothing or only something close). Over updates: `current_first` (of those whose
current turn is given: each outdated turn is absent, marked, or below a current thought), `stale`
(an outdated turn is shown unmarked without the current one), `stale_thought` (the same of a
thought that rests on an outdated turn). `standing` is the share of standing instructions that
reach the model, `profile_tokens` and `tokens` are mean sizes, the latter of recalls that give any.
`assistant_said` takes in further questions of this repository, `user_said` is `given` over facts
that users told in the same chats.
"""

import argparse
import inspect
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from baselines import Ranking, Turns
from chats import WITHOUT_MEMORY, Asked, Chat, chats
from embedding_cache import CachedEmbedder
from recalling import holds
from report import Figure, Results, arguments, figure, table, write

from knowhen import MemoryManager, Turn
from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.factory import make_embedder

BUDGET, PROFILE = 512, 150
FURTHER = Path(__file__).with_name("assistant_said.json")
"""More questions about what the assistant said, in the form of the chats' own."""
TOLD = frozenset(("fact", "paraphrase", "past", "when", "update"))
"""Kinds of questions about one thing that somebody said."""
CITED = 3
"""A thought that rests on more turns than this does not stand for any of them."""
MARKED = re.compile(r"\b(outdated by|disputed by|later)\b")
SHOWN = (
    *("given", "found", "withheld", "hinted", "quiet", "unsure"),
    *("current_first", "stale", "stale_thought", "standing", "followup", "advice"),
    *("assistant_said", "user_said", "tokens", "profile_tokens"),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that reached the model."""

    kind: str
    id: str
    text: str
    sources: tuple[str, ...]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a system gave the model for a question: a profile, if any, and what was recalled."""

    context: str
    pieces: tuple[Piece, ...]
    action: str = "recall"
    depth: str = "full"
    profile: str = ""
    tokens: int = 0

    @property
    def text(self) -> str:
        return f"{self.profile}\n{self.context}"


@dataclass(slots=True)
class Reading:
    """Which turns a reply brings to the model."""

    reply: Reply
    turns: dict[str, Turn]
    _words: str = field(init=False)

    def __post_init__(self) -> None:
        self._words = _words(self.reply.text)

    def shows(self, turn_id: str) -> bool:
        """Whether the turn's own words are there: all of a short one, a third of a long one."""
        text = self.turns[turn_id].text
        packed = (p.text for p in self.reply.pieces if p.kind == "turn" and p.id == turn_id)
        return _words(text) in self._words or any(holds(text, each) for each in packed)

    def thoughts(self, turn_id: str) -> Iterator[Piece]:
        """Thoughts that stand for the turn: they cite few and share a word with it."""
        content = _content(self.turns[turn_id].text)
        for piece in self.reply.pieces:
            cites = piece.kind == "thought" and turn_id in piece.sources
            if cites and len(piece.sources) <= CITED and content & _content(piece.text):
                yield piece

    def gives(self, turn_id: str) -> bool:
        return self.shows(turn_id) or any(self.thoughts(turn_id))

    def marked(self, turn_id: str) -> bool:
        return any(p.id == turn_id and MARKED.search(p.mark) for p in self.reply.pieces)

    def place(self, text: str) -> int:
        """Where a text stands; behind everything if it does not."""
        found = self._words.find(_words(text))
        return found if found >= 0 else len(self._words)

    def answers(self, question: Asked) -> bool:
        return all(any(map(self.gives, group)) for group in question.evidence)


def judge(question: Asked, reply: Reply, found: Reply, turns: dict[str, Turn]) -> dict[str, float]:
    """Metrics to which one question counts, with its value for each."""
    if question.kind in WITHOUT_MEMORY:
        return {"quiet": float(not reply.context.strip())}
    if not question.evidence:
        return {"unsure": float(reply.action == "abstain" or reply.depth == "hint")}
    reading = Reading(reply, turns)
    given, reached = reading.answers(question), Reading(found, turns).answers(question)
    if question.kind == "directive":
        return {"standing": float(given)}
    values = {"given": float(given), "found": float(reached)}
    values |= {f"{name}/{question.kind}": value for name, value in values.items()}
    if question.kind in ("followup", "advice", "assistant_said"):
        values[question.kind] = float(given)
    if reached:
        values["withheld"] = float(not given)
        values["hinted"] = float(reply.depth == "hint")
    if question.current:
        values |= _change(question, reading)
    return values


def _change(question: Asked, reading: Reading) -> dict[str, float]:
    """How a question about something that changed is served."""
    current = any(map(reading.gives, question.current))
    thoughts = [t.text for turn in question.current for t in reading.thoughts(turn)]
    above = min(map(reading.place, thoughts), default=-1)
    unmarked = [t for t in question.outdated if reading.shows(t) and not reading.marked(t)]
    values = {"stale": float(bool(unmarked) and not current)}
    old = {
        thought.text
        for turn in question.outdated
        for thought in reading.thoughts(turn)
        if not MARKED.search(thought.mark) and not question.current & set(thought.sources)
    }
    values["stale_thought"] = float(bool(old) and not current)
    if current:
        below = (reading.place(reading.turns[turn].text) > above >= 0 for turn in unmarked)
        values["current_first"] = float(all(below))
    return values


class Clock:
    """A clock that stands where it was set."""

    def __init__(self, time: datetime) -> None:
        self.time = time

    def now(self) -> datetime:
        return self.time


class Quarters:
    """Takes four characters for a token, whatever the script."""

    exact = False

    def count(self, text: str) -> int:
        return math.ceil(len(text) / 4)


class Product:
    """A memory asked as an agent asks it: with the last words, the asker and a profile."""

    def __init__(self, memory: MemoryManager, clock: Clock) -> None:
        self._memory, self._clock = memory, clock
        self._accepts = set(inspect.signature(memory.recall).parameters)

    def reply(self, question: Asked, *, gate: bool) -> Reply:
        self._clock.time = question.time
        options = {"recent": list(question.recent), "asker": question.asker}
        passed = {name: value for name, value in options.items() if name in self._accepts}
        recall = self._memory.recall(question.text, budget=BUDGET, gate=gate, **passed)
        assert recall.tokens <= BUDGET
        pieces = [
            Piece(i.kind, i.id, i.packed or i.text, tuple(i.sources), i.mark)
            for i in recall.items
            if i.packed or (i.kind == "thought" and _words(i.text) in _words(recall.context))
        ]
        profile, standing = self._profile(question)
        return Reply(
            recall.context,
            (*standing, *pieces),
            recall.decision.action,
            recall.decision.depth,
            profile,
            recall.tokens,
        )

    def _profile(self, question: Asked) -> tuple[str, tuple[Piece, ...]]:
        read = getattr(self._memory, "profile", None)
        if read is None:
            return "", ()
        profile = read(budget=PROFILE, asker=question.asker)
        assert profile.tokens <= PROFILE
        pieces = (Piece("thought", "", item.text, tuple(item.sources)) for item in profile.items)
        return profile.text, tuple(pieces)


def baseline(turns: Turns, rank: Callable[[str], Ranking], question: Asked) -> Reply:
    """Everything that plain search finds for the window's text and the question."""
    query = " ".join([*(turn.text for turn in question.recent), question.text])
    packed = turns.pack(rank(query), BUDGET + PROFILE)
    context = "\n".join(packed.values())
    pieces = tuple(Piece("turn", name, text, (name,)) for name, text in packed.items())
    return Reply(context, pieces)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question put to one system."""

    system: str
    chat: str
    question: Asked
    reply: Reply
    values: dict[str, float]
    further: bool


def ask(chat: Chat, embedder: Embedder, own: set[str]) -> Iterator[Outcome]:
    """Every question to every system, each asked when its time has come."""
    clock = Clock(chat.turns[0].time or chat.questions[0].time)
    told: list[Turn] = []
    options = {"embedder": embedder, "clock": clock, "counter": Quarters()}
    with MemoryManager.open(":memory:", **options) as memory:
        for said, asked in chat.visits():
            told += said
            clock.time = said[-1].time or clock.time
            memory.remember(said)
            memory.settle()
            plain, product = Turns(told, embedder), Product(memory, clock)
            turns = {turn.id: turn for turn in chat.turns}
            for question in asked:
                replies = {
                    name: (reply := baseline(plain, rank, question), reply)
                    for name, rank in (
                        ("bm25", plain.bm25),
                        ("dense", plain.dense),
                        ("fused", plain.fused),
                    )
                }
                whole, free = (product.reply(question, gate=gate) for gate in (True, False))
                replies["knowhen"] = whole, free
                for name, (reply, found) in replies.items():
                    values = judge(question, reply, found, turns)
                    further = question.id not in own
                    yield Outcome(name, chat.name, question, reply, values, further)


def measure(outcomes: Sequence[Outcome]) -> Results:
    """Figures by system; further questions count only for `assistant_said`."""
    talked_to = {o.chat for o in outcomes if o.question.kind == "assistant_said"}
    found: Results = {}
    for system in dict.fromkeys(outcome.system for outcome in outcomes):
        values: dict[str, list[float]] = {}
        for outcome in outcomes:
            if outcome.system == system:
                for metric, value in _counted(outcome, talked_to).items():
                    values.setdefault(metric, []).append(value)
        found[system] = {metric: figure(given) for metric, given in values.items()}
    return found


def _counted(outcome: Outcome, talked_to: set[str]) -> dict[str, float]:
    values = dict(outcome.values)
    if outcome.further:
        return {name: value for name, value in values.items() if name == "assistant_said"}
    if outcome.question.kind in TOLD and outcome.chat in talked_to and "given" in values:
        values["user_said"] = values["given"]
    if outcome.reply.tokens:
        values["tokens"] = outcome.reply.tokens
    if outcome.reply.profile:
        values["profile_tokens"] = math.ceil(len(outcome.reply.profile) / 4)
    return values


def _words(text: str) -> str:
    """The words alone, so that neither marks nor line breaks keep a text from being found."""
    return " ".join(["", *re.findall(r"\w+", text.casefold()), ""])


def _content(text: str) -> set[str]:
    """Beginnings of longer words, numbers, and pairs of characters where no blanks are written."""
    found: set[str] = set()
    for word in re.findall(r"\w+", text.casefold()):
        if max(word) >= "\u2e80":
            found.update(word[k : k + 2] for k in range(len(word) - 1))
        elif len(word) > 3 or word.isdigit():
            found.add(word[:5])
    return found


def _print_failures(outcomes: Sequence[Outcome], metric: str) -> None:
    bad = {"withheld": 1.0, "stale": 1.0, "stale_thought": 1.0, "hinted": 1.0}.get(metric, 0.0)
    for outcome in outcomes:
        if outcome.system == "knowhen" and outcome.values.get(metric) == bad:
            question, reply = outcome.question, outcome.reply
            print(f"{outcome.chat} {question.id} {question.kind}: {question.text}")
            print(
                f"    {reply.action}/{reply.depth}, evidence {list(map(sorted, question.evidence))}"
            )


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--failures", metavar="METRIC", help="list the questions that fail it")
    options: argparse.Namespace = parser.parse_args()
    embedder = CachedEmbedder(make_embedder(options.embedder), options.cache)
    took = slice(1 if options.quick else None)
    own = {chat.name: {q.id for q in chat.questions} for chat in chats(options.data)}
    given = chats(options.data, further=FURTHER)[took]
    outcomes = [o for chat in given for o in ask(chat, embedder, own[chat.name])]
    found = measure(outcomes)
    print(f"Everyday, {len(given)} chats, embedder {embedder.name}")
    for start in range(0, len(SHOWN), 6):
        print(table(found, SHOWN[start : start + 6]))
    kinds = dict.fromkeys(o.question.kind for o in outcomes if "given" in o.values)
    rows: dict[str, dict[str, Figure]] = {
        kind: {
            f"{name} {what}": figures[f"{what}/{kind}"] for name, what, figures in _of(found, kind)
        }
        for kind in kinds
        if f"given/{kind}" in found["knowhen"]
    }
    print(table(rows, list(next(iter(rows.values())))))
    if options.failures:
        _print_failures(outcomes, options.failures)
    settings = {"embedder": embedder.name, "budget": BUDGET, "profile": PROFILE}
    write(options.json, "everyday", settings, found)


def _of(found: Results, kind: str) -> Iterator[tuple[str, str, dict[str, Figure]]]:
    """What the table by kind shows: everybody's `given`, and what knowhen found."""
    for name, figures in found.items():
        yield name, "given", figures
    yield "knowhen", "found", found["knowhen"]


if __name__ == "__main__":
    main()
