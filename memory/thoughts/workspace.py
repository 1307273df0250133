"""The thoughts that one operation touches: found, changed, resolved, written back.

Only thoughts that share a key (`relations.keys`) are compared, and of the many that share one
only the nearest in time, so that what one thought costs does not grow with the number of those
alike: in a run of values each is replaced by the next, and never by a far one. What is found
depends on the thoughts alone, not on the order of arrival.
"""

from bisect import bisect_left, insort
from collections import ChainMap, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from knowhen.memory.records import Source, Thought
from knowhen.memory.stores.base import Entry, Store, StoredTurn
from knowhen.memory.thoughts.relations import (
    Key,
    Relation,
    content,
    keys,
    meaningful,
    owner,
    relation,
)
from knowhen.memory.thoughts.resolution import (
    Standing,
    merged_into,
    resolve,
    settled_by_hand,
    standing_of,
    unresolved,
    with_sources,
)

REACH = 16
"""How many thoughts with a common key are compared on each side in time."""
ALIKE = 3
"""Words that two statements of one person share to speak of the same."""

_Place = tuple[float, str]
"""When a thought holds from, and its id."""


@dataclass(frozen=True, slots=True)
class _Filed:
    place: _Place
    keys: tuple[Key, ...]
    words: frozenset[str]
    owner: str


class Neighbourhood:
    """The keys of all thoughts of a space, kept in memory and caught up by the ledger."""

    def __init__(self) -> None:
        self._known: dict[str, _Filed] = {}
        self._filed: dict[Key, list[_Place]] = defaultdict(list)
        self._into: dict[str, str] = {}
        self._restating: dict[str, set[str]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, thought_id: object) -> bool:
        return thought_id in self._known

    def catch_up(self, stored: Iterable[Thought]) -> None:
        """Take in thoughts as they are stored now, with what they were merged into."""
        stored = list(stored)
        self.add(stored)
        for thought in stored:
            before = self._into.pop(thought.id, None)
            if before is not None:
                self._restating[before].discard(thought.id)
            if thought.merged_into is not None:
                self._into[thought.id] = thought.merged_into
                self._restating[thought.merged_into].add(thought.id)

    def restating(self, thought_id: str) -> frozenset[str]:
        """Ids of the thoughts that are stored as merged into this one."""
        return frozenset(self._restating.get(thought_id, ()))

    def add(self, thoughts: Iterable[Thought]) -> None:
        """Take in thoughts; one that is known already is left as it is."""
        new = [_filed(thought) for thought in thoughts if thought.id not in self._known]
        for entry in sorted(new, key=lambda entry: entry.place):
            self._known[entry.place[1]] = entry
            for key in entry.keys:
                places = self._filed[key]
                if places and entry.place < places[-1]:
                    insort(places, entry.place)
                else:
                    places.append(entry.place)

    def discard(self, thought_ids: Iterable[str]) -> None:
        """Forget thoughts; unknown ids are ignored."""
        for thought_id in thought_ids:
            entry = self._known.pop(thought_id, None)
            if entry is None:
                continue
            for key in entry.keys:
                places = self._filed[key]
                del places[bisect_left(places, entry.place)]
                if not places:
                    del self._filed[key]

    def keep(self, thought_ids: Iterable[str]) -> None:
        """Forget every thought but these."""
        gone = (self._known.keys() | self._into.keys()) - set(thought_ids)
        self.discard(gone)
        for thought_id in gone:
            into = self._into.pop(thought_id, None)
            if into is not None:
                self._restating[into].discard(thought_id)
            self._restating.pop(thought_id, None)

    def near(self, thought_id: str) -> set[str]:
        """Ids of the thoughts worth comparing with a known one, itself left out."""
        entry = self._known.get(thought_id)
        if entry is None:
            return set()
        found = {i for key in entry.keys if key[0] != "word" for i in self._around(entry, key)}
        found.discard(thought_id)
        return found

    def alike(self, thought_id: str) -> set[str]:
        """Ids of the thoughts that share words enough with a known one to speak of the same."""
        entry = self._known.get(thought_id)
        if entry is None:
            return set()
        found = {i for key in entry.keys if key[0] == "word" for i in self._around(entry, key)}
        return {i for i in found if len(self._known[i].words & entry.words) >= ALIKE}

    def _around(self, entry: _Filed, key: Key) -> Iterator[str]:
        """Ids of the nearest thoughts in time under a key."""
        places = self._filed.get(key, [])
        middle = bisect_left(places, entry.place)
        for _, thought_id in places[max(0, middle - REACH) : middle + REACH + 1]:
            yield thought_id


