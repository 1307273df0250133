"""Looking into a memory: its turns, sittings, events and thoughts, one by one or narrowed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

from knowhen.graphs.knowledge import KnowledgeGraph
from knowhen.memory.errors import NotFound
from knowhen.memory.language.terms import unspaced
from knowhen.memory.records import Event, Thought, Turn
from knowhen.memory.space import Equipment
from knowhen.memory.stores.base import LoggedOperation, Store
from knowhen.memory.twins import twin
from knowhen.memory.validation import check, text_fault, time_fault

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a thought, when, and which turns caused it."""

    kind: Literal["learned", "changed", "lost"]
    thought: Thought
    time: datetime
    turns: tuple[str, ...]
    now: Thought | None = None
    """What replaced it, where it changed."""


class Browsing:
    """The part of a manager that only reads what is stored."""

    space: str
    _store: Store
    _equipment: Equipment

    @property
    def graph(self) -> KnowledgeGraph:
        """The knowledge graph of this space, up to date."""
        raise NotImplementedError

    def turn(self, turn_id: str) -> Turn:
        """One turn.

        Raises:
            NotFound: no turn has that id in this space.
        """
        stored = self._store.turn(self.space, turn_id)
        if stored is None:
            raise NotFound("turn", turn_id, self.space)
        return stored.turn

    def turns(
        self,
        *,
        session: str | None = None,
        about: str | None = None,
        matching: str | None = None,
        since: datetime | None = None,
        after: str | None = None,
        newest: int | None = None,
        limit: int | None = None,
    ) -> list[Turn]:
        """Turns in the order they arrived.

        Args:
            about: only those that a person said, or that name them.
            matching: only those that contain this, whatever the case.
            since: only those said then or later.
            after: only those behind the turn with this id, to go on where a page ended.
            newest: only the last so many of those that are left.
            limit: only the first so many of those that are left.

        Raises:
            NotFound: there is no turn to begin behind.
        """
        narrowed = about is not None or matching is not None or since is not None
        place = self._place(after)
        stored = self._store.turns(
            self.space, session=session, after=place, newest=None if narrowed else newest
        )
        found = [each.turn for each in stored]
        if narrowed:
            told = _Teller(about, matching, since)
            found = [t for t in found if told(t.time, f"{t.speaker}\n{t.text}", t.text)]
        return _page(found, newest=newest, limit=limit)

    def size(self) -> int:
        """How many turns there are."""
        return self._store.count_turns(self.space)

    def sessions(self) -> list[str]:
        """Names of the sittings, in the order they began."""
        return self._store.sessions(self.space)

    def event(self, event_id: str) -> Event:
        """One event.

        Raises:
            NotFound: no event has that id in this space.
        """
        for event in self._store.events(self.space):
            if event.id == event_id:
                return event
        raise NotFound("event", event_id, self.space)

    def events(
        self,
        *,
        session: str | None = None,
        about: str | None = None,
        matching: str | None = None,
        since: datetime | None = None,
        newest: int | None = None,
        limit: int | None = None,
    ) -> list[Event]:
        """Events in the order they began; narrowed by what was said in them, as `turns` are."""
        found = self._store.events(self.space, session=session)
        if about is not None or matching is not None or since is not None:
            kept = self.turns(session=session, about=about, matching=matching, since=since)
            held = {turn.id for turn in kept}
            found = [event for event in found if not held.isdisjoint(self._turns_of(event))]
        return _page(found, newest=newest, limit=limit)

    def thought(self, thought_id: str) -> Thought:
        """One thought, active or not.

        Raises:
            NotFound: no thought has that id in this space.
        """
        found = self._store.thoughts(self.space, ids=[thought_id])
        if not found:
            raise NotFound("thought", thought_id, self.space)
        return found[0]

    def thoughts(
        self,
        *,
        history: bool = False,
        about: str | None = None,
        matching: str | None = None,
        since: datetime | None = None,
        turn: str | None = None,
        newest: int | None = None,
        limit: int | None = None,
    ) -> list[Thought]:
        """Active thoughts; with `history` also those superseded, merged or retracted.

        Args:
            about: only those that name a person or thing.
            since: only those that hold from then or later.
            turn: only those that rest on this turn.
            newest: only the last so many, by when they hold from.
        """
        found = self._store.thoughts(self.space, turn_id=turn)
        told = _Teller(about, matching, since)
        kept = [
            t
            for t in found
            if (history or t.status == "active")
            and told(t.valid_from or t.recorded_at, f"{t.subject}\n{t.object}\n{t.text}", t.text)
        ]
        if newest is not None:
            kept.sort(key=lambda t: (str(t.valid_from or t.recorded_at or ""), t.id))
        return _page(kept, newest=newest, limit=limit)

    def changes(self, since: datetime) -> list[Change]:
        """What was learned, what changed and what was lost since a time, oldest first."""
        check("since", time_fault(since))
        known = {thought.id: thought for thought in self._store.thoughts(self.space)}
        found = [_change(thought, known, since) for thought in known.values()]
        return sorted(filter(None, found), key=lambda change: (change.time, change.thought.id))

    def operations(self, *, newest: int | None = None) -> list[LoggedOperation]:
        """The log of what was done to thoughts, oldest first."""
        return self._store.operations(self.space, newest=newest)

    def quarantined(self) -> list[tuple[Sequence[str], str, str]]:
        """Proposals that failed their check: turn ids, reason, text."""
        return self._store.quarantined(self.space)

    def spaces(self) -> list[str]:
        """Names of all spaces of this home."""
        return self._store.spaces()

    def stats(self) -> Mapping[str, int | str]:
        """Counts of what this space holds, and the home's size on disk."""
        thoughts = self._store.thoughts(self.space)
        nodes, edges = self.graph.node_counts(), self.graph.edge_counts()
        return {
            "space": self.space,
            "turns": self._store.count_turns(self.space),
            "sessions": len(self._store.sessions(self.space)),
            "events": len(self._store.events(self.space)),
            "thoughts": sum(thought.status == "active" for thought in thoughts),
            "retired thoughts": sum(thought.status != "active" for thought in thoughts),
            "entities": nodes.get("entity", 0),
            "graph nodes": sum(nodes.values()),
            "graph edges": sum(edges.values()),
            "operations": len(self._store.operations(self.space)),
            "embedder": self._equipment.embedder.name,
            "disk bytes": self._store.disk_bytes(self.space),
        }

    def _place(self, turn_id: str | None) -> int:
        if turn_id is None:
            return 0
        stored = self._store.turn(self.space, turn_id)
        if stored is None:
            raise NotFound("turn", turn_id, self.space)
        return stored.seq

    def _turns_of(self, event: Event) -> set[str]:
        ids = [each.turn.id for each in self._store.turns(self.space, session=event.session)]
        first, last = ids.index(event.first_turn), ids.index(event.last_turn)
        return set(ids[first : last + 1])

    aturn = twin(turn)
    aturns = twin(turns)
    asize = twin(size)
    asessions = twin(sessions)
    aevent = twin(event)
    aevents = twin(events)
    athought = twin(thought)
    athoughts = twin(thoughts)
    achanges = twin(changes)
    aoperations = twin(operations)
    aquarantined = twin(quarantined)
    aspaces = twin(spaces)
    astats = twin(stats)


