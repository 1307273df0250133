"""What was made of the turns: events, thoughts, refused proposals, mentions, the log."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from knowhen.memory.records import Event, Thought
from knowhen.memory.stores.base import LoggedOperation, Mention
from knowhen.memory.stores.codec import (
    dumps,
    event_from_dict,
    event_to_dict,
    loads,
    names_any,
    thought_from_dict,
    thought_to_dict,
)
from knowhen.memory.stores.database import chunks
from knowhen.memory.stores.turn_rows import SpaceRows

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
        with self._db.writing():
            number, version = self._touch(space)
            self._db.many(
                "INSERT INTO events "
                "(space, id, session, first_seq, extent, closed, changed, body) VALUES "
                "(?, ?, ?, IFNULL((SELECT seq FROM turns WHERE space = ? AND id = ?), 0), "
                "?, ?, ?, ?) "
                # An event that got other turns has not been thought about.
                "ON CONFLICT (space, id) DO UPDATE SET "
                "consolidated = consolidated AND extent = excluded.extent, "
                "session = excluded.session, first_seq = excluded.first_seq, "
                "extent = excluded.extent, closed = excluded.closed, "
                "changed = excluded.changed, body = excluded.body",
                (
                    (
                        number,
                        event.id,
                        event.session,
                        number,
                        event.first_turn,
                        dumps([event.first_turn, event.last_turn, event.turns]),
                        event.closed,
                        version,
                        dumps(event_to_dict(event)),
                    )
                    for event in events
                ),
            )

    def delete_events(self, space: str, event_ids: Sequence[str]) -> None:
        with self._db.writing():
            if self._delete(space, "events", event_ids):
                self._touch(space, vanish=True)

    def events(
        self, space: str, *, changed_after: int = 0, session: str | None = None
    ) -> list[Event]:
        where = f"{_changed(session is not None)} > ?"
        values: list[object] = [changed_after]
        if session is not None:
            where, values = f"{where} AND session = ?", [changed_after, session]
        return self._events(space, where, values)

    def set_consolidated(self, space: str, event_ids: Sequence[str], done: bool) -> None:
        with self._db.writing():
            number = self._number(space)
            changed = [
                self._db.run(
                    f"UPDATE events SET consolidated = ? WHERE space = ? AND id IN ({marks})",
                    (done, number, *group),
                )
                for marks, group in chunks(event_ids)
            ]
            if not sum(changed):
                return
            _, version = self._touch(space)
            for marks, group in chunks(event_ids):
                self._db.run(
                    f"UPDATE events SET changed = ? WHERE space = ? AND id IN ({marks})",
                    (version, number, *group),
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
        rows = self._db.all(
            f"SELECT body FROM events WHERE space = ? AND {where} ORDER BY first_seq, id",
            (self._number(space), *values),
        )
        return [event_from_dict(loads(body)) for (body,) in rows]

    def _delete(self, space: str, table: str, ids: Sequence[str]) -> int:
        number = self._number(space)
        return sum(
            self._db.run(
                f"DELETE FROM {table} WHERE space = ? AND id IN ({marks})", (number, *group)
            )
            for marks, group in chunks(ids)
        )

    # Thoughts --------------------------------------------------------------------------
    def put_thoughts(self, space: str, thoughts: Sequence[Thought]) -> None:
        if not thoughts:
            return
        with self._db.writing():
            number, version = self._touch(space)
            for thought in thoughts:
                self._put_thought(number, version, thought)

    def _put_thought(self, number: int, version: int, thought: Thought) -> None:
        self._db.run(
            "INSERT INTO thoughts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (space, id) DO UPDATE SET "
            "subject = excluded.subject, predicate = excluded.predicate, "
            "changed = excluded.changed, body = excluded.body",
            (
                number,
                thought.id,
                thought.subject,
                thought.predicate,
                version,
                dumps(thought_to_dict(thought)),
            ),
        )
        self._db.run("DELETE FROM sources WHERE space = ? AND thought = ?", (number, thought.id))
        self._db.many(
            "INSERT INTO sources VALUES (?, ?, ?)",
            ((number, thought.id, turn) for turn in {s.turn_id for s in thought.sources}),
        )

    def thoughts(
        self,
        space: str,
        *,
        changed_after: int = 0,
        ids: Sequence[str] | None = None,
        turn_id: str | None = None,
    ) -> list[Thought]:
        few = ids is not None or turn_id is not None
        number = self._number(space)
        values: list[object]
        where, values = f"space = ? AND {_changed(few)} > ?", [number, changed_after]
        if turn_id is not None:
            where += " AND id IN (SELECT thought FROM sources WHERE space = ? AND turn = ?)"
            values += [number, turn_id]
        wheres = [(where, values)]
        if ids is not None:
            wheres = [(f"{where} AND id IN ({marks})", [*values, *g]) for marks, g in chunks(ids)]
        rows = [
            row
            for condition, bound in wheres
            for row in self._db.all(f"SELECT body FROM thoughts WHERE {condition}", bound)
        ]
        found = [thought_from_dict(loads(body)) for (body,) in rows]
        return sorted(found, key=lambda thought: thought.id)

    def quarantine(self, space: str, turn_ids: Sequence[str], reason: str, text: str) -> None:
        with self._db.writing():
            number, _ = self._touch(space)
            self._db.run(
                "INSERT INTO quarantine (space, turns, reason, text) VALUES (?, ?, ?, ?)",
                (number, dumps(list(turn_ids)), reason, text),
            )

    def quarantined(self, space: str) -> list[tuple[Sequence[str], str, str]]:
        rows = self._db.all(
            "SELECT turns, reason, text FROM quarantine WHERE space = ? ORDER BY id",
            (self._number(space),),
        )
        return [(tuple(loads(turns)), reason, text) for turns, reason, text in rows]

    # Mentions --------------------------------------------------------------------------
    def add_mentions(self, space: str, mentions: Sequence[Mention]) -> None:
        if not mentions:
            return
        with self._db.writing():
            self._db.run("INSERT OR IGNORE INTO spaces (name) VALUES (?)", (space,))
            number = self._number(space)
            added = self._db.many(
                "INSERT OR IGNORE INTO mentions (space, turn, entity, surface) VALUES (?, ?, ?, ?)",
                ((number, m.turn_id, m.entity, m.surface) for m in mentions),
            )
            if added:
                self._touch(space)

    def mentions(self, space: str, *, after: int = 0) -> list[tuple[int, Mention]]:
        rows = self._db.all(
            "SELECT id, turn, entity, surface FROM mentions WHERE space = ? AND id > ? ORDER BY id",
            (self._number(space), after),
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
        with self._db.writing():
            number, _ = self._touch(space)
            return self._db.insert(
                "INSERT INTO operations (space, time, kind, payload, before) "
                "VALUES (?, ?, ?, ?, ?)",
                (number, time.isoformat(), kind, dumps(payload), dumps(before)),
            )

    def operations(
        self, space: str, *, ids: Sequence[int] | None = None, newest: int | None = None
    ) -> list[LoggedOperation]:
        number = self._number(space)
        select = f"SELECT {_COLUMNS} FROM operations WHERE space = ?"
        if ids is not None:
            rows = [
                row
                for marks, group in chunks(ids)
                for row in self._db.all(f"{select} AND id IN ({marks})", (number, *group))
            ]
            rows.sort(key=lambda row: -row[0])
            rows = rows if newest is None else rows[: max(0, newest)]
        else:
            limit = -1 if newest is None else max(0, newest)
            rows = self._db.all(f"{select} ORDER BY id DESC LIMIT ?", (number, limit))
        return [
            LoggedOperation(
                key, space, datetime.fromisoformat(time), kind, loads(payload), loads(before), by
            )
            for key, time, kind, payload, before, by in reversed(rows)
        ]

    def mark_undone(self, operation_id: int, by: int) -> None:
        with self._db.writing():
            row = self._db.one(
                "SELECT name FROM spaces JOIN operations ON space = number WHERE id = ?",
                (operation_id,),
            )
            if row:
                self._touch(row[0])
                self._db.run("UPDATE operations SET undone_by = ? WHERE id = ?", (by, operation_id))

    def scrub(self, space: str, ids: Sequence[str]) -> None:
        wanted = set(ids)
        with self._db.writing():
            hit = [
                operation.id
                for operation in self.operations(space)
                if names_any(operation.payload, wanted) or names_any(operation.before, wanted)
            ]
            if hit:
                self._touch(space)
                self._db.many(
                    "UPDATE operations SET payload = '{}', before = '{}' WHERE id = ?",
                    ((key,) for key in hit),
                )