def _filed(thought: Thought) -> _Filed:
    since = float("-inf") if thought.valid_from is None else thought.valid_from.timestamp()
    who, words = owner(thought), meaningful(f"{thought.predicate} {thought.object}")
    shared = tuple(("word", who, word) for word in sorted(words))
    found = (*dict.fromkeys(keys(thought)), *shared)
    return _Filed((since, thought.id), found, words, who)


Index = Callable[[Sequence[Thought]], Sequence[Entry]]
_NO_TIME = datetime.min.replace(tzinfo=UTC)


class Workspace:
    """Works inside one transaction of the store. `seeds` are what an operation changed itself."""

    def __init__(self, store: Store, space: str, near: Neighbourhood) -> None:
        self._store, self._space, self._near = store, space, near
        self._before: dict[str, Thought] = {}
        self._base: dict[str, Thought] = {}
        self._turns: dict[str, StoredTurn] = {}
        self._standings: dict[str, Standing] = {}
        self._compared: dict[tuple[str, str], Relation | None] = {}
        self._seeds: set[str] = set()
        self._around: set[str] = set()
        self._removed: set[str] = set()

    # Reading and changing --------------------------------------------------------------
    def load(self, thought_ids: Iterable[str]) -> None:
        """Have these thoughts at hand, with what they point to and their restatements."""
        wanted = {i for i in thought_ids if i not in self._base and i not in self._removed}
        rows = self._fetch(wanted)
        beside = {i for row in rows for i in (row.superseded_by, row.merged_into) if i}
        beside |= {i for row in rows for i in self._near.restating(row.id)}
        self._fetch(beside - wanted)
        for row in rows:
            self._base.setdefault(row.id, unresolved(row, self._others(row)))

    def _fetch(self, thought_ids: set[str]) -> list[Thought]:
        missing = sorted(i for i in thought_ids if i not in self._before)
        if missing:
            for row in self._store.thoughts(self._space, ids=missing):
                self._before[row.id] = row
        return [self._before[i] for i in sorted(thought_ids) if i in self._before]

    def _others(self, row: Thought) -> Mapping[str, Thought]:
        ids = {row.superseded_by, row.merged_into, *self._near.restating(row.id)} - self._removed
        return {i: self._before[i] for i in ids if i in self._before and i != row.id}

    def get(self, thought_id: str) -> Thought | None:
        """The thought unresolved, as this operation has it by now."""
        self.load([thought_id])
        return self._base.get(thought_id)

    def before(self, thought_id: str) -> Thought | None:
        """The thought as it is stored."""
        self._fetch({thought_id})
        return self._before.get(thought_id)

    def run(self, thought_id: str) -> list[Thought]:
        """A thought as it is stored and its restatements, the first of them in front.

        Empty if there is no such thought.
        """
        self.load([thought_id])
        row = self._before.get(thought_id)
        if row is None or thought_id not in self._base:
            return []
        into = self._before.get(row.merged_into or "")
        if into is not None and content(into) == content(row):
            return self.run(into.id)
        again = [self._before[i] for i in sorted(self._near.restating(row.id) - self._removed)]
        return [row, *(thought for thought in again if content(thought) == content(row))]

    def put(self, thought: Thought) -> None:
        """Add or change a thought, unresolved."""
        self._removed.discard(thought.id)
        known = self._base.get(thought.id)
        if known is not None and known.text != thought.text:
            self._near.discard([thought.id])
        self._near.add([thought])
        self._base[thought.id] = thought
        self._seeds.add(thought.id)
        row = self._before.get(thought.id)
        if row is not None:
            self.touch(i for i in (row.superseded_by, row.merged_into) if i)

    def remove(self, thought_id: str) -> None:
        """Take a thought out; those around it are resolved without it."""
        around = self._near.near(thought_id) | self._near.restating(thought_id)
        self.load([thought_id, *around])  # while what they borrowed from it can still be told
        self.touch(around)
        self.touch(self._pointing_to(thought_id))
        self._near.discard([thought_id])
        self._base.pop(thought_id, None)
        self._seeds.discard(thought_id)
        self._removed.add(thought_id)
        for other in list(self._base.values()):
            if thought_id in (other.superseded_by, other.merged_into):
                self._base[other.id] = unresolved(other, self._others(other))

    def _pointing_to(self, thought_id: str) -> set[str]:
        row = self._before.get(thought_id)
        return set(row.supersedes) if row is not None else set()

    def touch(self, thought_ids: Iterable[str]) -> None:
        """Resolve these too, though nothing about them was changed."""
        self._around |= set(thought_ids)

    # Resolving and writing --------------------------------------------------------------
    def finish(self, index: Index) -> dict[str, Thought | None]:
        """Resolve what is affected and write what changed; None stands for what is gone.

        Nothing is changed after it.
        """
        affected = self._seeds | self._around
        self.load(affected)
        for seed in affected & self._base.keys():
            affected |= self._related(seed).keys()
            by = self._base[seed].superseded_by
            affected |= {by} if by else set()
        self.load(affected)
        # Whatever had closed one of these names it still, and may have lost it to another.
        rows = [self._before[i] for i in affected & self._before.keys()]
        affected |= {row.superseded_by for row in rows if row.superseded_by}
        final = self._settled(affected)
        while left := self._left_behind(final) - affected:
            affected |= left
            final = self._settled(affected)
        return self._write(final, index)

    def _settled(self, affected: set[str]) -> dict[str, Thought]:
        """The affected thoughts with the status that those around them give them."""
        self.load(affected)
        related = {i: self._related(i) for i in sorted(affected & self._base.keys())}
        for one, others in related.items():
            if self._by_hand(self._base[one]):
                continue  # it affects no other
            for other, kind in others.items():
                if other in related:  # of many alike, only one may have been near to the other
                    related[other].setdefault(one, kind)
        self._stand(related.keys() | {i for others in related.values() for i in others})
        final = {i: self._resolved(i, related[i]) for i in related}
        self._gather(final)
        self._name_superseded(final, related)
        return final

    def _related(self, thought_id: str) -> dict[str, Relation]:
        """Thoughts that a loaded one relates to, and how."""
        found: dict[str, Relation] = {}
        for other_id in sorted(self._candidates(thought_id)):
            other = self._base.get(other_id)
            if other is not None and not self._by_hand(other):
                kind = self._relation(thought_id, other_id)
                if kind is not None:
                    found[other_id] = kind
        return found

    def _relation(self, one: str, other: str) -> Relation | None:
        """The relation of two loaded thoughts, decided once: it is the same in both directions."""
        pair = (one, other) if one < other else (other, one)
        if pair not in self._compared:
            self._compared[pair] = relation(self._base[pair[0]], self._base[pair[1]])
        return self._compared[pair]

    def _candidates(self, thought_id: str) -> set[str]:
        """What is near, what it was found to relate to before, and what the near restate."""
        found = self._near.near(thought_id)
        row = self._before.get(thought_id)
        if row is not None:
            found |= {i for i in (row.superseded_by, row.merged_into) if i}
            found |= {*row.supersedes, *row.rivals}
        self.load(found)
        rows = [self._before[i] for i in found & self._before.keys()]
        heads = {row.merged_into for row in rows if row.merged_into} - {thought_id}
        self.load(heads)
        return found | heads

    def _left_behind(self, final: Mapping[str, Thought]) -> set[str]:
        """Restatements of what is now itself merged into another."""
        return {
            other
            for thought_id, thought in final.items()
            if thought.status == "merged"
            for other in self._near.restating(thought_id) - self._removed
        }

    def _gather(self, final: dict[str, Thought]) -> None:
        """Give the first of each run the sources of those that only say it again."""
        again: dict[str, set[Source]] = defaultdict(set)
        for thought_id, thought in final.items():
            first = self._first(thought, final)
            if first is not None:
                final[thought_id] = merged_into(thought, first)
                again[first.id].update(thought.sources)
            again[thought_id].update(
                source
                for other in self._near.restating(thought_id) - self._removed - final.keys()
                if content(self._before[other]) == content(thought)
                for source in self._before[other].sources
            )
        for thought_id, sources in again.items():
            if thought_id in final and final[thought_id].status != "merged":
                final[thought_id] = with_sources(final[thought_id], sources)

    def _first(self, thought: Thought, final: Mapping[str, Thought]) -> Thought | None:
        """What a thought restates; if that is a restatement itself, what that one restates."""
        into = final.get(thought.merged_into or "")
        if into is None or content(into) != content(thought):
            return None
        return self._first(into, final) or into

    def _by_hand(self, thought: Thought) -> bool:
        """Whether a user took the thought out of the running, so that it affects no other."""
        return thought.status != "active" and settled_by_hand(
            thought, ChainMap(self._base, self._before)
        )

    def _resolved(self, thought_id: str, related: Mapping[str, Relation]) -> Thought:
        own = self._base[thought_id]
        if self._by_hand(own):
            return own
        pairs = [(self._base[other], kind) for other, kind in sorted(related.items())]
        return resolve(own, pairs, lambda thought: self._standings[thought.id])

    def _stand(self, thought_ids: Iterable[str]) -> None:
        """Know where each of these thoughts stands."""
        turn_ids = {
            source.turn_id
            for thought_id in thought_ids
            for source in self._base[thought_id].sources
            if source.turn_id not in self._turns
        }
        if turn_ids:
            for stored in self._store.turns(self._space, ids=sorted(turn_ids)):
                self._turns[stored.turn.id] = stored
        self._standings = {i: self._standing(self._base[i]) for i in thought_ids}

    def _standing(self, thought: Thought) -> Standing:
        return standing_of(thought, self._turns)

    def _name_superseded(
        self, final: dict[str, Thought], related: Mapping[str, Mapping[str, Relation]]
    ) -> None:
        closed_by: dict[str, set[str]] = defaultdict(set)
        for thought_id, thought in final.items():
            if thought.superseded_by:
                closed_by[thought.superseded_by].add(thought_id)
        for thought_id, others in related.items():
            row = self._before.get(thought_id)
            candidates = {*others, *closed_by[thought_id], *(row.supersedes if row else ())}
            closed = tuple(sorted(i for i in candidates if self._closer(i, final) == thought_id))
            if closed:
                final[thought_id] = replace(final[thought_id], supersedes=closed)

    def _closer(self, thought_id: str, final: Mapping[str, Thought]) -> str | None:
        thought = final.get(thought_id) or (
            self._before.get(thought_id) if thought_id in self._base else None
        )
        return thought.superseded_by if thought else None

    def _write(self, final: dict[str, Thought], index: Index) -> dict[str, Thought | None]:
        store, space = self._store, self._space
        changed: dict[str, Thought | None] = {
            i: thought for i, thought in final.items() if self._before.get(i) != thought
        }
        gone = sorted(self._removed & self._before.keys())
        if gone:
            store.delete_thoughts(space, gone)
            store.delete_entries(space, "thought", gone)
        rows = [thought for thought in changed.values() if thought is not None]
        store.put_thoughts(space, rows)
        fresh = [t for t in rows if t.id not in self._before]
        reworded = [t for t in rows if t.id in self._before and self._before[t.id].text != t.text]
        if reworded:
            store.delete_entries(space, "thought", [t.id for t in reworded])
        if fresh or reworded:
            store.add_entries(space, index([*fresh, *reworded]))
        return {**changed, **dict.fromkeys(gone)}
