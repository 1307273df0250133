"""Finding the thoughts that a thought may agree or disagree with, without looking at all.

Blocking: only thoughts that share a slot, a statement, or two content words with a value or a
denial are compared, and those that speak of a name that another denies. What it finds depends
on the thoughts alone, not on the order of arrival.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from knowhen.memory.records import Thought
from knowhen.memory.thoughts.features import features
from knowhen.memory.thoughts.identity import canonical
from knowhen.memory.thoughts.slots import is_single

SHARED = 2
"""Content words that two worded statements must share to be compared."""

_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Keys:
    slot: _Key
    statement: _Key
    stems: frozenset[str]
    names: frozenset[str]
    valued: bool
    never: bool
    single: bool
    corrects: bool


class Neighbourhood:
    """The keys of all thoughts of a space, kept in memory and caught up by the ledger."""

    def __init__(self) -> None:
        self._keys: dict[str, _Keys] = {}
        self._slots: dict[_Key, set[str]] = defaultdict(set)
        self._corrections: dict[_Key, set[str]] = defaultdict(set)
        self._statements: dict[_Key, set[str]] = defaultdict(set)
        self._worded: dict[str, set[str]] = defaultdict(set)
        self._valued: dict[str, set[str]] = defaultdict(set)
        self._never: dict[str, set[str]] = defaultdict(set)
        self._denied: dict[str, set[str]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, thought_id: object) -> bool:
        return thought_id in self._keys

    def statement(self, thought_id: str) -> set[str]:
        """Ids of the other thoughts with the same subject, predicate and object."""
        keys = self._keys.get(thought_id)
        return self._statements[keys.statement] - {thought_id} if keys else set()

    def add(self, thoughts: Iterable[Thought]) -> None:
        """Take in thoughts; one that is known already is left as it is."""
        for thought in thoughts:
            if thought.id not in self._keys:
                keys = _keys(thought)
                self._keys[thought.id] = keys
                for postings in self._postings(keys):
                    postings.add(thought.id)

    def discard(self, thought_ids: Iterable[str]) -> None:
        """Forget thoughts; unknown ids are ignored."""
        for thought_id in thought_ids:
            keys = self._keys.pop(thought_id, None)
            if keys is not None:
                for postings in self._postings(keys):
                    postings.discard(thought_id)

    def _postings(self, keys: _Keys) -> list[set[str]]:
        postings = [self._slots[keys.slot], self._statements[keys.statement]]
        if keys.corrects:
            postings.append(self._corrections[keys.slot])
        for wanted, index in (
            (True, self._worded),
            (keys.valued, self._valued),
            (keys.never, self._never),
        ):
            if wanted:
                postings.extend(index[stem] for stem in keys.stems)
        if keys.never:
            postings.extend(self._denied[name] for name in keys.names)
        return postings

    def near(self, thought_id: str) -> set[str]:
        """Ids of the thoughts worth comparing with a known one, itself left out."""
        keys = self._keys.get(thought_id)
        if keys is None:
            return set()
        found = set(self._statements[keys.statement]) | self._corrections.get(keys.slot, set())
        if keys.single or keys.corrects:
            found |= self._slots[keys.slot]
        if keys.never:
            found |= _sharing(self._worded, keys.stems)
            found.update(i for name in keys.names for i in self._worded.get(name, ()))
        else:
            found |= _sharing(self._never, keys.stems)
            found.update(i for stem in keys.stems for i in self._denied.get(stem, ()))
            if keys.valued:
                found |= _sharing(self._valued, keys.stems)
        found.discard(thought_id)
        return found


def _keys(thought: Thought) -> _Keys:
    found = features(thought)
    subject = canonical(thought.subject)
    return _Keys(
        slot=(subject, thought.predicate),
        statement=(subject, thought.predicate, canonical(thought.object)),
        stems=found.stems,
        names=found.names,
        valued=bool(found.values),
        never=bool(found.never),
        single=is_single(thought.predicate),
        corrects=thought.corrects,
    )


def _sharing(index: dict[str, set[str]], stems: frozenset[str]) -> set[str]:
    counts = Counter(owner for stem in stems for owner in index.get(stem, ()))
    return {owner for owner, count in counts.items() if count >= SHARED}
