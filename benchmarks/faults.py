"""What is lost when the process is killed, and what is left after an erasure.

Children work on one home at random - remember, settle, insert, merge, undo, forget by id, by
text and of thoughts, reindex -, say when each call begins and that it returned, and are killed
with SIGKILL at random instants: half of them at any time after they start, half once they have
begun to write. Then the home is opened as usual and looked at.

    kills            children killed; `killed_in` in the settings says in which calls
    lost             turns whose `remember` had returned and that are not there
    half_written     batches of which some turns are there and some are not
    returned         turns and thoughts whose `forget` had returned and that are there again
    doctor_findings  inconsistencies that the doctor names
    erase_residues   erased turns of which a byte is left in any file of the home
    reindex_differs  thoughts that only the home or only its own reindex has

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
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import sqrt
from pathlib import Path
from typing import Any

from knowhen import MemoryManager, Turn
from knowhen.memory.errors import NotFound, OperationRefused

BATCH = 4
PER_HOME = 25
"""Kills in one home, before the next begins with an empty one."""
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
    killed_in: Counter[str] = field(default_factory=Counter)
    remembered: set[str] = field(default_factory=set)
    erasing: set[str] = field(default_factory=set)
    """Batches and thoughts whose erasure had begun: they may be there or not."""
    erased: set[str] = field(default_factory=set)
    thoughts: set[str] = field(default_factory=set)
    """Thoughts whose erasure had returned."""

    def hear(self, lines: list[str]) -> None:
        said = {"+": self.remembered, "?": self.erasing, "-": self.erased, "~": self.thoughts}
        doing = "opening"
        for line in lines:
            if line[0] == "@":
                doing = line[1:]
            else:
                said[line[0]].add(line[1:])
        self.killed_in[doing] += 1


def batch_turns(batch: str, seed: int) -> list[Turn]:
    """Turns of a batch: everyday words, and one word that stands nowhere else."""
    rng = random.Random(f"{seed}/{batch}")
    turns = []
    for number in range(BATCH):
        words = " ".join(rng.choices(WORDS, k=12))
        shared, own = secret(batch, -1, seed), secret(batch, number, seed)
        text = f"I told Ann about my {words} of {shared}, and the code is {own}."
        when = START + timedelta(minutes=rng.randrange(500_000))
        turns.append(Turn(text, speaker="Bob", time=when, session=batch, id=f"{batch}.{number}"))
    return turns


def secret(batch: str, number: int, seed: int) -> str:
    """A word of the turn alone, which the byte scan looks for."""
    return f"{random.Random(f'{seed}/{batch}/{number}').getrandbits(80):020x}"


class Worker:
    """Does one call after the other on a home, and says so; runs in a child of its own."""

    def __init__(self, memory: MemoryManager, child: int, seed: int, said: int) -> None:
        self._memory, self._child, self._seed, self._said = memory, child, seed, said
        self._rng = random.Random(f"{seed}/{child}")
        self._number = 0
        self._batches: list[str] = []
        self._calls: dict[Callable[[], None], int] = {
            self.remember: 8,
            self.settle: 2,
            self.forget_turns: 2,
            self.forget_matching: 2,
            self.forget_thought: 2,
            self.insert: 2,
            self.merge: 2,
            self.undo: 2,
            self.reindex: 1,
        }

    def work(self) -> None:
        """One call."""
        (call,) = self._rng.choices(list(self._calls), list(self._calls.values()))
        self.say(f"@{call.__name__}")
        call()
        self.say("@between")

    def say(self, line: str) -> None:
        os.write(self._said, f"{line}\n".encode())

    def remember(self) -> None:
        batch = f"{self._child}-{self._number}"
        self._number += 1
        self._memory.remember(batch_turns(batch, self._seed))
        self._batches.append(batch)
        self.say(f"+{batch}")

    def settle(self) -> None:
        self._memory.settle()

    def forget_turns(self) -> None:
        self._forget(lambda batch: {"turns": [f"{batch}.{n}" for n in range(BATCH)]})

    def forget_matching(self) -> None:
        self._forget(lambda batch: {"matching": secret(batch, -1, self._seed)})

    def _forget(self, chosen: Callable[[str], dict[str, Any]]) -> None:
        if self._batches:
            batch = self._batches.pop(self._rng.randrange(len(self._batches)))
            self.say(f"?{batch}")
            self._memory.forget(**chosen(batch))
            self.say(f"-{batch}")

    def forget_thought(self) -> None:
        known = self._memory.thoughts(history=True)
        if known:
            thought = self._rng.choice(known)
            self.say(f"?{thought.text}")
            self._memory.forget(thoughts=[thought.id])
            self.say(f"~{thought.text}")

    def insert(self) -> None:
        # Of its own each time: what was erased may be said again on purpose.
        self._number += 1
        name = secret(f"{self._child}-{self._number}", -2, self._seed)
        self._memory.insert(f"Bob likes {name} and the {self._rng.choice(WORDS)}.")

    def merge(self) -> None:
        known = self._memory.thoughts()
        if len(known) > 1:
            with suppress(OperationRefused):
                self._memory.merge([thought.id for thought in self._rng.sample(known, 2)])

    def undo(self) -> None:
        operations = self._memory.operations()
        if operations:
            # What it had made may be gone since, with its turns.
            with suppress(OperationRefused, NotFound):
                self._memory.undo(self._rng.choice(operations).id)

    def reindex(self) -> None:
        self._memory.reindex()


def work_until_killed(
    home: Path, embedder: str, child: int, seed: int, *, started: int, said: int
) -> None:
    """Call after call for ever; runs in a child of its own."""
    os.write(started, b"!")
    worker = Worker(MemoryManager.open(home, embedder=embedder), child, seed, said)
    worker.remember()
    while True:
        worker.work()


def run_child(home: Path, embedder: str, child: int, seed: int, rng: random.Random) -> list[str]:
    """Start a child, kill it, and give back the lines that it had finished."""
    start_read, start_write = os.pipe()
    said_read, said_write = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            work_until_killed(home, embedder, child, seed, started=start_write, said=said_write)
        except BaseException:
            traceback.print_exc()
        os._exit(1)
    os.close(start_write)
    os.close(said_write)
    os.read(start_read, 1)
    os.close(start_read)
    with os.fdopen(said_read, "rb", buffering=0) as pipe:
        heard = pipe.read(1) if child % 2 else b""
        time.sleep(rng.uniform(0, 1.2))
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        heard += pipe.read()
    if not os.WIFSIGNALED(status):
        raise RuntimeError(f"child {child} failed before it was killed")
    return heard.decode().split("\n")[:-1]  # what follows the last line end was not finished


def run_campaign(home: Path, embedder: str, children: Iterable[int], seed: int) -> Campaign:
    """Kill children one after the other."""
    rng, campaign = random.Random(seed), Campaign()
    for child in children:
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
        known = memory.thoughts(history=True)
        back += sum(thought.text in campaign.thoughts for thought in known)
        yield "kills", campaign.kills, campaign.kills
        yield "lost", lost, BATCH * len(kept)
        yield "half_written", half, len(batches)
        yield "returned", back, BATCH * len(campaign.erased) + len(campaign.thoughts)
        yield "doctor_findings", len(memory.doctor()), len(stored)
        victims = sorted(batches)[::3]
        if victims:
            memory.forget(turns=[f"{b}.{n}" for b in victims for n in range(BATCH)])
        erased = [(b, n) for b in {*victims, *campaign.erased} for n in range(BATCH)]
        yield "erase_residues", residues(home, erased, seed), len(erased)
        memory.settle()
        before = statements(memory)
        memory.reindex()
        yield "reindex_differs", len(before ^ statements(memory)), len(before)


def statements(memory: MemoryManager) -> set[tuple[str, str]]:
    """What the thoughts say, and whether it still holds."""
    return {(thought.text, thought.status) for thought in memory.thoughts(history=True)}


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
    parser.add_argument("--quick", action="store_true", help="50 kills in place of 500")
    parser.add_argument("--kills", type=int)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    kills = arguments.kills or (50 if arguments.quick else 500)
    counts: dict[str, tuple[int, int]] = {}
    killed_in: Counter[str] = Counter()
    for first in range(0, kills, PER_HOME):
        with tempfile.TemporaryDirectory() as folder:
            home, seed = Path(folder) / "home", arguments.seed + first
            children = range(min(PER_HOME, kills - first))
            campaign = run_campaign(home, arguments.embedder, children, seed)
            killed_in += campaign.killed_in
            for name, value, n in judge(home, arguments.embedder, campaign, seed):
                before = counts.get(name, (0, 0))
                counts[name] = before[0] + value, before[1] + n
    results = {
        name: {
            "value": value,
            "ci95": [value, value] if name == "kills" else interval(value),
            "n": n,
        }
        for name, (value, n) in counts.items()
    }
    print("killed in", ", ".join(f"{name} {n}" for name, n in killed_in.most_common()))
    for name, result in results.items():
        print(f"{name:16} {result['value']:6} of {result['n']:6}   95 % {result['ci95']}")
    if arguments.json:
        settings = {
            "embedder": arguments.embedder,
            "kills": kills,
            "seed": arguments.seed,
            "killed_in": dict(killed_in.most_common()),
        }
        report = {"benchmark": "faults", "settings": settings, "results": {"knowhen": results}}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
