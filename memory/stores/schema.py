"""Tables of a home and of a cell, and the steps that bring an older file up to date."""

import sqlite3

from knowhen.memory.errors import HomeTooNew, HomeUnavailable

# What all spaces share. A space that has `begun` may not hold anything yet; one that is to be
# purged may have bytes left of what was deleted.
_HOME = """
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE spaces (
    name TEXT PRIMARY KEY,
    begun INTEGER NOT NULL,
    purge INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
"""

# One space. Records whose fields nobody searches by are kept as JSON in `body`, so that a new
# field needs no migration. Numbers are AUTOINCREMENT because caches ask for "after the last I
# saw": a number that came back with another row would be missed.
_CELL = """
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE space (version INTEGER NOT NULL, epoch INTEGER NOT NULL);
INSERT INTO space VALUES (0, 0);
CREATE TABLE turns (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    session TEXT NOT NULL,
    speaker TEXT NOT NULL,
    role TEXT NOT NULL,
    text TEXT NOT NULL,
    time TEXT,
    meta TEXT NOT NULL,
    recorded_at TEXT NOT NULL
);
CREATE INDEX turns_by_session ON turns (session);
CREATE TABLE entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,
    owner TEXT NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    length INTEGER NOT NULL,
    terms TEXT NOT NULL
);
CREATE INDEX entries_by_kind ON entries (kind);
CREATE INDEX entries_by_owner ON entries (kind, owner);
CREATE TABLE postings (
    kind INTEGER NOT NULL,
    term TEXT NOT NULL,
    entry INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (kind, term, entry)
) WITHOUT ROWID;
CREATE TABLE vectors (
    entry INTEGER PRIMARY KEY REFERENCES entries ON DELETE CASCADE,
    vector BLOB NOT NULL
);
CREATE TABLE events (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    extent TEXT NOT NULL,
    closed INTEGER NOT NULL,
    consolidated INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX events_by_change ON events (changed);
CREATE INDEX events_by_session ON events (session);
CREATE INDEX events_to_consolidate ON events (first_seq) WHERE closed AND NOT consolidated;
CREATE TABLE thoughts (
    id TEXT PRIMARY KEY,
    changed INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX thoughts_by_change ON thoughts (changed);
CREATE TABLE sources (
    thought TEXT NOT NULL REFERENCES thoughts ON DELETE CASCADE,
    turn TEXT NOT NULL,
    PRIMARY KEY (turn, thought)
) WITHOUT ROWID;
CREATE INDEX sources_by_thought ON sources (thought);
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    turns TEXT NOT NULL,
    reason TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE TABLE mentions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    turn TEXT NOT NULL,
    entity TEXT NOT NULL,
    surface TEXT NOT NULL,
    UNIQUE (turn, entity, surface)
);
CREATE INDEX mentions_by_entity ON mentions (entity);
CREATE TABLE operations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    before TEXT NOT NULL,
    undone_by INTEGER
);
CREATE TABLE buried (digest TEXT PRIMARY KEY) WITHOUT ROWID;
"""

HOME_STEPS: tuple[str, ...] = (_HOME,)
CELL_STEPS: tuple[str, ...] = (_CELL,)
"""Step n brings a file from version n to n + 1; steps are only ever added at the end."""


def prepare_home(connection: sqlite3.Connection, path: str) -> None:
    """Bring `home.db` up to date."""
    migrate(connection, path, HOME_STEPS)


def prepare_cell(connection: sqlite3.Connection, path: str) -> None:
    """Bring the file of a space up to date."""
    migrate(connection, path, CELL_STEPS)


def migrate(connection: sqlite3.Connection, path: str, steps: tuple[str, ...]) -> None:
    """Bring the database up to the last step, in one transaction.

    Raises:
        HomeTooNew: a newer knowhen wrote it.
        HomeUnavailable: another program's tables are in it.
    """
    if _version(connection) == len(steps):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = _version(connection)  # another process may have been first
        if found > len(steps):
            raise HomeTooNew(
                f"{path} was written by a newer knowhen (format {found}, this one knows "
                f"{len(steps)}); upgrade knowhen to open it"
            )
        if found == 0 and connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise HomeUnavailable(
                f"{path} belongs to another program; move it away or choose another home"
            )
        for step in steps[found:]:
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(steps)}")
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
