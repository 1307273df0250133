"""What memory adds to a turn of a chat agent: CPU time and prompt length.

An agent with a chat function that costs nothing talks on top of N remembered turns. The CPU
time of the whole process is counted, thinking in the background included, once its caches are
warm; what comes before, once for each start of the program, is reported beside it.

    cpu_ms/N     milliseconds of CPU that a turn costs with memory, both its sides remembered
    median_ms/N  the median of the same
    open_ms/N    opening the memory and reading it in the agent's background thread, once
    cold_ms/N    the first turn after that
    growth/N     tokens that memory added to a prompt, as a share of the budget; the most of all

Of `cpu_ms`, the parts: `search_ms`, `decide_ms`, `walk_ms` and `pack_ms` (the rest) of a recall,
`remember_ms` (both sides) and `settle_ms` (thinking about the events that closed).

Needs no data: the conversation is made of sentence patterns with a fixed seed.
"""

import argparse
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Self
from unittest.mock import patch

import numpy as np
from report import Figure, Results, figure, table, write

from knowhen import MemoryAgent, MemoryManager, Turn
from knowhen.agents.mind import Background
from knowhen.memory.gate.gate import Gate
from knowhen.memory.recall import pipeline
from knowhen.memory.recall.pipeline import Pipeline
from knowhen.memory.remembering import Remembering
from knowhen.memory.settling import Settling

START = datetime(2024, 1, 1, 9, tzinfo=UTC)
SITTING = 20
"""Turns of a session."""
BATCH = 500
NAMES = (
    "Anna",
    "Ben",
    "Carla",
    "David",
    "Elif",
    "Farid",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Kaya",
    "Lena",
    "Mirko",
    "Nadia",
    "Omar",
)
CITIES = (
    "Lisbon",
    "Oslo",
    "Kyoto",
    "Bergen",
    "Porto",
    "Turin",
    "Graz",
    "Ghent",
    "Malaga",
    "Tartu",
    "Split",
    "Cork",
    "Brno",
)
THINGS = (
    "cello",
    "kayak",
    "telescope",
    "sourdough",
    "marathon",
    "garden",
    "podcast",
    "scooter",
    "violin",
    "loom",
)
STATEMENTS = (
    "My friend {name} moved to {city} last {season} and still looks for a flat there.",
    "{name} has taken up the {thing} and practises nearly every evening after work.",
    "We spent the weekend in {city}; {name} came along and brought the {thing}.",
    "I promised {name} to help with the {thing} before the trip to {city} in {season}.",
    "The talk about the {thing} went well, although {name} could not come from {city}.",
    "Do you know whether the shop in {city} sells parts for a {thing}? {name} asked me.",
)
QUESTIONS = (
    "Where did {name} move to?",
    "What has {name} taken up lately?",
    "Who came along to {city}?",
    "What did I promise {name} for the trip to {city}?",
)
SMALL_TALK = ("Thanks, that helps!", "Good morning!", "Sounds good.")
PARTS: dict[str, tuple[object, str]] = {
    "search": (Pipeline, "score"),
    "walk": (pipeline, "walk"),
    "decide": (Gate, "decide"),
    "pack": (Pipeline, "recall"),
    "remember": (Remembering, "remember"),
    "settle": (Settling, "run"),
}
REPLY = "I see. Tell me more about how that went, and what you would like to do next."


def statement(rng: random.Random, pattern: str) -> str:
    return pattern.format(
        name=rng.choice(NAMES),
        city=rng.choice(CITIES),
        thing=rng.choice(THINGS),
        season=rng.choice(("spring", "summer", "autumn", "winter")),
    )


def conversation(turns: int, rng: random.Random) -> Iterator[Turn]:
    """User and assistant in turn, `SITTING` turns a session, two sessions a day."""
    for number in range(turns):
        session, place = divmod(number, SITTING)
        spoken = number % 2 == 0
        yield Turn(
            text=statement(rng, rng.choice(STATEMENTS)) if spoken else f"{REPLY} ({number})",
            role="user" if spoken else "assistant",
            session=f"s{session}",
            time=START + timedelta(hours=12 * session, minutes=place),
            id=f"t{number}",
        )


def said(turns: int, rng: random.Random) -> Iterator[str]:
    """What the user says while it is measured: questions, news and small talk."""
    for number in range(turns):
        group = (QUESTIONS, STATEMENTS, QUESTIONS, STATEMENTS, SMALL_TALK)[number % 5]
        yield statement(rng, rng.choice(group))


