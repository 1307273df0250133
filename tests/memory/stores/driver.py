"""Processes for the tests of SQLite: writers, and children that are killed while they write.

driver.py write PATH NAME COUNT     add COUNT batches of three turns
driver.py kill PATH KILLS SEED      print the batches acknowledged by children that were killed
driver.py fork PATH                 use one store on both sides of a fork
"""

import os
import random
import signal
import sys
import time
from datetime import UTC, datetime

from knowhen.memory.records import Turn
from knowhen.memory.stores.base import Entry, Store
from knowhen.memory.stores.sqlite import SqliteStore

NOW = datetime(2024, 5, 1, tzinfo=UTC)


def add_batch(store: Store, name: str) -> None:
    with store.transaction("a"):
        for part in "abc":
            key = f"{name}.{part}"
            store.add_turns("a", [Turn("Some words of a turn.", id=key, time=NOW)], NOW)
            store.add_entries("a", [Entry("turn", key, 0, 10, ("some", "word", name))])


def write(path: str, name: str, count: int) -> None:
    store = SqliteStore(path)
    for number in range(count):
        add_batch(store, f"{name}{number}")
    store.close()


def kill(path: str, kills: int, seed: int) -> None:
    random_source = random.Random(seed)
    for round_ in range(kills):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            ingest_until_killed(path, round_, writing)
        os.close(writing)
        if round_ % 2:  # every other child is killed only once it has begun to write
            os.read(reading, 1)
            sys.stdout.write(f"{round_}-0 ")
        time.sleep(random_source.uniform(0, 0.05))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reading) as lines:
            acknowledged = lines.read().split("\n")[:-1]  # the last one may be torn
        sys.stdout.writelines(f"{line} " for line in acknowledged if line.startswith(f"{round_}-"))


def ingest_until_killed(path: str, round_: int, writing: int) -> None:
    store = SqliteStore(path)
    number = 0
    while True:
        add_batch(store, f"{round_}-{number}")
        os.write(writing, f"{round_}-{number}\n".encode())
        number += 1


def delete(path: str, text: str) -> None:
    store = SqliteStore(path)
    with store.transaction("a"):
        store.add_turns("a", [Turn(text, id="t1", time=NOW), Turn("Hi.", id="t2", time=NOW)], NOW)
        store.add_entries("a", [Entry("turn", key, 0, 1, (key,)) for key in ("t1", "t2")])
    store.delete_turns("a", ["t1"])
    os._exit(0)


def fork(path: str) -> None:
    store = SqliteStore(path)
    add_batch(store, "parent")
    child = os.fork()
    if child == 0:
        add_batch(store, "child")
        os._exit(0 if store.count_turns("a") == 6 else 1)
    _, status = os.waitpid(child, 0)
    seen = store.count_turns("a")
    store.close()
    sys.exit(os.waitstatus_to_exitcode(status) or seen != 6)


if __name__ == "__main__":
    command, path, *rest = sys.argv[1:]
    if command == "write":
        write(path, rest[0], int(rest[1]))
    elif command == "kill":
        kill(path, int(rest[0]), int(rest[1]))
    elif command == "delete":
        delete(path, rest[0])
    else:
        fork(path)
