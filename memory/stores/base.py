"""The store seam: one home's records, full-text index, vectors and operation log.

A store keeps rows and never interprets them. All rows belong to one space; nothing is read
across spaces, and every space has a lock of its own. Rows carry `changed`, the space's version
at their last write, so that a cache catches up by asking for what changed after the version it
has seen. When rows vanish or move, the space's `epoch` grows and caches start anew.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.records import Event, Thought, Turn

EntryKind = Literal["turn", "thought", "entity"]
KINDS: tuple[EntryKind, ...] = get_args(EntryKind)
Vectors = NDArray[np.float32]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A turn with its place in the store: `seq` grows in arrival order over its space."""

    seq: int
    turn: Turn
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """A piece of text that can be found: a part of a turn, a thought, or an entity's name."""

    kind: EntryKind
    owner: str
    """Id of the turn, thought or entity that it belongs to."""
    start: int
    end: int
    """Characters `start:end` of the owner's text."""
    terms: Sequence[str]
    """Analysed terms, in order, as the full-text index keeps them."""
    vector: Vectors | None = None
    """Unit length, shape (dimension,); None while the embedding is pending."""
    id: int = 0
    """Given by the store."""


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry as a cache wants it: without terms and vector."""

    id: int
    owner: str
    start: int
    end: int
    length: int
    """Number of terms."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A turn names an entity; `surface` is how it was written there."""

    turn_id: str
    entity: str
    """Normalised name, the entity's key in its space."""
    surface: str


@dataclass(frozen=True, slots=True)
class LoggedOperation:
    """A row of the operation log. `before` holds what undo puts back."""

    id: int
    space: str
    time: datetime
    kind: str
    payload: Mapping[str, object]
    before: Mapping[str, object]
    undone_by: int | None = None


