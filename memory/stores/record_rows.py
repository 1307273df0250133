"""What was made of the turns: events, thoughts, refused proposals, mentions, the log."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from knowhen.memory.records import Event, Thought
from knowhen.memory.stores.base import LoggedOperation, Mention
from knowhen.memory.stores.codec import (
    decoded,
    dumps,
    event_from_dict,
    loads,
    names_any,
    row_of,
    thought_from_dict,
)
from knowhen.memory.stores.database import Database, chunks
from knowhen.memory.stores.turn_rows import SpaceRows, touch

_FEW = 40
"""Ids that are looked for one by one before every operation is read."""
_COLUMNS = "id, time, kind, payload, before, undone_by"


def _changed(few: bool) -> str:
    """The column, behind a plus that hides it from the planner where few rows are looked for.

    It would rather go through everything that changed than look up two ids.
    """
    return "+changed" if few else "changed"


class RecordRows(SpaceRows):
    """Events, thoughts, refused proposals and mentions, and the log of what was done to them."""

    # Events ------------------------------------------------------------------------------

    def put_events(self, space: str, events: Sequence[Event]) -> None:
        if not events:
            return
        with self._writing(space) as db:
            version = touch(db)
            db.many(
                "INSERT INTO events "
                "(id, session, first_seq, extent, closed, changed, body) VALUES "
                "(?, ?, IFNULL((SELECT seq FROM turns WHERE id = ?), 0), "
                "?, ?, ?, ?) "
                # An event that got other turns has not been thought about.
                "ON CONFLICT (id) DO UPDATE SET "
                "consolidated = consolidated AND extent = excluded.extent, "
                "session = excluded.session, first_seq = excluded.first_seq, "
                "extent = excluded.extent, closed = excluded.closed, "
                "changed = excluded.changed, body = excluded.body",
                (
                    (
                        event.id,
                        event.session,
                        event.first_turn,
                        dumps([event.first_turn, event.last_turn, event.turns]),
                        event.closed,
                        version,
                        dumps(row_of(event)),
                    )
                    for event in events
                ),
            )

    def delete_events(self, space: str, event_ids: Sequence[str]) -> None:
        with self._writing(space) as db:
            if delete(db, "events", event_ids):
                touch(db, vanish=True)

    def events(
        self, space: str, *, changed_after: int = 0, session: str | None = None
    ) -> list[Event]:
        where = f"{_changed(session is not None)} > ?"
        values: list[object] = [changed_after]
        if session is not None:
            where, values = f"{where} AND session = ?", [changed_after, session]
        return self._events(space, where, values)

    def set_consolidated(self, space: str, event_ids: Sequence[str], done: bool) -> None:
        with self._writing(space) as db:
            changed = [
                db.run(
                    f"UPDATE events SET consolidated = ? WHERE id IN ({marks})",
                    (done, *group),
                )
                for marks, group in chunks(event_ids)
            ]
            if not sum(changed):
                return
            version = touch(db)
            for marks, group in chunks(event_ids):
                db.run(
                    f"UPDATE events SET changed = ? WHERE id IN ({marks})",
                    (version, *group),
                )

    def unconsolidated(self, space: str, *, ids: Sequence[str] | None = None) -> list[Event]:
        waiting = "closed AND NOT consolidated"
        if ids is None:
            return self._events(space, waiting, [])
        return [
            event
            for marks, group in chunks(ids)
            for event in self._events(space, f"{waiting} AND id IN ({marks})", group)
        ]

    def _events(self, space: str, where: str, values: list[object]) -> list[Event]:
        rows = self._at(space).all(
            f"SELECT id, body FROM events WHERE {where} ORDER BY first_seq, id",
            values,
        )
        return decoded("event", rows, lambda row: event_from_dict(loads(row[1])))

    # Thoughts --------------------------------------------------------------------------
    def put_thoughts(self, space: str, thoughts: Sequence[Thought]) -> None:
        if not thoughts:
            return
        with self._writing(space) as db:
            version = touch(db)
            for thought in thoughts:
                _put_thought(db, version, thought)

    def thoughts(
        self,
        space: str,
        *,
        changed_after: int = 0,
        ids: Sequence[str] | None = None,
        turn_id: str | None = None,
    ) -> list[Thought]:
        few = ids is not None or turn_id is not None
        values: list[object]
        where, values = f"{_changed(few)} > ?", [changed_after]
        if turn_id is not None:
            where += " AND id IN (SELECT thought FROM sources WHERE turn = ?)"
            values += [turn_id]
        wheres = [(where, values)]
        if ids is not None:
            wheres = [(f"{where} AND id IN ({marks})", [*values, *g]) for marks, g in chunks(ids)]
        rows = [
            row
            for condition, bound in wheres
            for row in self._at(space).all(
                f"SELECT id, body FROM thoughts WHERE {condition}", bound
            )
        ]
        found = decoded("thought", rows, lambda row: thought_from_dict(loads(row[1])))
        return sorted(found, key=lambda thought: thought.id)

    def thought_ids(self, space: str) -> list[str]:
        return [row[0] for row in self._at(space).all("SELECT id FROM thoughts")]

    def quarantine(self, space: str, turn_ids: Sequence[str], reason: str, text: str) -> None:
        with self._writing(space) as db:
            touch(db)
            db.run(
                "INSERT INTO quarantine (turns, reason, text) VALUES (?, ?, ?)",
                (dumps(list(turn_ids)), reason, text),
            )

    def quarantined(self, space: str) -> list[tuple[Sequence[str], str, str]]:
        rows = self._at(space).all("SELECT id, turns, reason, text FROM quarantine ORDER BY id")
        return decoded("refused proposal", rows, lambda row: (tuple(loads(row[1])), row[2], row[3]))

    # Mentions --------------------------------------------------------------------------
    def add_mentions(self, space: str, mentions: Sequence[Mention]) -> None:
        if not mentions:
            return
        with self._writing(space) as db:
            added = db.many(
                "INSERT OR IGNORE INTO mentions (turn, entity, surface) VALUES (?, ?, ?)",
                ((m.turn_id, m.entity, m.surface) for m in mentions),
            )
            if added:
                touch(db)

    def mentions(self, space: str, *, after: int = 0) -> list[tuple[int, Mention]]:
        rows = self._at(space).all(
            "SELECT id, turn, entity, surface FROM mentions WHERE id > ? ORDER BY id",
            (after,),
        )
        return [(key, Mention(turn, entity, surface)) for key, turn, entity, surface in rows]

    # Operation log ---------------------------------------------------------------------
    def log(
        self,
        space: str,
        kind: str,
        payload: Mapping[str, object],
        before: Mapping[str, object],
        time: datetime,
    ) -> int:
        with self._writing(space) as db:
            touch(db)
            return db.insert(
                "INSERT INTO operations (time, kind, payload, before) VALUES (?, ?, ?, ?)",
                (time.isoformat(), kind, dumps(payload), dumps(before)),
            )

    def operations(
        self, space: str, *, ids: Sequence[int] | None = None, newest: int | None = None
    ) -> list[LoggedOperation]:
        select = f"SELECT {_COLUMNS} FROM operations"
        if ids is not None:
            rows = [
                row
                for marks, group in chunks(ids)
                for row in self._at(space).all(f"{select} WHERE id IN ({marks})", group)
            ]
            rows.sort(key=lambda row: -row[0])
            rows = rows if newest is None else rows[: max(0, newest)]
        else:
            limit = -1 if newest is None else max(0, newest)
            rows = self._at(space).all(f"{select} ORDER BY id DESC LIMIT ?", (limit,))
        return decoded("operation", reversed(rows), lambda row: _operation(space, row))

    def mark_undone(self, space: str, operation_id: int, by: int) -> None:
        with self._writing(space) as db:
            if db.run("UPDATE operations SET undone_by = ? WHERE id = ?", (by, operation_id)):
                touch(db)

    def scrub(self, space: str, ids: Sequence[str]) -> None:
        wanted = set(ids)
        with self._writing(space) as db:
            hit = [
                key
                for key, payload, before in _naming(db, wanted)
                if _names_any(payload, wanted) or _names_any(before, wanted)
            ]
            if hit:
                touch(db)
                db.many(
                    "UPDATE operations SET payload = '{}', before = '{}' WHERE id = ?",
                    ((key,) for key in hit),
                )


def delete(db: Database, table: str, ids: Sequence[str]) -> int:
    """Delete rows by id; how many that were."""
    return sum(
        db.run(f"DELETE FROM {table} WHERE id IN ({marks})", group) for marks, group in chunks(ids)
    )


def _operation(space: str, row: Sequence[Any]) -> LoggedOperation:
    key, time, kind, payload, before, by = row
    when = datetime.fromisoformat(time)
    return LoggedOperation(key, space, when, kind, loads(payload), loads(before), by)


def _names_any(written: str, ids: Collection[str]) -> bool:
    """Whether a logged value names one of the ids; one that cannot be read may."""
    try:
        return names_any(loads(written), ids)
    except ValueError:
        return True


def _naming(db: Database, ids: Collection[str]) -> list[tuple[int, str, str]]:
    """Logged operations in whose text one of a few ids stands; all of them if ids are many."""
    select = "SELECT id, payload, before FROM operations"
    if len(ids) > _FEW:
        return db.all(select)
    written = [dumps([each])[2:-2] for each in ids]  # as inside JSON
    where = " OR ".join(["instr(payload, ?) OR instr(before, ?)"] * len(written)) or "0"
    return db.all(f"{select} WHERE {where}", [each for each in written for _ in range(2)])


def _put_thought(db: Database, version: int, thought: Thought) -> None:
    db.run(
        "INSERT INTO thoughts VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
        "changed = excluded.changed, body = excluded.body",
        (thought.id, version, dumps(row_of(thought))),
    )
    db.run("DELETE FROM sources WHERE thought = ?", (thought.id,))
    db.many(
        "INSERT INTO sources VALUES (?, ?)",
        ((thought.id, turn) for turn in {s.turn_id for s in thought.sources}),
    )
