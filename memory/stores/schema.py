"""Tables of a home's database, and the steps that bring an older file up to date."""

import sqlite3

from knowhen.memory.errors import HomeTooNew, HomeUnavailable

# Rows are reached by space number. Records whose fields nobody searches by are kept as JSON in
# `body`, so that a new field needs no migration. Numbers are AUTOINCREMENT because caches ask
# for "after the last I saw": a number that came back with another row would be missed.
_FIRST = """
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE spaces (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE turns (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    space INTEGER NOT NULL REFERENCES spaces,
    id TEXT NOT NULL,
    session TEXT NOT NULL,
    speaker TEXT NOT NULL,
    role TEXT NOT NULL,
    text TEXT NOT NULL,
    time TEXT,
    meta TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    UNIQUE (space, id)
);
CREATE INDEX turns_by_session ON turns (space, session);
CREATE TABLE entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    space INTEGER NOT NULL REFERENCES spaces,
    kind INTEGER NOT NULL,
    owner TEXT NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    length INTEGER NOT NULL,
    terms TEXT NOT NULL
);
CREATE INDEX entries_by_kind ON entries (space, kind);
CREATE INDEX entries_by_owner ON entries (space, kind, owner);
CREATE TABLE postings (
    space INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    term TEXT NOT NULL,
    entry INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (space, kind, term, entry)
) WITHOUT ROWID;
CREATE TABLE vectors (
    entry INTEGER PRIMARY KEY REFERENCES entries ON DELETE CASCADE,
    vector BLOB NOT NULL
);
CREATE TABLE events (
    space INTEGER NOT NULL REFERENCES spaces,
    id TEXT NOT NULL,
    session TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    extent TEXT NOT NULL,
    closed INTEGER NOT NULL,
    consolidated INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (space, id)
);
CREATE INDEX events_by_change ON events (space, changed);
CREATE INDEX events_by_session ON events (space, session);
CREATE INDEX events_to_consolidate ON events (space) WHERE closed AND NOT consolidated;
CREATE TABLE thoughts (
    space INTEGER NOT NULL REFERENCES spaces,
    id TEXT NOT NULL,
    subject TEXT NOT NULL,
    predicate TEXT NOT NULL,
    changed INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (space, id)
);
CREATE INDEX thoughts_by_change ON thoughts (space, changed);
CREATE INDEX thoughts_by_slot ON thoughts (space, subject, predicate);
CREATE TABLE sources (
    space INTEGER NOT NULL,
    thought TEXT NOT NULL,
    turn TEXT NOT NULL,
    PRIMARY KEY (space, turn, thought),
    FOREIGN KEY (space, thought) REFERENCES thoughts ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX sources_by_thought ON sources (space, thought);
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    space INTEGER NOT NULL REFERENCES spaces,
    turns TEXT NOT NULL,
    reason TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE TABLE mentions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    space INTEGER NOT NULL REFERENCES spaces,
    turn TEXT NOT NULL,
    entity TEXT NOT NULL,
    surface TEXT NOT NULL,
    UNIQUE (space, turn, entity, surface)
);
CREATE INDEX mentions_by_space ON mentions (space);
CREATE TABLE operations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    space INTEGER NOT NULL REFERENCES spaces,
    time TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    before TEXT NOT NULL,
    undone_by INTEGER
);
CREATE INDEX operations_by_space ON operations (space);
CREATE TABLE buried (
    space INTEGER NOT NULL REFERENCES spaces,
    digest TEXT NOT NULL,
    PRIMARY KEY (space, digest)
) WITHOUT ROWID;
"""

# Without it, reading what came after the last turn seen went through all turns of the space.
_TURNS_IN_ORDER = """
CREATE INDEX turns_in_order ON turns (space);
"""

# Nothing looks thoughts up by what they are about; the index was only written.
_NO_SLOTS = """
DROP INDEX thoughts_by_slot;
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _TURNS_IN_ORDER, _NO_SLOTS)
"""Step n brings a file from version n to n + 1; steps are only ever added at the end."""


def migrate(
    connection: sqlite3.Connection, path: str, migrations: tuple[str, ...] = MIGRATIONS
) -> None:
    """Bring the database up to the last migration, in one transaction.

    Raises:
        HomeTooNew: a newer knowhen wrote it.
        HomeUnavailable: another program's tables are in it.
    """
    if _version(connection) == len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = _version(connection)  # another process may have been first
        if found > len(migrations):
            raise HomeTooNew(
                f"{path} was written by a newer knowhen (format {found}, this one knows "
                f"{len(migrations)}); upgrade knowhen to open it"
            )
        if found == 0 and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise HomeUnavailable(
                f"{path} belongs to another program; move it away or choose another home"
            )
        for step in migrations[found:]:
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(step: str) -> list[str]:
    """Single statements: `executescript` would commit between them."""
    found, statement = [], ""
    for line in step.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            found.append(statement.strip())
            statement = ""
    return found
