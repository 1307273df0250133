"""Many processes on one new home at once: what fails, what is lost, how long anybody waits.

Half of the processes remember turns in one space of all and in one of their own, a quarter
recall, one settles, one forgets, the rest do a little of everything. All of them open the home
at the same moment, and again and again while they work.

    opens          times that a process opened the home
    failed_opens   of these, those that raised
    failed_calls   calls that raised
    lost           turns whose `remember` had returned and that are not there
    returned       turns whose `forget` had returned and that are there
    doctor         inconsistencies that the doctor names afterwards
    wait_p50 .. wait_max   wall seconds of a `remember`
"""

import argparse
import json
import multiprocessing
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import Queue
from pathlib import Path
from random import Random

import numpy as np
from faults import WORDS

from knowhen import MemoryManager, Turn
from knowhen.memory.errors import KnowhenError

START = datetime(2024, 1, 1, tzinfo=UTC)
SHARED = "all"
REOPEN = 20
"""Calls after which a process opens the home anew."""


@dataclass(slots=True)
class Report:
    """What one process did."""

    opens: int = 0
    failed_opens: list[str] = field(default_factory=list)
    failed_calls: list[str] = field(default_factory=list)
    remembered: list[tuple[str, str]] = field(default_factory=list)
    """Space and id of turns whose `remember` returned."""
    forgotten: list[tuple[str, str]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


class Member:
    """One process of the crowd."""

    def __init__(self, home: Path, name: str, role: str) -> None:
        self._home, self._name, self._role = home, name, role
        self._rng = Random(name)
        self._number = 0
        self.report = Report()

    def work(self, until: float) -> Report:
        """Open the home and use it until the time has come."""
        while time.time() < until:
            self.report.opens += 1
            try:
                memory = MemoryManager.open(self._home, space=SHARED)
            except Exception as error:  # whatever it is, it is a failed open
                self.report.failed_opens.append(repr(error))
                continue
            with memory:
                for _ in range(REOPEN):
                    if time.time() < until:
                        self._call(memory)
        return self.report

    def _call(self, memory: MemoryManager) -> None:
        roles: dict[str, Callable[[MemoryManager], object]] = {
            "remember": self._remember,
            "recall": lambda space: space.recall("Where did I put my passport?"),
            "settle": lambda space: space.settle(),
            "forget": self._forget,
        }
        role = self._role if self._role in roles else self._rng.choice(list(roles))
        space = memory if self._rng.random() < 0.5 else memory.at(self._name)
        try:
            roles[role](space)
        except KnowhenError as error:
            self.report.failed_calls.append(f"{role}: {error!r}")
        except Exception:
            self.report.failed_calls.append(traceback.format_exc())

    def _remember(self, memory: MemoryManager) -> None:
        self._number += 1
        words = " ".join(self._rng.choices(WORDS, k=10))
        turn = Turn(
            f"I told Ann about my {words}.",
            speaker=self._name,
            time=START + timedelta(minutes=self._number),
            session=f"{self._name}/{self._number // 20}",
            id=f"{self._name}.{self._number}",
        )
        began = time.monotonic()
        memory.remember(turn)
        self.report.waits.append(time.monotonic() - began)
        self.report.remembered.append((memory.space, turn.id))

    def _forget(self, memory: MemoryManager) -> None:
        mine = [key for space, key in self.report.remembered if space == memory.space]
        gone = {key for space, key in self.report.forgotten if space == memory.space}
        left = [key for key in mine if key not in gone]
        if not left:
            self._remember(memory)
            return
        victim = self._rng.choice(left)
        memory.forget(turns=[victim])
        self.report.forgotten.append((memory.space, victim))


def roles(processes: int) -> list[str]:
    """What each process does."""
    writers, readers = max(1, processes // 2), max(1, processes // 4)
    found = ["remember"] * writers + ["recall"] * readers + ["settle", "forget"]
    return (found + ["anything"] * processes)[:processes]


def run(home: Path, name: str, role: str, until: float, answers: "Queue[Report]") -> None:
    """The life of one process."""
    answers.put(Member(home, name, role).work(until))


def crowd(home: Path, processes: int, seconds: float) -> dict[str, float]:
    """Let the processes work, then look at what they left."""
    context = multiprocessing.get_context("spawn")
    answers: Queue[Report] = context.Queue()
    until = time.time() + seconds
    members = [
        context.Process(target=run, args=(home, f"p{number}", role, until, answers))
        for number, role in enumerate(roles(processes))
    ]
    for member in members:
        member.start()
    reports = [answers.get(timeout=seconds + 300) for _ in members]
    for member in members:
        member.join()
    for report in reports:
        for failure in (*report.failed_opens, *report.failed_calls):
            print(failure)
    return judged(home, reports)


def judged(home: Path, reports: list[Report]) -> dict[str, float]:
    """Figures over all processes."""
    with MemoryManager.open(home, space=SHARED) as memory:
        there = {(name, turn.id) for name in memory.spaces() for turn in memory.at(name).turns()}
        findings = memory.doctor()
    remembered = {each for report in reports for each in report.remembered}
    forgotten = {each for report in reports for each in report.forgotten}
    waits = np.array([wait for report in reports for wait in report.waits] or [0.0])
    return {
        "opens": sum(report.opens for report in reports),
        "failed_opens": sum(len(report.failed_opens) for report in reports),
        "failed_calls": sum(len(report.failed_calls) for report in reports),
        "remembered": len(remembered),
        "lost": len(remembered - forgotten - there),
        "forgotten": len(forgotten),
        "returned": len(forgotten & there),
        "doctor": len(findings),
        "wait_p50": float(np.quantile(waits, 0.5)),
        "wait_p99": float(np.quantile(waits, 0.99)),
        "wait_max": float(waits.max()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, help="not needed; accepted like everywhere")
    parser.add_argument("--json", type=Path, help="file to write the results to")
    parser.add_argument("--quick", action="store_true", help="4 processes for 5 seconds")
    parser.add_argument("--processes", type=int)
    parser.add_argument("--seconds", type=float)
    arguments = parser.parse_args()
    processes = arguments.processes or (4 if arguments.quick else 13)
    seconds = arguments.seconds or (5.0 if arguments.quick else 45.0)
    with tempfile.TemporaryDirectory() as folder:
        figures = crowd(Path(folder) / "home", processes, seconds)
    for name, value in figures.items():
        print(f"{name:>14} {value:10.3f}")
    if arguments.json:
        results = {k: {"value": v, "ci95": [v, v], "n": 1} for k, v in figures.items()}
        settings = {"processes": processes, "seconds": seconds}
        report = {"benchmark": "crowd", "settings": settings, "results": {"knowhen": results}}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    if any(
        figures[name] for name in ("failed_opens", "failed_calls", "lost", "returned", "doctor")
    ):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