class _Teller:
    """Tells whether a record is among those that were asked for."""

    def __init__(self, about: str | None, matching: str | None, since: datetime | None) -> None:
        for what, text in (("about", about), ("matching", matching)):
            check(what, "" if text is None else text_fault(text))
        check("since", time_fault(since))
        self._about = None if about is None else _naming(about)
        self._matching = None if matching is None else matching.casefold()
        self._since = since

    def __call__(self, time: datetime | None, naming: str, text: str) -> bool:
        if self._since is not None and (time is None or time < self._since):
            return False
        if self._matching is not None and self._matching not in text.casefold():
            return False
        return self._about is None or self._about.search(naming) is not None


def _naming(name: str) -> re.Pattern[str]:
    """A pattern for a name as a whole word, or anywhere where words are not set apart."""
    plain = re.escape(name.strip())
    return re.compile(plain if unspaced(name) else rf"(?<!\w){plain}(?!\w)", re.IGNORECASE)


def _page(found: Iterable[Record], *, newest: int | None, limit: int | None) -> list[Record]:
    kept = list(found)
    if newest is not None:
        kept = kept[max(0, len(kept) - newest) :]
    return kept if limit is None else kept[:limit]


def _change(thought: Thought, known: dict[str, Thought], since: datetime) -> Change | None:
    """What became of a thought since then; None if nothing, or if another's change tells it."""
    now = known.get(thought.superseded_by or thought.merged_into or "")
    if thought.retired_at is not None and thought.retired_at >= since:
        cause = now or thought
        kind: Literal["changed", "lost"] = "changed" if now else "lost"
        return Change(kind, thought, thought.retired_at, _sources(cause), now)
    fresh = thought.recorded_at is not None and thought.recorded_at >= since
    if fresh and thought.recorded_at and thought.status == "active" and not thought.supersedes:
        return Change("learned", thought, thought.recorded_at, _sources(thought))
    return None


def _sources(thought: Thought) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source.turn_id for source in thought.sources))
