"""Finding the thoughts that a thought may agree or disagree with, without looking at all.

Blocking: only thoughts that share a slot, a statement, the noun of a count, two words around a
measure of one kind, or words that one of them denies are compared, and of those only ones about
the same owner. Of the many that share a key only the nearest in time are, so that what one
thought costs does not grow with the number of those alike: in a run of values each is replaced
by the next, and never by a far one. What it finds depends on the thoughts alone, not on the
order of arrival.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from knowhen.memory.records import Thought
from knowhen.memory.thoughts.features import Features, features
from knowhen.memory.thoughts.identity import canonical
from knowhen.memory.thoughts.relations import owner
from knowhen.memory.thoughts.slots import is_single

SHARED = 2
"""Words that two statements must share to be compared."""
REACH = 16
"""How many thoughts with a common key are compared on each side in time."""
DENIED_REACH = 512
"""The same for what a thought denies: there are few denials, and a deed may be long ago."""

_Key = tuple[str, ...]
_Place = tuple[float, str]
"""When a thought holds from, and its id."""
_ANYBODY = "*"
"""Owner of statements about "the …", which may be anybody's."""
_EVERYBODY = "**"
"""Under this owner every statement is found."""


@dataclass(frozen=True, slots=True)
class _Keys:
    place: _Place
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
        self._filed: dict[_Key, list[_Place]] = defaultdict(list)
        self._into: dict[str, str] = {}
        self._restating: dict[str, set[str]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, thought_id: object) -> bool:
        return thought_id in self._keys

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
        new = [_keys(thought) for thought in thoughts if thought.id not in self._keys]
        for keys in sorted(new, key=lambda keys: keys.place):
            self._keys[keys.place[1]] = keys
            for key in _filing(keys):
                filed = self._filed[key]
                if filed and keys.place < filed[-1]:
                    insort(filed, keys.place)
                else:
                    filed.append(keys.place)

    def discard(self, thought_ids: Iterable[str]) -> None:
        """Forget thoughts; unknown ids are ignored."""
        for thought_id in thought_ids:
            keys = self._keys.pop(thought_id, None)
            if keys is None:
                continue
            for key in _filing(keys):
                filed = self._filed[key]
                del filed[bisect_left(filed, keys.place)]
                if not filed:
                    del self._filed[key]

    def near(self, thought_id: str) -> set[str]:
        """Ids of the thoughts worth comparing with a known one, itself left out."""
        keys = self._keys.get(thought_id)
        if keys is None:
            return set()
        owners = (_EVERYBODY,) if keys.owner == _ANYBODY else (keys.owner, _ANYBODY)
        alone = [keys.statement, ("correction", *keys.slot)]
        if keys.single or keys.corrects:
            alone.append(keys.slot)
        alone.extend(("count", who, *key) for who in owners for key in keys.counted)
        found = self._around(keys, alone, REACH)
        measures = (("measure", who, *key) for who in owners for key in keys.measured)
        for other in self._around(keys, measures, REACH) - found:
            if len(self._keys[other].measured & keys.measured) >= SHARED:
                found.add(other)
        found.update(self._opposed(keys))
        found.discard(thought_id)
        return found

    def alike(self, thought_id: str) -> set[str]:
        """Ids of the thoughts that share words enough with a known one to speak of the same."""
        keys = self._keys.get(thought_id)
        if keys is None:
            return set()
        kind = "denied" if keys.never else "told"
        found = self._around(keys, ((kind, keys.owner, stem) for stem in keys.stems), REACH)
        return {i for i in found if len(self._keys[i].stems & keys.stems) >= SHARED + 1}

    def _around(self, keys: _Keys, shared: Iterable[_Key], reach: int) -> set[str]:
        """Ids of the nearest thoughts in time under each of the keys."""
        found: set[str] = set()
        for key in shared:
            filed = self._filed.get(key)
            if filed is not None:
                middle = bisect_left(filed, keys.place)
                nearest = filed[max(0, middle - reach) : middle + reach + 1]
                found.update(thought_id for _, thought_id in nearest)
        return found

    def _opposed(self, keys: _Keys) -> Iterator[str]:
        """What may state something that a thought denies, or deny something that it states."""
        if keys.never:
            everything = frozenset().union(*keys.never)
            told = (("told", keys.owner, stem) for stem in everything)
            for other in self._around(keys, told, DENIED_REACH):
                deed = self._keys[other]
                if not deed.negative and _denies(keys, everything, deed.stems):
                    yield other
        elif not keys.negative:
            denied = (("denied", keys.owner, stem) for stem in keys.stems)
            for other in self._around(keys, denied, REACH):
                never = self._keys[other]
                if len(never.stems & keys.stems) >= SHARED or never.names & keys.stems:
                    yield other


def _denies(keys: _Keys, everything: frozenset[str], deed: frozenset[str]) -> bool:
    """Whether a deed holds enough of what is denied: of one alternative, or of all together."""
    return len(everything & deed) > SHARED or any(
        len(alternative & deed) >= max(SHARED, (len(alternative) + 1) // 2)
        or alternative & keys.names & deed
        for alternative in keys.never
    )


def _filing(keys: _Keys) -> Iterator[_Key]:
    """The keys under which a thought is found."""
    yield keys.slot
    yield keys.statement
    if keys.corrects:
        yield ("correction", *keys.slot)
    for who in (keys.owner, _EVERYBODY):
        yield from (("count", who, *key) for key in keys.counted)
        yield from (("measure", who, *key) for key in keys.measured)
    if keys.never:
        yield from (("denied", keys.owner, stem) for stem in keys.stems)
    else:
        yield from (("told", keys.owner, stem) for stem in keys.stems)


def _keys(thought: Thought) -> _Keys:
    found = features(thought)
    subject = canonical(thought.subject)
    who = owner(thought)
    since = float("-inf") if thought.valid_from is None else thought.valid_from.timestamp()
    return _Keys(
        place=(since, thought.id),
        slot=("slot", subject, thought.predicate),
        statement=("statement", subject, thought.predicate, canonical(thought.object)),
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
