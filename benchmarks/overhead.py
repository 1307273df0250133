"""What memory adds to a turn of a chat agent: CPU time and prompt length.

An agent with a chat function that costs nothing talks on top of N remembered turns. The CPU
time of the whole process is counted, thinking in the background included, once its caches are
warm; the first turn after opening is reported beside it.

    cpu_ms/N   milliseconds of CPU that a turn costs with memory, both its sides remembered
    cold_ms/N  the same for the first turn after the memory was opened
    growth/N   tokens that memory added to a prompt, as a share of the budget; the most of all turns

Needs no data: the conversation is made of sentence patterns with a fixed seed.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from report import Figure, figure, table, write

from knowhen import MemoryAgent, MemoryManager, Turn

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

    with MemoryManager.open(folder, embedder=embedder) as memory:

        def chat(messages: list[dict[str, str]]) -> str:
            system = [each["content"] for each in messages if each["role"] == "system"]
            prompts.append(memory.counter.count("".join(system)))
            return REPLY

        spent: list[float] = []
        with MemoryAgent(memory, chat, budget=budget) as agent:
            for text in said(turns + 1, rng):
                before = time.process_time()
                agent.reply(text)
                spent.append(1000 * (time.process_time() - before))
    growth = max(prompts) / budget
    return {
        "cpu_ms": figure(spent[1:]),
        "cold_ms": figure(spent[:1]),
        "growth": {"value": growth, "ci95": [growth, growth], "n": len(prompts)},
    }


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
    print(table({"knowhen": figures}, list(figures)))
    settings = {name: str(value) for name, value in vars(options).items() if name != "json"}
    write(options.json, "overhead", settings, {"knowhen": figures})


if __name__ == "__main__":
    main()
