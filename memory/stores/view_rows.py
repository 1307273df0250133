"""Derived records in SQLite: events, thoughts, quarantined proposals and mentions."""

from collections.abc import Sequence

from knowhen.memory.records import Event, Thought
from knowhen.memory.stores.base import Mention
from knowhen.memory.stores.codec import (
    dumps,
    event_from_dict,
    event_to_dict,
    loads,
    thought_from_dict,
    thought_to_dict,
)
from knowhen.memory.stores.database import chunks
from knowhen.memory.stores.entry_rows import EntryRows


def _changed(few: bool) -> str:
    """The column, behind a plus that hides it from the planner where few rows are looked for.

    It would rather go through everything that changed than look up two ids.
    """
    return "+changed" if few else "changed"


class EventRows(EntryRows):
    """Events, and which of them were thought about."""

    def put_events(self, space: str, events: Sequence[Event]) -> None:
        if not events:
            return
        with self._db.writing():
            number, version = self._touch(space)
            self._db.many(
                "INSERT INTO events "
                "(space, id, session, first_seq, extent, closed, changed, body) VALUES "
                "(?1, ?2, ?3, IFNULL((SELECT seq FROM turns WHERE space = ?1 AND id = ?4), 0), "
                "?5, ?6, ?7, ?8) "
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


class ThoughtRows(EventRows):
    """Thoughts with an index by slot and by source, and proposals that failed their check."""

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

    def delete_thoughts(self, space: str, thought_ids: Sequence[str]) -> None:
        with self._db.writing():
            if self._delete(space, "thoughts", thought_ids):
                self._touch(space, vanish=True)
            self.delete_entries(space, "thought", thought_ids)

    def thoughts(
        self,
        space: str,
        *,
        changed_after: int = 0,
        ids: Sequence[str] | None = None,
        slot: tuple[str, str] | None = None,
        turn_id: str | None = None,
    ) -> list[Thought]:
        few = ids is not None or slot is not None or turn_id is not None
        where = f"space = ?1 AND {_changed(few)} > ?2"
        values: list[object] = [self._number(space), changed_after]
        if slot is not None:
            where, values = f"{where} AND subject = ? AND predicate = ?", [*values, *slot]
        if turn_id is not None:
            where += " AND id IN (SELECT thought FROM sources WHERE space = ?1 AND turn = ?)"
            values = [*values, turn_id]
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


class MentionRows(ThoughtRows):
    """Which turn names which entity."""

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
