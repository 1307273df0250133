"""Finding the thoughts that a thought may agree or disagree with, without looking at all.

Blocking: only thoughts that share a slot, a statement, the noun of a count, two words around a
measure of one kind, or words that one of them denies are compared, and of those only ones about
the same owner. What it finds depends on the thoughts alone, not on the order of arrival.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from knowhen.memory.records import Thought
from knowhen.memory.thoughts.features import Features, features
from knowhen.memory.thoughts.identity import canonical
from knowhen.memory.thoughts.relations import owner
from knowhen.memory.thoughts.slots import is_single

SHARED = 2
"""Words that two statements must share to be compared."""

_Key = tuple[str, ...]
_ANYBODY = "*"
"""Owner of statements about "the …", which may be anybody's."""
_EVERYBODY = "**"
"""Under this owner every statement is found."""


@dataclass(frozen=True, slots=True)
class _Keys:
    slot: _Key
    statement: _Key
    owner: str
    counted: frozenset[_Key]
    measured: frozenset[_Key]
    stems: frozenset[str]
    never: tuple[frozenset[str], ...]
    names: frozenset[str]
    negative: bool
    single: bool
    corrects: bool


class Neighbourhood:
    """The keys of all thoughts of a space, kept in memory and caught up by the ledger."""

    def __init__(self) -> None:
        self._keys: dict[str, _Keys] = {}
        self._slots: dict[_Key, set[str]] = defaultdict(set)
        self._corrections: dict[_Key, set[str]] = defaultdict(set)
        self._statements: dict[_Key, set[str]] = defaultdict(set)
        self._counted: dict[_Key, set[str]] = defaultdict(set)
        self._measured: dict[_Key, set[str]] = defaultdict(set)
        self._told: dict[_Key, set[str]] = defaultdict(set)
        self._denied: dict[_Key, set[str]] = defaultdict(set)

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
        for who in (keys.owner, _EVERYBODY):
            postings.extend(self._counted[who, *key] for key in keys.counted)
            postings.extend(self._measured[who, *key] for key in keys.measured)
        if keys.never:
            postings.extend(self._denied[keys.owner, stem] for stem in keys.stems)
        elif not keys.negative:
            postings.extend(self._told[keys.owner, stem] for stem in keys.stems)
        return postings

    def near(self, thought_id: str) -> set[str]:
        """Ids of the thoughts worth comparing with a known one, itself left out."""
        keys = self._keys.get(thought_id)
        if keys is None:
            return set()
        found = set(self._statements[keys.statement]) | self._corrections.get(keys.slot, set())
        if keys.single or keys.corrects:
            found |= self._slots[keys.slot]
        owners = (_EVERYBODY,) if keys.owner == _ANYBODY else (keys.owner, _ANYBODY)
        for who in owners:
            found |= _holding(self._counted, who, keys.counted, 1)
            found |= _holding(self._measured, who, keys.measured, SHARED)
        if keys.never:
            found |= self._deeds(keys)
        elif not keys.negative:
            found |= self._denials(keys)
        found.discard(thought_id)
        return found

    def _deeds(self, keys: _Keys) -> set[str]:
        """What may state something that a thought denies."""
        found: set[str] = set()
        for alternative in keys.never:
            stems = {(stem,) for stem in alternative}
            found |= _holding(self._told, keys.owner, stems, max(SHARED, (len(stems) + 1) // 2))
            names = {(stem,) for stem in alternative & keys.names}
            found |= _holding(self._told, keys.owner, names, 1)
        everything = {(stem,) for alternative in keys.never for stem in alternative}
        return found | _holding(self._told, keys.owner, everything, SHARED + 1)

    def _denials(self, keys: _Keys) -> set[str]:
        """What may deny something that a thought states."""
        stems = {(stem,) for stem in keys.stems}
        counts = _counts(self._denied, keys.owner, stems)
        return {
            other
            for other, count in counts.items()
            if count >= SHARED or self._keys[other].names & keys.stems
        }


def _keys(thought: Thought) -> _Keys:
    found = features(thought)
    subject = canonical(thought.subject)
    who = owner(thought)
    return _Keys(
        slot=(subject, thought.predicate),
        statement=(subject, thought.predicate, canonical(thought.object)),
        owner=_ANYBODY if who.startswith("the ") else who,
        counted=frozenset(_counted(found)),
        measured=frozenset(
            (value.kind, stem)
            for value in found.values
            if value.kind != "count"
            for stem in value.near
        ),
        stems=found.stems,
        never=found.never,
        names=found.names,
        negative=found.negative,
        single=is_single(thought.predicate),
        corrects=thought.corrects,
    )


def _counted(found: Features) -> Iterable[_Key]:
    """The noun of each count, or what stands around a number that counts something unnamed."""
    for value in found.values:
        if value.kind == "count":
            yield from ((stem,) for stem in ({value.head} if value.head else value.near))


def _counts(index: dict[_Key, set[str]], who: str, keys: Iterable[_Key]) -> Counter[str]:
    return Counter(other for key in keys for other in index.get((who, *key), ()))


def _holding(index: dict[_Key, set[str]], who: str, keys: Iterable[_Key], least: int) -> set[str]:
    """Ids that hold at least so many of the keys."""
    if least == 1:
        return set().union(*(index.get((who, *key), ()) for key in keys))
    return {other for other, count in _counts(index, who, keys).items() if count >= least}
