"""What is lost when the process is killed, and what is left after an erasure.

Children remember batches of turns in one home, erase a batch now and then, say after each call
that it returned, and are killed with SIGKILL at random instants: half of them at any time
after they start, half once they have begun to write. Afterwards the home is opened as usual.

    kills            children killed
    lost             turns whose `remember` had returned and that are not there
    half_written     batches of which some turns are there and some are not
    returned         turns whose `forget` had returned and that are there again
    doctor_findings  inconsistencies that the doctor names
    erase_residues   erased turns of which a byte is left in any file of the home

Counts come with Byar's 95 % interval for a Poisson mean. Needs `fork`, so Linux or macOS.
"""

import argparse
import json
import os
import random
import signal
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import sqrt
from pathlib import Path

from knowhen import MemoryManager, Turn

BATCH = 4
ERASE_EVERY = 3
START = datetime(2024, 1, 1, tzinfo=UTC)
WORDS = [
    "sister",
    "garden",
    "Lisbon",
    "piano",
    "marathon",
    "kitchen",
    "passport",
    "doctor",
    "violin",
    "harbour",
]


@dataclass(slots=True)
class Campaign:
    """What the children said before they died."""

    kills: int = 0
    remembered: set[str] = field(default_factory=set)
    erasing: set[str] = field(default_factory=set)
    """Batches whose erasure had begun: they may be there or not."""
    erased: set[str] = field(default_factory=set)

    def hear(self, lines: list[str]) -> None:
        said = {"+": self.remembered, "?": self.erasing, "-": self.erased}
        for line in lines:
            said[line[0]].add(line[1:])


def batch_turns(batch: str, seed: int) -> list[Turn]:
    """Turns of a batch: everyday words, and one word that stands nowhere else."""
    rng = random.Random(f"{seed}/{batch}")
    turns = []
    for number in range(BATCH):
        words = " ".join(rng.choices(WORDS, k=12))
        text = f"I told Ann about my {words}, and the code is {secret(batch, number, seed)}."
        when = START + timedelta(minutes=rng.randrange(500_000))
        turns.append(Turn(text, speaker="Bob", time=when, session=batch, id=f"{batch}.{number}"))
    return turns


def secret(batch: str, number: int, seed: int) -> str:
    """A word of the turn alone, which the byte scan looks for."""
    return f"{random.Random(f'{seed}/{batch}/{number}').getrandbits(80):020x}"


def ingest_until_killed(
    home: Path, embedder: str, child: int, seed: int, *, started: int, said: int
) -> None:
    """Remember and erase for ever; runs in a child of its own."""
    os.write(started, b"!")
    memory = MemoryManager.open(home, embedder=embedder)
    number = 0
    while True:
        batch = f"{child}-{number}"
        memory.remember(batch_turns(batch, seed))
        os.write(said, f"+{batch}\n".encode())
        if number % ERASE_EVERY == ERASE_EVERY - 1:
            victim = f"{child}-{number - 2}"
            os.write(said, f"?{victim}\n".encode())
            memory.forget(turns=[f"{victim}.{turn}" for turn in range(BATCH)])
            os.write(said, f"-{victim}\n".encode())
        number += 1


def run_child(home: Path, embedder: str, child: int, seed: int, rng: random.Random) -> list[str]:
    """Start a child, kill it, and give back the lines that it had finished."""
    start_read, start_write = os.pipe()
    said_read, said_write = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            ingest_until_killed(home, embedder, child, seed, started=start_write, said=said_write)
        except BaseException:
            traceback.print_exc()
        os._exit(1)
    os.close(start_write)
    os.close(said_write)
    os.read(start_read, 1)
    os.close(start_read)
    with os.fdopen(said_read, "rb", buffering=0) as pipe:
        heard = pipe.read(1) if child % 2 else b""
        time.sleep(rng.uniform(0, 0.4))
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        heard += pipe.read()
    if not os.WIFSIGNALED(status):
        raise RuntimeError(f"child {child} failed before it was killed")
    return heard.decode().split("\n")[:-1]  # what follows the last line end was not finished


def run_campaign(home: Path, embedder: str, kills: int, seed: int) -> Campaign:
    """Kill `kills` children one after the other."""
    rng, campaign = random.Random(seed), Campaign()
    for child in range(kills):
        campaign.hear(run_child(home, embedder, child, seed, rng))
        campaign.kills += 1
    return campaign


def judge(
    home: Path, embedder: str, campaign: Campaign, seed: int
) -> Iterator[tuple[str, int, int]]:
    """Each metric with its count, and out of how many."""
    with MemoryManager.open(home, embedder=embedder) as memory:
        stored = {turn.id for turn in memory.turns()}
        batches = {key.split(".")[0] for key in stored}
        kept = campaign.remembered - campaign.erasing
        lost = sum(f"{b}.{n}" not in stored for b in kept for n in range(BATCH))
        half = sum(any(f"{b}.{n}" not in stored for n in range(BATCH)) for b in batches)
        back = sum(f"{b}.{n}" in stored for b in campaign.erased for n in range(BATCH))
        yield "kills", campaign.kills, campaign.kills
        yield "lost", lost, BATCH * len(kept)
        yield "half_written", half, len(batches)
        yield "returned", back, BATCH * len(campaign.erased)
        yield "doctor_findings", len(memory.doctor()), len(stored)
        victims = sorted(batches)[::3]
        memory.forget(turns=[f"{b}.{n}" for b in victims for n in range(BATCH)])
        erased = [(b, n) for b in {*victims, *campaign.erased} for n in range(BATCH)]
        yield "erase_residues", residues(home, erased, seed), len(erased)


def residues(home: Path, erased: list[tuple[str, int]], seed: int) -> int:
    """Erased turns whose own word is in any file, found by reading every byte."""
    contents = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    needles = [secret(batch, number, seed).encode() for batch, number in erased]
    return sum(any(needle in content for content in contents) for needle in needles)


def interval(count: int) -> list[float]:
    """Byar's approximation of the 95 % interval of a Poisson mean."""
    low = count * (1 - 1 / (9 * count) - 1.96 / (3 * sqrt(count))) ** 3 if count else 0.0
    up = count + 1
    return [round(max(low, 0.0), 2), round(up * (1 - 1 / (9 * up) + 1.96 / (3 * sqrt(up))) ** 3, 2)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, help="not needed; accepted like everywhere")
    parser.add_argument("--embedder", default="lexical", choices=["lexical", "local"])
    parser.add_argument("--json", type=Path, help="file to write the results to")
    parser.add_argument("--quick", action="store_true", help="20 kills in place of 200")
    parser.add_argument("--kills", type=int)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    kills = arguments.kills or (20 if arguments.quick else 200)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        campaign = run_campaign(home, arguments.embedder, kills, arguments.seed)
        results = {
            name: {
                "value": value,
                "ci95": [value, value] if name == "kills" else interval(value),
                "n": n,
            }
            for name, value, n in judge(home, arguments.embedder, campaign, arguments.seed)
        }
    for name, result in results.items():
        print(f"{name:16} {result['value']:6} of {result['n']:6}   95 % {result['ci95']}")
    if arguments.json:
        settings = {"embedder": arguments.embedder, "kills": kills, "seed": arguments.seed}
        report = {"benchmark": "faults", "settings": settings, "results": {"knowhen": results}}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
