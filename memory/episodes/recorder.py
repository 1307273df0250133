"""Keeping the events of a space in the store while its turns arrive, and cutting them anew."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.episodes.base import Cut, Floats, Segmenter, Unit
from knowhen.memory.episodes.calibration import Adaptation
from knowhen.memory.episodes.describe import describe
from knowhen.memory.episodes.offline import OfflineSegmenter
from knowhen.memory.episodes.online import OnlineSegmenter
from knowhen.memory.episodes.refining import RefiningSegmenter
from knowhen.memory.records import Event, Turn
from knowhen.memory.stores.base import Store
from knowhen.memory.tokens import CHARACTERS_PER_TOKEN

Vector = NDArray[np.float32]
Description = tuple[str, tuple[str, ...]]
"""An event's title, and the ids of its key turns."""


@dataclass(slots=True)
class _Tail:
    """The last units of a session, from the segmenter's lookback through the newest."""

    units: list[Unit]
    opened: int
    opening: Cut
    """The boundary at which the open event began."""
    seen: int = 0
    """How many of the units hold no further boundary, as the segmenter has said."""
    described: tuple[int, Description] = (0, ("", ()))
    """How many units of the open event its description is made of, and the description."""


class EventRecorder:
    """Writes events inside the caller's transaction; every said turn is in exactly one event.

    Documents are reference text, not something that happened, so they are in none.
    """

    def __init__(
        self,
        store: Store,
        space: str,
        *,
        online: Segmenter,
        offline: Segmenter | None,
        adaptation: Adaptation | None = None,
    ) -> None:
        self._store, self._space = store, space
        self._online, self._offline = online, offline
        self._adaptation, self._adapted = adaptation, False
        self._tails: dict[str, _Tail] = {}

    def extend(self, turns: Sequence[Turn], vectors: Mapping[str, Vector | None]) -> list[Event]:
        """Take in new turns in arrival order; give back the events that they closed."""
        said = [turn for turn in turns if turn.role != "document"]
        closed: list[Event] = []
        for session, group in groupby(
            sorted(said, key=lambda turn: turn.session), key=lambda turn: turn.session
        ):
            new = [_unit(turn, vectors.get(turn.id)) for turn in group]
            closed += self._extend_session(session, new)
        return closed

    def _extend_session(self, session: str, new: list[Unit]) -> list[Event]:
        tail = self._tail(session, new)
        cuts = self._online.cut(tail.units, opened=tail.opened, seen=tail.seen)
        starts = [replace(tail.opening, index=tail.opened), *cuts]
        closed = self._closed_events(session, tail.units[: starts[-1].index], starts[:-1])
        if cuts:
            tail.described = (0, ("", ()))
        last = starts[-1]
        keep = max(0, last.index - self._online.lookback)
        tail.units = tail.units[keep:]
        tail.opened, tail.opening = last.index - keep, last
        tail.seen = len(tail.units)
        self._store.put_events(self._space, [*closed, self._open_event(session, tail)])
        self._tails[session] = tail
        return closed

    def _tail(self, session: str, new: list[Unit]) -> _Tail:
        """The session's tail with the new units appended; read anew if another process wrote."""
        stored = self._store.turns(self._space, session=session, newest=len(new) + 1)
        before = [s.turn.id for s in stored if s.turn.id != new[0].id]
        previous = before[0] if len(before) == len(new) else None
        tail = self._tails.get(session)
        if previous is None:
            self._adapt()
            tail = _Tail(new, 0, Cut(0, 1.0, 0.0, True))
        elif tail is not None and tail.units[-1].id == previous:
            tail.units = tail.units + new
        else:
            tail = self._read_tail(session, new)
        return tail

    def _read_tail(self, session: str, new: list[Unit]) -> _Tail:
        events = self._store.events(self._space, session=session)
        opened = events[-1] if events and not events[-1].closed else None
        size = (opened.turns if opened else 0) + self._online.lookback + len(new)
        turns = [s.turn for s in self._store.turns(self._space, session=session, newest=size)]
        units = self._units(turns[: -len(new)]) + new
        if opened is None:  # the last event was closed for good: the new turns open the next
            return _Tail(units, len(units) - len(new), Cut(0, 1.0, 0.0, True))
        index = next(i for i, unit in enumerate(units) if unit.id == opened.first_turn)
        cut = Cut(index, opened.boundary_probability, opened.surprise, False)
        return _Tail(units, index, cut)

    def _units(self, turns: Sequence[Turn]) -> list[Unit]:
        vectors = self._store.vectors_of(self._space, "turn", [turn.id for turn in turns])
        return [_unit(turn, _mean(vectors.get(turn.id))) for turn in turns]

    def _open_event(self, session: str, tail: _Tail) -> Event:
        """The event that goes on, described anew each time it has doubled."""
        units = tail.units[tail.opened :]
        size = 1 << (len(units).bit_length() - 1)
        if tail.described[0] != size:
            tail.described = (size, describe(units[:size]))
        return self._event(session, units, tail.opening, tail.described[1], closed=False)

    def _closed_events(
        self, session: str, units: Sequence[Unit], starts: Sequence[Cut]
    ) -> list[Event]:
        bounds = [*(cut.index for cut in starts), len(units)]
        return [
            self._event(session, units[first:end], cut, describe(units[first:end]), closed=True)
            for cut, (first, end) in zip(starts, pairwise(bounds), strict=True)
        ]

    def _event(
        self,
        session: str,
        units: Sequence[Unit],
        cut: Cut,
        description: Description,
        *,
        closed: bool,
    ) -> Event:
        title, keys = description
        times = [unit.time for unit in units if unit.time is not None]
        return Event(
            id=f"event:{units[0].id}",
            space=self._space,
            session=session,
            first_turn=units[0].id,
            last_turn=units[-1].id,
            turns=len(units),
            start=min(times),
            end=max(times),
            boundary_probability=cut.probability,
            surprise=cut.surprise,
            title=title,
            keys=keys,
            closed=closed,
        )

    def _adapt(self) -> None:
        """Take segmenters that fit the embedder better, once there are any."""
        better = self._adaptation.better() if self._adaptation is not None else None
        if better is not None:
            self._online, self._offline = better
            self._adapted = True

    def settle(self) -> None:
        """Close every open event; with an offline segmenter cut what is new with hindsight.

        All of them are cut anew once the segmenters have been adapted to the embedder.
        """
        with self._store.transaction(self._space):
            self._adapt()
        events = self._store.events(self._space)
        waiting = {event.session: None for event in events if self._waits(event)}
        for session in waiting:
            # One by one, so that nobody else waits for all of them.
            with self._store.transaction(self._space):
                self._settle(session)
        self._adapted = False
        self._tails.clear()

    def _waits(self, event: Event) -> bool:
        return self._adapted or not (event.closed if self._offline is None else event.settled)

    def _settle(self, session: str) -> None:
        events = self._store.events(self._space, session=session)
        settled = [event.settled for event in events]
        if self._offline is None:
            self._close(events)
        elif self._adapted:
            self._recut(session, events)
        elif not all(settled):
            self._recut(session, events[self._sitting(events, settled.index(False)) :])

    def _sitting(self, events: Sequence[Event], place: int) -> int:
        """Where the sitting of an event begins: what lies before cannot change its boundaries."""
        if not isinstance(self._offline, OfflineSegmenter):
            return 0
        gap = self._offline.limits.gap
        while place > 0 and events[place].start - events[place - 1].end <= gap:
            place -= 1
        return place

    def _close(self, events: Sequence[Event]) -> None:
        for event in events:
            if not event.closed:
                title, keys = describe(self._units(self.turns_of(event)))
                closed = replace(event, title=title, keys=keys, closed=True)
                self._store.put_events(self._space, [closed])

    def recut(self, session: str, *, without: Collection[str] = ()) -> None:
        """Cut a whole session with hindsight. What was already thought about stays so.

        `without` names turns that are about to be deleted.
        """
        self._recut(session, self._store.events(self._space, session=session), without)

    def _recut(
        self, session: str, old: Sequence[Event], without: Collection[str] = frozenset()
    ) -> None:
        """Cut anew from the first of the old events on, which are the last of the session."""
        if not old:
            return
        done = self._consolidated_turns(old)
        turns = [turn for turn in self._said(old[0]) if turn.id not in without]
        self._tails.pop(session, None)
        units = self._units(turns)
        segmenter = self._offline or self._online
        starts = [Cut(0, 1.0, 0.0, True), *segmenter.cut(units)] if units else []
        events = self._closed_events(session, units, starts)
        if self._offline is not None:
            events = [replace(event, settled=True) for event in events]
        before, after = {event.id: event for event in old}, {event.id: event for event in events}
        # Whatever keeps its id is written over: to delete it would start every cache anew.
        self._store.delete_events(self._space, [key for key in before if key not in after])
        changed = [event for key, event in after.items() if before.get(key) != event]
        self._store.put_events(self._space, changed)
        number = {unit.id: index for index, unit in enumerate(units)}
        finished = [
            event.id
            for event in events
            if all(
                unit.id in done
                for unit in units[number[event.first_turn] : number[event.last_turn] + 1]
            )
        ]
        self._store.set_consolidated(self._space, finished, True)

    def _consolidated_turns(self, events: Sequence[Event]) -> set[str]:
        ids = [event.id for event in events]
        waiting = {event.id for event in self._store.unconsolidated(self._space, ids=ids)}
        finished = [event for event in events if event.closed and event.id not in waiting]
        return {turn.id for event in finished for turn in self.turns_of(event)}

    def curve(self, session: str) -> Floats:
        """How probable a boundary is at each said turn of a session, shape (turns,).

        The probabilities are those of the online segmenter, before any refinement or hindsight.
        """
        said = [
            stored.turn
            for stored in self._store.turns(self._space, session=session)
            if stored.turn.role != "document"
        ]
        online = self._online
        segmenter = online.base if isinstance(online, RefiningSegmenter) else online
        if not said or not isinstance(segmenter, OnlineSegmenter):
            return np.zeros(len(said))
        _, surprise = segmenter.curve(self._units(said))
        return surprise.probability

    def turns_of(self, event: Event) -> list[Turn]:
        """The event's turns in order."""
        turns: list[Turn] = []
        for turn in self._said(event):
            turns.append(turn)
            if turn.id == event.last_turn:
                break
        return turns

    def _said(self, event: Event) -> Iterator[Turn]:
        """The turns that were said in a session from an event on."""
        first = self._store.turn(self._space, event.first_turn)
        if first is None:
            return
        for stored in self._store.turns(self._space, after=first.seq - 1, session=event.session):
            if stored.turn.role != "document":
                yield stored.turn


def _unit(turn: Turn, vector: Vector | None) -> Unit:
    return Unit(
        id=turn.id,
        vector=np.zeros(1, np.float32) if vector is None else vector,
        time=turn.time,
        tokens=-(-len(turn.text) // CHARACTERS_PER_TOKEN),
        text=turn.text,
        speaker=turn.speaker,
    )


def _mean(vectors: Vector | None) -> Vector | None:
    if vectors is None or not len(vectors):
        return None
    mean = vectors.mean(axis=0)
    return np.asarray(mean / (np.linalg.norm(mean) or 1.0), np.float32)
