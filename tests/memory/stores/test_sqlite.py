import re
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowhen.memory.errors import HomeTooNew, HomeUnavailable, InvalidInput, OperationRefused
from knowhen.memory.records import Source, Thought, Turn
from knowhen.memory.stores.base import Entry, Mention, Store
from knowhen.memory.stores.cells import cell_folder
from knowhen.memory.stores.schema import CELL_STEPS, HOME_STEPS, migrate
from knowhen.memory.stores.sqlite import SqliteStore
from knowhen.memory.testing.volatile_store import VolatileStore

NOW = datetime(2024, 5, 1, tzinfo=UTC)
HERE = Path(__file__).parent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The home; the file of its space `a` is `cell(path)`."""
    return tmp_path


def cell(home: Path) -> Path:
    return cell_folder(home, "a") / "space.db"


def one_sentence(error: BaseException) -> bool:
    return "\n" not in str(error) and not str(error).endswith(".")


def remember(store: Store, key: str, text: str = "Hello.", *terms: str) -> None:
    with store.transaction("a"):
        store.add_turns("a", [Turn(text, id=key, time=NOW)], NOW)
        store.add_entries("a", [Entry("turn", key, 0, 1, terms, np.ones(2, np.float32))])


# Opening -------------------------------------------------------------------------------------
def test_what_was_committed_is_there_after_reopening(path: Path) -> None:
    first = SqliteStore(path)
    remember(first, "t1", "Hello.", "hello")
    version = first.version("a")
    first.close()
    again = SqliteStore(path)
    assert [s.turn.id for s in again.turns("a")] == ["t1"]
    assert (again.version("a"), again.check()) == (version, [])
    again.close()


def test_each_commit_is_synced_and_what_is_deleted_is_overwritten(path: Path) -> None:
    store = SqliteStore(path)
    remember(store, "t1")
    database = store._at("a")
    assert database.one("PRAGMA journal_mode") == ("wal",)
    assert database.one("PRAGMA synchronous") == (2,)
    assert database.one("PRAGMA secure_delete") == (1,)
    assert database.one("PRAGMA foreign_keys") == (1,)
    store.close()


def test_a_file_from_a_newer_knowhen_is_refused_untouched(path: Path) -> None:
    store = SqliteStore(path)
    remember(store, "t1")
    store.close()
    for file, steps in ((cell(path), CELL_STEPS), (path / "home.db", HOME_STEPS)):
        with sqlite3.connect(file) as connection:
            connection.execute(f"PRAGMA user_version = {len(steps) + 1}")
        connection.close()
        with pytest.raises(HomeTooNew, match="upgrade knowhen") as caught:
            SqliteStore(path).count_turns("a")
        assert one_sentence(caught.value)


def test_something_that_is_no_database_is_refused_untouched(path: Path) -> None:
    (path / "home.db").write_bytes(b"dear diary, " * 500)
    with pytest.raises(HomeUnavailable, match="not a knowhen database") as caught:
        SqliteStore(path)
    assert one_sentence(caught.value)
    assert (path / "home.db").read_bytes() == b"dear diary, " * 500


def test_another_programs_database_is_refused_untouched(path: Path) -> None:
    connection = sqlite3.connect(path / "home.db")
    connection.execute("CREATE TABLE turns (lap INTEGER)")
    connection.close()
    with pytest.raises(HomeUnavailable, match="another program"):
        SqliteStore(path)
    connection = sqlite3.connect(path / "home.db")
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("turns",)]
    connection.close()


@pytest.fixture
def damaged(path: Path) -> Path:
    store = SqliteStore(path)
    for number in range(200):
        remember(store, f"t{number}", "Some words. " * 40, "some", "words")
    store.close()
    content = cell(path).read_bytes()
    cell(path).write_bytes(content[: len(content) // 2] + b"\xa5" * (len(content) // 2))
    return path


def test_a_damaged_file_is_named_when_it_is_read(damaged: Path) -> None:
    store = SqliteStore(damaged)
    with pytest.raises(HomeUnavailable, match="is damaged") as caught:
        list(store.turns("a"))
    assert one_sentence(caught.value)
    store.close()


def test_the_doctor_finds_damage(damaged: Path) -> None:
    store = SqliteStore(damaged)
    assert store.check()
    store.close()


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(HomeUnavailable, match="cannot be opened") as caught:
        SqliteStore(tmp_path / "nowhere")
    assert one_sentence(caught.value)


def test_a_write_refused_by_the_disk_is_put_in_words(path: Path) -> None:
    store = SqliteStore(path)
    remember(store, "t0")
    store._at("a").run("PRAGMA query_only = ON")  # as on a read-only file, whatever the user may do
    with pytest.raises(HomeUnavailable, match="cannot be written"):
        remember(store, "t1")
    store._at("a").run("PRAGMA query_only = OFF")
    store._at("a").run(f"PRAGMA max_page_count = {store._at('a').one('PRAGMA page_count')[0] + 2}")
    with pytest.raises(HomeUnavailable, match="disk is full"):
        remember(store, "t1", "x" * 100_000)
    store._at("a").run("PRAGMA max_page_count = 1000000")
    assert store.count_turns("a") == 1
    remember(store, "t1")
    assert store.check() == []
    store.close()


def test_a_lock_held_too_long_is_named_and_leaves_the_store_usable(path: Path) -> None:
    holder, waiter = SqliteStore(path), SqliteStore(path, timeout=0.05)
    with holder.transaction("a"):
        with pytest.raises(HomeUnavailable, match="locked by another process") as caught:
            remember(waiter, "t1")
        assert waiter.count_turns("a") == 0
    assert one_sentence(caught.value)
    remember(waiter, "t1")
    assert holder.count_turns("a") == 1
    holder.close()
    waiter.close()


def test_a_closed_store_says_so(path: Path) -> None:
    store = SqliteStore(path)
    store.close()
    store.close()
    with pytest.raises(HomeUnavailable, match="is closed"):
        store.spaces()


def test_text_that_is_not_unicode_is_refused_whole(path: Path) -> None:
    store = SqliteStore(path)
    with pytest.raises(InvalidInput, match="lone surrogate"), store.transaction("a"):
        store.add_turns("a", [Turn("x", id="1")], NOW)
        store.add_mentions("a", [Mention("1", "\ud800", "x")])
    assert store.count_turns("a") == 0
    store.close()


def test_a_number_that_no_database_holds_is_one_sentence(path: Path) -> None:
    store = SqliteStore(path)
    with pytest.raises(InvalidInput, match="larger than a database can hold"):
        store.turns("a", newest=10**30)
    store.close()


# Migrations ----------------------------------------------------------------------------------
OLD = "CREATE TABLE pets (name TEXT);\nINSERT INTO pets VALUES ('Rex');\n"
NEW = "ALTER TABLE pets ADD COLUMN age INTEGER;\nUPDATE pets SET age = 3;\n"


@pytest.fixture
def database(path: Path):  # type: ignore[no-untyped-def]
    connection = sqlite3.connect(path / "pets.db", isolation_level=None)
    yield connection
    connection.close()


def test_an_older_file_is_brought_up_step_by_step(database: sqlite3.Connection) -> None:
    migrate(database, "file", (OLD,))
    migrate(database, "file", (OLD, NEW))
    migrate(database, "file", (OLD, NEW))
    assert database.execute("SELECT * FROM pets").fetchall() == [("Rex", 3)]
    assert database.execute("PRAGMA user_version").fetchone() == (2,)


def test_a_step_that_fails_leaves_the_file_as_it_was(database: sqlite3.Connection) -> None:
    migrate(database, "file", (OLD,))
    with pytest.raises(sqlite3.OperationalError):
        migrate(database, "file", (OLD, NEW, "DROP TABLE cats;\n"))
    assert database.execute("SELECT * FROM pets").fetchall() == [("Rex",)]
    assert database.execute("PRAGMA user_version").fetchone() == (1,)
    assert not database.in_transaction


def test_an_empty_file_of_version_zero_becomes_a_store(path: Path) -> None:
    (path / "home.db").touch()
    cell(path).parent.mkdir(parents=True)
    cell(path).touch()
    store = SqliteStore(path)
    remember(store, "t1")
    assert store._at("a").one("PRAGMA user_version") == (len(CELL_STEPS),)
    store.close()


# Erasing -------------------------------------------------------------------------------------
WORDS = st.text(st.characters(categories=["L", "N", "P"]), min_size=6, max_size=300)


@settings(deadline=None, max_examples=15)
@given(st.lists(WORDS, min_size=2, max_size=8, unique=True), st.integers(0, 10**6))
def test_purge_leaves_no_byte_of_what_was_deleted(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], salt: int
) -> None:
    store = SqliteStore(tmp_path_factory.mktemp("home"))
    texts = [f"{salt}é{n} {word}" for n, word in enumerate(words)]
    for number, text in enumerate(texts):
        key = f"t{number}"
        remember(store, key, text * 20, text, f"{number}¤{salt}")
        source = (Source(key, 0, 1),)
        store.put_thoughts("a", [Thought(key, "a", text, text, "p", text, sources=source)])
        store.add_mentions("a", [Mention(key, text, text)])
        store.quarantine("a", [key], "why", text)
        store.log("a", "Insert", {"id": key, "text": text}, {"text": text}, NOW)
    needles = [needle for n, t in enumerate(texts) for needle in (t[:40], f"{n}¤{salt}")]
    assert store.residues("a", [needles[0].encode()])
    gone = [f"t{number}" for number in range(len(texts) - 1)]
    with store.transaction("a"):
        store.delete_turns("a", gone)
        store.delete_thoughts("a", gone)
        store.scrub("a", gone)
    store.purge("a")
    assert store.residues("a", [needle.encode() for needle in needles[:-2]]) == []
    assert store.residues("a", [needles[-2].encode()])
    assert store.residues("a", [needles[-1].encode()])
    store.close()


def test_an_erasure_cut_off_before_its_purge_is_finished_at_the_next_opening(path: Path) -> None:
    text = "the word is rhododendron"
    subprocess.run([sys.executable, HERE / "driver.py", "delete", path, text], check=True)
    assert any(text.encode() in file.read_bytes() for file in path.rglob("*.db*"))
    store = SqliteStore(path)
    assert not any(text.encode() in file.read_bytes() for file in path.rglob("*.db*"))
    assert (store.count_turns("a"), store.check()) == (1, [])
    store.close()


def test_residues_look_into_every_file_of_the_home(path: Path) -> None:
    store = SqliteStore(path)
    (path / "index").mkdir()
    other = path / "index" / "data.bin"
    other.write_bytes(b'\0{"text":"a \\"secret\\""}\xff')
    assert store.residues("a", [b'a "secret"', b""]) == [(str(other), [0])]
    assert store.residues("a", [b"nothing of the kind", b"\xff\xfe"]) == []
    store.close()


def test_the_doctor_compares_the_full_text_index_with_the_entries(path: Path) -> None:
    store = SqliteStore(path)
    remember(store, "t1", "Hello.", "hello", "hello", "you")
    store._at("a").run("DELETE FROM postings WHERE term = 'hello'")
    assert any(re.search("1 of 3 terms", finding) for finding in store.check())
    store._at("a").run("UPDATE postings SET entry = 99")
    assert any("entry 99" in finding for finding in store.check())
    store.close()


# Terms ---------------------------------------------------------------------------------------
TERMS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(TERMS, max_size=12), min_size=1, max_size=6))
def test_any_term_is_found_again_unchanged(entries: list[list[str]]) -> None:
    stores: list[Store] = [SqliteStore(), VolatileStore()]
    every = {term for terms in entries for term in terms}
    found = []
    for store in stores:
        numbers = store.add_entries("a", [Entry("turn", "t", 0, 0, terms) for terms in entries])
        postings = store.postings("a", "turn", [*every, "never a term"])
        assert postings.keys() == every
        for number, terms in zip(numbers, entries, strict=True):
            for term in every:
                ids, counts = postings[term]
                assert list(ids) == sorted(ids)
                assert counts[ids == number].sum() == terms.count(term)
        assert [list(e.terms) for e in store.pending_vectors("a")] == entries
        found.append({t: (ids.tolist(), n.tolist()) for t, (ids, n) in postings.items()})
        store.close()
    assert found[0] == found[1]


# Processes -----------------------------------------------------------------------------------
def test_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    reader = SqliteStore(path)
    writers = [
        subprocess.Popen([sys.executable, HERE / "driver.py", "write", path, name, "40"])
        for name in ("p", "q", "r")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    found = [stored.turn.id for stored in reader.turns("a")]
    assert sorted(found) == sorted(
        f"{n}{i}.{part}" for n in "pqr" for i in range(40) for part in "abc"
    )
    batches = [found[i : i + 3] for i in range(0, len(found), 3)]
    assert all(len({key.split(".")[0] for key in batch}) == 1 for batch in batches)
    assert reader.check() == []
    reader.close()


def test_processes_may_open_a_new_home_at_once(path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, HERE / "driver.py", "write", path, name, "1"])
        for name in "pqrs"
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    store = SqliteStore(path)
    assert store.count_turns("a") == 12
    store.close()


def test_a_reader_sees_anothers_commit_at_its_next_call(path: Path) -> None:
    writer, reader = SqliteStore(path), SqliteStore(path)
    for number in range(5):
        before = reader.version("a")
        with writer.transaction("a"):
            writer.add_turns("a", [Turn("x", id=f"t{number}")], NOW)
            assert reader.version("a") == before
        assert reader.version("a") > before
        assert reader.count_turns("a") == number + 1
    writer.close()
    reader.close()


def test_a_snapshot_stays_the_same_while_others_commit(path: Path) -> None:
    writer, reader = SqliteStore(path), SqliteStore(path)
    remember(writer, "t1")
    with reader.snapshot("a"):
        assert reader.count_turns("a") == 1
        remember(writer, "t2")
        assert reader.count_turns("a") == len(reader.entries("a", "turn")) == 1
        with pytest.raises(OperationRefused, match="snapshot"):
            remember(reader, "t3")
    assert reader.count_turns("a") == 2
    remember(reader, "t3")
    writer.close()
    reader.close()


def test_a_kill_at_any_instant_loses_nothing_acknowledged(path: Path) -> None:
    """Fifty children ingest and are killed; each says what was acknowledged before it died."""
    done = subprocess.run(
        [sys.executable, HERE / "driver.py", "kill", path, "50", "7"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    acknowledged = done.stdout.split()
    store = SqliteStore(path)
    stored = [s.turn.id for s in store.turns("a")]
    assert len(acknowledged) > 50
    assert set(acknowledged) <= {key.split(".")[0] for key in stored}
    batches: dict[str, str] = {}
    for key in stored:
        batch, part = key.split(".")
        batches[batch] = batches.get(batch, "") + part
    assert set(batches.values()) == {"abc"}
    assert store.check() == []
    store.close()


def test_a_forked_process_gets_a_connection_of_its_own(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, HERE / "driver.py", "fork", path], timeout=60, check=False
    )
    assert done.returncode == 0
    store = SqliteStore(path)
    assert store.count_turns("a") == 6
    assert store.check() == []
    store.close()
