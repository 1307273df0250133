"""The operation log in SQLite."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from knowhen.memory.stores.base import LoggedOperation
from knowhen.memory.stores.codec import dumps, loads
from knowhen.memory.stores.content import names_any
from knowhen.memory.stores.database import chunks
from knowhen.memory.stores.view_rows import MentionRows

_COLUMNS = "id, time, kind, payload, before, undone_by"


class LogRows(MentionRows):
    """Operations in the order they were applied, with what undo needs."""

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
