"""Thoughts that wait for a chat model to say how they relate to others."""

import json
from collections.abc import Iterable

from knowhen.memory.stores.base import Store


class Unjudged:
    """Ids kept in the store, so that a crash or a failed call skips none; erasing takes them out.

    Changes are made to what stands there, inside the caller's transaction, because another
    process may have added some.
    """

    def __init__(self, store: Store, space: str) -> None:
        self._store, self._key = store, f"unjudged:{space}"

    def ids(self) -> list[str]:
        """Ids of the waiting thoughts, the longest waiting first."""
        return list(json.loads(self._store.setting(self._key) or "[]"))

    def add(self, thought_ids: Iterable[str]) -> None:
        self._change(self.ids(), [*self.ids(), *thought_ids])

    def discard(self, thought_ids: Iterable[str]) -> None:
        """Take ids out; those that are not there are ignored."""
        gone, waiting = set(thought_ids), self.ids()
        self._change(waiting, [key for key in waiting if key not in gone])

    def _change(self, before: list[str], after: list[str]) -> None:
        after = list(dict.fromkeys(after))
        if after != before:
            self._store.set_setting(self._key, json.dumps(after))
