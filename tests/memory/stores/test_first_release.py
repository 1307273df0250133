"""A home of the first release is moved over once, whole, whatever happens on the way."""

import gzip
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from knowhen.memory.errors import HomeTooNew, HomeUnavailable
from knowhen.memory.stores.cells import cell_folder
from knowhen.memory.stores.codec import event_to_dict, thought_to_dict, turn_to_dict
from knowhen.memory.stores.database import connect
from knowhen.memory.stores.sqlite import SqliteStore

# Made with the first release by the public API: three spaces, a merge, an undo, an erasure.
FIXTURE = Path(__file__).parents[2] / "fixtures" / "first_release"
RECORDS: dict[str, Any] = json.loads((FIXTURE / "records.json").read_text(encoding="utf-8"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "memory.db").write_bytes(gzip.decompress((FIXTURE / "memory.db.gz").read_bytes()))
    return tmp_path


def records(store: SqliteStore) -> dict[str, Any]:
    found = {
        space: {
            "turns": [turn_to_dict(row.turn) for row in store.turns(space)],
            "events": [event_to_dict(event) for event in store.events(space)],
            "thoughts": [thought_to_dict(thought) for thought in store.thoughts(space)],
            "operations": [
                [op.id, op.time.isoformat(), op.kind, op.payload, op.before, op.undone_by]
                for op in store.operations(space)
            ],
            "version": store.version(space),
            "epoch": store.epoch(space),
        }
        for space in store.spaces()
    }
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


def test_every_record_comes_out_equal(home: Path) -> None:
    (home / "chroma").mkdir()
    (home / "chroma" / "lock.db").touch()
    store = SqliteStore(home)
    assert records(store) == RECORDS
    assert store.check() == []
    store.close()
    assert sorted(path.name for path in home.iterdir()) == ["home.db", "spaces"]
    again = SqliteStore(home)
    assert records(again) == RECORDS
    again.close()


def test_an_erased_turn_stays_erased(home: Path) -> None:
    store = SqliteStore(home)
    assert store._at("nora").one("SELECT COUNT(*) FROM buried") == (1,)
    assert store.residues("nora", [b"rhododendron seventeen"]) == []
    store.close()


def test_numbers_of_the_old_home_never_come_back(home: Path) -> None:
    old = connect(home / "memory.db", timeout=1)
    (last,) = old.execute("SELECT seq FROM sqlite_sequence WHERE name = 'turns'").fetchone()
    old.close()
    store = SqliteStore(home)
    (kept,) = store._at("default").one("SELECT seq FROM sqlite_sequence WHERE name = 'turns'")
    assert kept == last
    store.close()


MOVE = """
import sys
from knowhen.memory.stores import first_release
from pathlib import Path
first_release.move_over(Path(sys.argv[1]), timeout=5)
"""


def test_a_move_that_is_killed_is_begun_again(home: Path) -> None:
    for round_ in range(12):
        child = subprocess.Popen([sys.executable, "-c", MOVE, str(home)])
        time.sleep(0.25 + 0.02 * round_)
        child.send_signal(signal.SIGKILL)
        child.wait()
    store = SqliteStore(home)
    assert records(store) == RECORDS
    store.close()


def test_what_a_killed_move_left_is_made_anew(home: Path) -> None:
    half = cell_folder(home, "nora")
    half.mkdir(parents=True)
    (half / "space.db").write_bytes(b"half")
    store = SqliteStore(home)
    assert records(store) == RECORDS
    store.close()


def test_an_old_file_that_is_still_there_after_the_move_is_removed(home: Path) -> None:
    content = (home / "memory.db").read_bytes()
    SqliteStore(home).close()
    (home / "memory.db").write_bytes(content)
    store = SqliteStore(home)
    assert records(store) == RECORDS
    store.close()
    assert not (home / "memory.db").exists()


def test_two_processes_may_open_an_old_home_at_once(home: Path) -> None:
    both = [subprocess.Popen([sys.executable, "-c", MOVE, str(home)]) for _ in range(3)]
    assert [child.wait(60) for child in both] == [0, 0, 0]
    store = SqliteStore(home)
    assert records(store) == RECORDS
    store.close()


def test_a_file_of_another_program_or_format_is_refused_untouched(tmp_path: Path) -> None:
    connection = connect(tmp_path / "memory.db", timeout=1)
    connection.execute("CREATE TABLE laps (lap INTEGER)")
    with pytest.raises(HomeUnavailable, match="another program"):
        SqliteStore(tmp_path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(HomeTooNew, match="format 9"):
        SqliteStore(tmp_path)
    assert (tmp_path / "memory.db").exists()