def fill(folder: Path, turns: int, rng: random.Random, embedder: str) -> None:
    with MemoryManager.open(folder, embedder=embedder) as memory:
        batch: list[Turn] = []
        for turn in conversation(turns, rng):
            batch.append(turn)
            if len(batch) == BATCH:
                memory.remember(batch)
                batch.clear()
        memory.remember(batch)
        memory.settle()


def measure(
    folder: Path, *, turns: int, budget: int, rng: random.Random, embedder: str
) -> dict[str, Figure]:
    prompts: list[int] = []
    begun = time.process_time()
    with MemoryManager.open(folder, embedder=embedder) as memory:

        def chat(messages: list[dict[str, str]]) -> str:
            system = [each["content"] for each in messages if each["role"] == "system"]
            prompts.append(memory.counter.count("".join(system)))
            return REPLY

        background = Background()
        spent: list[float] = []
        with MemoryAgent(memory, chat, budget=budget, background=background) as agent:
            background.wait()
            opened = 1000 * (time.process_time() - begun)
            with Stopwatch() as watch:
                for text in said(turns + 1, rng):
                    before = time.process_time()
                    agent.reply(text)
                    background.wait()
                    spent.append(1000 * (time.process_time() - before))
                    watch.lap()
        background.close()
    growth = max(prompts) / budget
    figures = {
        "cpu_ms": figure(spent[1:]),
        "median_ms": figure(spent[1:], of=np.median),
        "open_ms": figure([opened]),
        "cold_ms": figure(spent[:1]),
        "growth": {"value": growth, "ci95": [growth, growth], "n": len(prompts)},
    }
    parts = {f"{part}_ms": figure(laps[1:]) for part, laps in watch.laps.items()}
    return figures | parts


class Stopwatch:
    """CPU time of the parts of memory on their own thread, in milliseconds, lap by lap.

    A part that runs inside another is taken out of it.
    """

    def __init__(self) -> None:
        self.laps: dict[str, list[float]] = {part: [] for part in PARTS}
        self._spent = dict.fromkeys(PARTS, 0.0)
        self._inside = threading.local()
        self._patches = ExitStack()

    def lap(self) -> None:
        """End a lap: what was spent since the last one is noted."""
        for part, laps in self.laps.items():
            laps.append(1000 * self._spent[part])
        self._spent = dict.fromkeys(PARTS, 0.0)

    def _timed(self, part: str, function: Callable[..., object]) -> Callable[..., object]:
        @wraps(function)
        def timed(*args: object, **kwargs: object) -> object:
            outer = getattr(self._inside, "others", 0.0)
            self._inside.others = 0.0
            before = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                spent = time.thread_time() - before
                self._spent[part] += spent - self._inside.others
                self._inside.others = outer + spent

        return timed

    def __enter__(self) -> Self:
        for part, (owner, name) in PARTS.items():
            timed = self._timed(part, getattr(owner, name))
            self._patches.enter_context(patch.object(owner, name, timed))
        return self

    def __exit__(self, *error: object) -> None:
        self._patches.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, help="not needed")
    parser.add_argument("--embedder", choices=("lexical", "local"), default="lexical")
    parser.add_argument("--json", type=Path, help="file to write the results to")
    parser.add_argument("--quick", action="store_true", help="1,000 turns only")
    parser.add_argument("--turns", type=int, default=100, help="turns measured")
    parser.add_argument("--budget", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    sizes = (1000,) if options.quick else (1000, 10_000)
    figures: dict[str, Figure] = {}
    for size in sizes:
        rng = random.Random(options.seed)
        with tempfile.TemporaryDirectory() as folder:
            fill(Path(folder), size, rng, options.embedder)
            measured = measure(
                Path(folder),
                turns=options.turns,
                budget=options.budget,
                rng=rng,
                embedder=options.embedder,
            )
        figures |= {f"{name}/{size}": value for name, value in measured.items()}
    rows: Results = {}
    for name, value in figures.items():
        metric, _, size_name = name.partition("/")
        rows.setdefault(metric, {})[size_name] = value
    print(table(rows, [str(size) for size in sizes]))
    settings = {name: str(value) for name, value in vars(options).items() if name != "json"}
    write(options.json, "overhead", settings, {"knowhen": figures})


if __name__ == "__main__":
    main()