class Store(Protocol):
    """One home. Every write of a space happens inside its transaction; others queue for it."""

    def transaction(self, space: str) -> AbstractContextManager[None]:
        """Hold the space's write lock; commit at the end, roll back on an exception. Nests.

        The lock is taken before anything is read or numbered inside.
        """
        ...

    def snapshot(self, space: str) -> AbstractContextManager[None]:
        """Let all reads of the space see one state, whatever other processes commit meanwhile.

        For reads only; inside a transaction it adds nothing, since that already holds the lock.
        """
        ...

    def setting(self, key: str, *, space: str | None = None) -> str | None:
        """A setting of the home, or one of a space."""
        ...

    def set_setting(self, key: str, value: str, *, space: str | None = None) -> None:
        """Keep a setting; that of a space belongs to its transaction, that of the home to none."""
        ...

    def claim_setting(self, key: str, value: str) -> str:
        """Keep a setting of the home unless there is one already; give back the one that stands."""
        ...

    def spaces(self) -> list[str]:
        """Names of the spaces that were ever written to, sorted; opens none of them."""
        ...

    def version(self, space: str) -> int:
        """Grows with every committed change of the space, by any process; 0 if unknown."""
        ...

    def epoch(self, space: str) -> int:
        """Grows when rows of the space vanished or moved."""
        ...

    # Turns -------------------------------------------------------------------------------
    def add_turns(
        self, space: str, turns: Sequence[Turn], recorded_at: datetime
    ) -> list[StoredTurn]:
        """Add turns that have ids and times; give back only those that were new.

        Raises:
            TurnConflict: an id is there already with other content.
        """
        ...

    def turn(self, space: str, turn_id: str) -> StoredTurn | None: ...

    def turns(
        self,
        space: str,
        *,
        after: int = 0,
        session: str | None = None,
        ids: Sequence[str] | None = None,
        newest: int | None = None,
    ) -> Iterator[StoredTurn]:
        """Turns in arrival order with seq > `after`; only the last `newest` if that is given."""
        ...

    def count_turns(self, space: str) -> int: ...
    def sessions(self, space: str) -> list[str]:
        """Session names in the order of their first turn."""
        ...

    def delete_turns(self, space: str, turn_ids: Sequence[str]) -> None:
        """Delete turns with their entries, mentions and tombstone-free traces."""
        ...

    def bury(self, space: str, digests: Iterable[str]) -> None:
        """Keep keyed digests of erased turns, so that they are not remembered again."""
        ...

    def buried(self, space: str, digests: Sequence[str]) -> set[str]: ...

    # Entries: full text and vectors ------------------------------------------------------
    def add_entries(self, space: str, entries: Sequence[Entry]) -> list[int]: ...
    def delete_entries(self, space: str, kind: EntryKind, owners: Sequence[str]) -> None: ...

    def entries(self, space: str, kind: EntryKind, *, after: int = 0) -> list[EntryRow]:
        """Entries with id > `after`, by id."""
        ...

    def entry_ids(self, space: str, kind: EntryKind) -> Integers:
        """Ids of the entries that have a vector, ascending, so that a cache can drop the others."""
        ...

    def postings(
        self, space: str, kind: EntryKind, terms: Iterable[str]
    ) -> dict[str, tuple[Integers, Integers]]:
        """For each known term, ids of the entries that hold it and how often; ids ascend."""
        ...

    def vectors(self, space: str, kind: EntryKind, *, after: int = 0) -> tuple[Integers, Vectors]:
        """Ids (n,) ascending and unit vectors (n, dimension) of the entries with id > `after`."""
        ...

    def vectors_of(self, space: str, kind: EntryKind, owners: Sequence[str]) -> dict[str, Vectors]:
        """Vectors of the given owners' entries, shape (entries, dimension) each."""
        ...

    def pending_vectors(self, space: str) -> list[Entry]:
        """Entries that wait for their vector."""
        ...

    def set_vectors(self, space: str, vectors: Mapping[int, Vectors]) -> None: ...

    # Events ------------------------------------------------------------------------------
    def put_events(self, space: str, events: Sequence[Event]) -> None:
        """Add or replace by id."""
        ...

    def delete_events(self, space: str, event_ids: Sequence[str]) -> None: ...

    def events(
        self, space: str, *, changed_after: int = 0, session: str | None = None
    ) -> list[Event]:
        """Events in the order of their first turn's arrival."""
        ...

    def set_consolidated(self, space: str, event_ids: Sequence[str], done: bool) -> None: ...

    def unconsolidated(self, space: str, *, ids: Sequence[str] | None = None) -> list[Event]:
        """Closed events whose turns were not yet thought about: the durable work queue."""
        ...

    # Thoughts ----------------------------------------------------------------------------
    def put_thoughts(self, space: str, thoughts: Sequence[Thought]) -> None:
        """Add or replace by id."""
        ...

    def delete_thoughts(self, space: str, thought_ids: Sequence[str]) -> None: ...

    def thoughts(
        self,
        space: str,
        *,
        changed_after: int = 0,
        ids: Sequence[str] | None = None,
        turn_id: str | None = None,
    ) -> list[Thought]:
        """Thoughts by id order; `turn_id` is one of the sources."""
        ...

    def thought_ids(self, space: str) -> list[str]:
        """Ids of all thoughts, so that a cache can drop those that are gone."""
        ...

    def quarantine(self, space: str, turn_ids: Sequence[str], reason: str, text: str) -> None:
        """Keep a proposal that failed its check, for the user to see."""
        ...

    def quarantined(self, space: str) -> list[tuple[Sequence[str], str, str]]: ...

    # Mentions ----------------------------------------------------------------------------
    def add_mentions(self, space: str, mentions: Sequence[Mention]) -> None: ...
    def mentions(self, space: str, *, after: int = 0) -> list[tuple[int, Mention]]:
        """Row id and mention, for rows after `after`."""
        ...

    # Operation log -----------------------------------------------------------------------
    def log(
        self,
        space: str,
        kind: str,
        payload: Mapping[str, object],
        before: Mapping[str, object],
        time: datetime,
    ) -> int: ...

    def operations(
        self, space: str, *, ids: Sequence[int] | None = None, newest: int | None = None
    ) -> list[LoggedOperation]: ...

    def mark_undone(self, space: str, operation_id: int, by: int) -> None: ...

    def scrub(self, space: str, ids: Sequence[str]) -> None:
        """Blank payload and before-image of every logged operation that names one of the ids."""
        ...

    # Care --------------------------------------------------------------------------------
    def bump_epoch(self, space: str) -> None: ...

    def clear_derived(self, space: str) -> None:
        """Drop everything that can be rebuilt from turns and the operation log."""
        ...

    def purge(self, space: str) -> bool:
        """Leave no byte of deleted rows of a space in any file; False if somebody still reads them.

        Then the next opening finishes it.
        """
        ...

    def residues(self, space: str, needles: Sequence[bytes]) -> list[tuple[str, list[int]]]:
        """Those of the space's files in which needles occur, with the places of these needles."""
        ...

    def files(self, space: str) -> list[str]:
        """Files that may hold something of the space: its own, and those of the whole home."""
        ...

    def says(self, space: str, texts: Sequence[str]) -> list[bool]:
        """For each text whether a record of the space still holds it."""
        ...

    def beside(self, space: str) -> Path | None:
        """A folder for what is kept of a space beside its rows; None if nothing is on the disk."""
        ...

    def check(self, space: str | None = None) -> list[str]:
        """Inconsistencies of a space, or of all, in words; empty when all is well."""
        ...

    def mend(self, space: str) -> list[str]:
        """Give up what cannot be read of a space, and say what that was; a reindex follows."""
        ...

    def backup(self, folder: Path) -> int:
        """Copy every space into a new folder, each as it is at one moment; how many there are."""
        ...

    def disk_bytes(self, space: str | None = None) -> int:
        """What a space, or the home, takes on the disk."""
        ...

    def close(self) -> None: ...
