"""What one user costs in a home of many: forgetting, opening, listing, and others' writes.

    forget_ratio      CPU of forgetting ten turns beside many users, over that in a home of one
    forget_large      CPU seconds of forgetting two turns of a space of many turns, in a process
                      that has thought about some of them
    forget_first      the same in a process that has only recalled
    others_wait       longest write of another user while one is forgotten, in seconds
    open_recall       CPU milliseconds of opening any user and recalling, in a process that runs
    spaces            CPU milliseconds of listing the users
    open_files        most files open at a time while every user is visited
    residues          erased texts of which a byte is left in any file

CPU counts the processes that are started on the way. The home of many is made of copies of one
user's folder, whose names are written anew.
"""

import argparse
import json
import os
import random
import resource
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from faults import WORDS, interval

from knowhen import MemoryManager, Turn
from knowhen.memory.stores.cells import cell_folder

START = datetime(2024, 1, 1, 9, tzinfo=UTC)
SITTING = 20
TEMPLATE = "user-0"


def turns(count: int, seed: int) -> list[Turn]:
    """Everyday turns, each with a word that stands nowhere else."""
    rng = random.Random(seed)
    made = []
    for number in range(count):
        words = " ".join(rng.choices(WORDS, k=14))
        secret = f"{rng.getrandbits(80):020x}"
        told = f"I told Ann about my {words}, and the code is {secret}."
        if number % 4 == 0:
            told = f"I love {secret}. {told}"
        made.append(
            Turn(
                told,
                speaker="Bob" if number % 2 else "Ann",
                time=START + timedelta(minutes=number),
                session=f"s{number // SITTING}",
                id=f"t{number}",
            )
        )
    return made


def fill(home: Path, count: int) -> None:
    """A home of one user."""
    with MemoryManager.open(home, space=TEMPLATE) as memory:
        told = turns(count, 7)
        for first in range(0, count, 200):
            memory.remember(told[first : first + 200])
        memory.settle()


def multiply(home: Path, users: int) -> None:
    """Copy the only user of a home; the registry is made again from the folder."""
    first = cell_folder(home, TEMPLATE)
    for number in range(1, users):
        name = f"user-{number}"
        folder = cell_folder(home, name)
        shutil.copytree(first, folder)
        with closing(sqlite3.connect(folder / "space.db", isolation_level=None)) as database:
            database.execute("PRAGMA synchronous = OFF")
            database.execute("UPDATE settings SET value = ? WHERE key = 'name'", (name,))
    for file in home.glob("home.db*"):
        file.unlink()


def cpu() -> float:
    """CPU seconds of this process and of those that it started and that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def spent(work: Callable[[], object]) -> float:
    """CPU seconds of a piece of work."""
    before = cpu()
    work()
    return cpu() - before


def forget_cost(home: Path, space: str, victims: list[str], *, thinking: bool = False) -> float:
    """CPU seconds of a forget, once the process has the space in memory."""
    with MemoryManager.open(home, space=space) as memory:
        memory.recall("Where is my passport?")
        if thinking:
            memory.undo(memory.insert("Bob likes tea."))
        return spent(lambda: memory.forget(turns=victims))


def longest_write(home: Path, victims: list[str]) -> float:
    """Longest write of another user while one forgets, in wall seconds."""
    waits: list[float] = []
    done = threading.Event()

    def write() -> None:
        with MemoryManager.open(home, space="user-1") as other:
            number = 0
            while not done.is_set():
                began = time.monotonic()
                other.remember([Turn("A word.", time=START, id=f"w{number}", session="w")])
                waits.append(time.monotonic() - began)
                number += 1

    thread = threading.Thread(target=write)
    thread.start()
    with MemoryManager.open(home, space="user-2") as memory:
        memory.forget(turns=victims)
    done.set()
    thread.join()
    return max(waits, default=0.0)


def visit(home: Path, users: int, seed: int) -> tuple[list[float], int]:
    """CPU seconds of opening and asking each of many users, and the most files open."""
    costs, most = [], 0
    with MemoryManager.open(home, space=TEMPLATE) as memory:
        memory.recall("Where is my passport?")
        for number in random.Random(seed).sample(range(users), min(users, 100)):
            other = memory.at(f"user-{number}")
            costs.append(spent(lambda other=other: other.recall("Where is my passport?")))  # type: ignore[misc]
            if Path("/proc/self/fd").exists():
                most = max(most, len(os.listdir("/proc/self/fd")))
    return costs, most


def residues(home: Path, texts: list[str]) -> int:
    """Erased texts of which a byte is left, found by reading every byte."""
    contents = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    return sum(any(text.encode() in content for content in contents) for text in texts)


def measure(folder: Path, users: int, each: int, large: int) -> dict[str, float]:
    """Every figure once."""
    one, many, long = folder / "one", folder / "many", folder / "long"
    fill(one, each)
    shutil.copytree(one, many)
    multiply(many, users)
    victims = [f"t{number}" for number in range(40, 50)]
    alone = [forget_cost(copied(one, folder), TEMPLATE, victims) for _ in range(3)]
    beside = [forget_cost(many, f"user-{number}", victims) for number in (3, 4, 5)]
    costs, files = visit(many, users, 7)
    figures = {
        "forget_ratio": median(beside) / median(alone),
        "others_wait": longest_write(many, victims),
        "open_recall": 1000 * median(costs),
        "open_files": float(files),
    }
    with MemoryManager.open(many, space=TEMPLATE) as memory:
        figures["spaces"] = 1000 * spent(memory.spaces)
    fill(long, large)
    told = turns(large, 7)
    gone = [told[large // 2], told[large // 2 + 1]]
    chosen = [turn.id for turn in gone]
    figures["forget_first"] = forget_cost(copied(long, folder), TEMPLATE, chosen)
    figures["forget_large"] = forget_cost(long, TEMPLATE, chosen, thinking=True)
    words = [turn.text.split()[-1].rstrip(".") for turn in gone]
    figures["residues"] = float(residues(long, [*words, *(turn.text for turn in gone)]))
    return figures


def copied(home: Path, folder: Path) -> Path:
    """A fresh copy of a home, so that every run forgets the same."""
    target = Path(tempfile.mkdtemp(dir=folder)) / "home"
    shutil.copytree(home, target)
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, help="not needed; accepted like everywhere")
    parser.add_argument("--json", type=Path, help="file to write the results to")
    parser.add_argument("--quick", action="store_true", help="50 users, and 1,000 turns in one")
    parser.add_argument("--users", type=int)
    parser.add_argument("--large", type=int, help="turns of the large space")
    arguments = parser.parse_args()
    users = arguments.users or (50 if arguments.quick else 1000)
    large = arguments.large or (1000 if arguments.quick else 10_000)
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), users, 100, large)
    for name, value in figures.items():
        print(f"{name:>14} {value:10.3f}")
    if arguments.json:
        settings = {"users": users, "turns_each": 100, "large": large}
        results = {
            "knowhen": {
                name: {
                    "value": value,
                    "ci95": interval(int(value)) if name == "residues" else [value, value],
                    "n": 1,
                }
                for name, value in figures.items()
            }
        }
        written = {"benchmark": "homes", "settings": settings, "results": results}
        arguments.json.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
