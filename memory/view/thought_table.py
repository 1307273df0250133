"""What thoughts know of the turns: which later ones overtook, and which are disputed."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal

from knowhen.memory.language.slots import Asked
from knowhen.memory.language.terms import terms
from knowhen.memory.records import Thought
from knowhen.memory.stores.base import Store
from knowhen.memory.thoughts.current import fits
from knowhen.memory.thoughts.relations import relation
from knowhen.memory.thoughts.slots import is_single

Word = Literal["outdated by", "disputed by", "later"]

SHARED = 2
"""Terms of the query that two statements share before a remark is made on them."""
FOLLOWED = 200
"""How many values that took over, one from the other, are looked at from one turn."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A turn says something that another turn changed, or says otherwise about."""

    word: Word
    """What the other turn is to it: `later` gives another value, maybe of the same."""
    other: str
    """Id of the other turn."""


class ThoughtTable:
    """The thoughts of a space, by their turns; and which of these later ones overtook."""

    def __init__(self) -> None:
        self.entries: dict[int, str] = {}
        """Whose entry each is: a thought's id by the id of its entry."""
        self._thoughts: dict[str, Thought] = {}
        self._by_turn: dict[str, set[str]] = {}
        self._terms: dict[str, frozenset[str]] = {}
        self._merged: set[str] = set()
        """Ids of thoughts that others were merged into."""

    def stands_alone(self, thought: Thought) -> bool:
        """Whether no turn says it as it is: it was noted by hand, or merged of several."""
        return not thought.sources or thought.id in self._merged

    def remarks(
        self,
        turn_id: str,
        asked: Collection[str],
        among: Collection[str],
        *,
        slots: Sequence[Asked] = (),
        as_of: datetime | None = None,
        known_at: datetime | None = None,
    ) -> Iterator[Remark]:
        """Remarks on what the turn says of the asked terms or slots, that name a turn `among`.

        What took over only after `as_of`, or was retired only after `known_at`, stood then.
        """
        asked = frozenset(asked)
        for thought_id in sorted(self._by_turn.get(turn_id, ())):
            thought = self._thoughts[thought_id]
            for later in islice(self._chain(thought, as_of, known_at), FOLLOWED):
                others = _turns(later, among, turn_id)
                if others and self._follows(thought, later, asked, slots):
                    by_value = _only_by_value(thought, later)
                    yield from (Remark("later" if by_value else "outdated by", i) for i in others)
            for rival in map(self._thoughts.get, thought.rivals):
                if rival is None or rival.status in _WITHDRAWN:
                    continue
                others = _turns(rival, among, turn_id)
                if others and self._both_asked(thought, rival, asked, slots):
                    yield from (Remark("disputed by", i) for i in others)

    def _chain(
        self, thought: Thought, as_of: datetime | None, known_at: datetime | None
    ) -> Iterator[Thought]:
        """The thoughts that took over from it, one from the other."""
        passed = set()
        while thought.superseded_by is not None and thought.id not in passed:
            passed.add(thought.id)
            late = known_at is not None and thought.retired_at and thought.retired_at > known_at
            later = self._thoughts.get(thought.superseded_by)
            if later is None or late or _begins_after(later, as_of):
                return
            yield later
            thought = later

    def _follows(
        self, first: Thought, later: Thought, asked: frozenset[str], slots: Sequence[Asked]
    ) -> bool:
        """Whether one at the end of a chain is a later word on what is asked.

        Only the next in the chain was compared with it: a further one may be about another thing.
        """
        if not self._both_asked(first, later, asked, slots):
            return False
        return later.id == first.superseded_by or relation(first, later) == "update"

    def _both_asked(
        self, one: Thought, other: Thought, asked: frozenset[str], slots: Sequence[Asked]
    ) -> bool:
        """Whether the query asks about what both say: for their slot, or in the same words.

        Two values of one slot need share but one term with it.
        """
        if any(fits(one, slot) or fits(other, slot) for slot in slots):
            return True
        common = self._terms_of(one) & self._terms_of(other) & asked
        return len(common) >= (1 if one.predicate == other.predicate else min(SHARED, len(asked)))

    def _terms_of(self, thought: Thought) -> frozenset[str]:
        if thought.id not in self._terms:
            self._terms[thought.id] = frozenset(terms(thought.text))
        return self._terms[thought.id]

    def thoughts(self, ids: Iterable[str]) -> list[Thought]:
        """The thoughts with these ids, as far as there are any."""
        return [self._thoughts[i] for i in ids if i in self._thoughts]

    def all(self) -> list[Thought]:
        """Every thought, whatever became of it."""
        return list(self._thoughts.values())

    @property
    def last_entry(self) -> int:
        """Id of the newest thought's entry, 0 if there is none."""
        return max(self.entries, default=0)

    def indexed(self) -> Iterator[tuple[int, Counter[str]]]:
        """Entry id of each thought, with its terms as they were indexed."""
        for entry, owner in self.entries.items():
            if owner in self._thoughts:
                yield entry, Counter(terms(self._thoughts[owner].text))

    def copy(self) -> "ThoughtTable":
        """Another one that grows on its own."""
        twin = ThoughtTable()
        twin.entries = {**self.entries}
        twin._thoughts, twin._terms = {**self._thoughts}, {**self._terms}
        twin._merged = {*self._merged}
        twin._by_turn = {turn: {*ids} for turn, ids in self._by_turn.items()}
        return twin

    def catch_up(self, store: Store, space: str, since: int) -> None:
        """Take over the thoughts that were added or changed since that version of the space."""
        for row in store.entries(space, "thought", after=self.last_entry):
            self.entries[row.id] = row.owner
        for thought in store.thoughts(space, changed_after=since):
            self._thoughts[thought.id] = thought
            self._terms.pop(thought.id, None)
            if thought.merged_into is not None:
                self._merged.add(thought.merged_into)
            for source in thought.sources:
                named = self._by_turn.setdefault(source.turn_id, set())
                if thought.superseded_by is not None or thought.contested:
                    named.add(thought.id)
                else:
                    named.discard(thought.id)


_WITHDRAWN = frozenset(("retracted", "expired"))


def _only_by_value(one: Thought, later: Thought) -> bool:
    """Whether nothing but the words around two numbers says that they measure the same."""
    slot = one.predicate == later.predicate and is_single(one.predicate)
    told = one.polarity == later.polarity == "positive" and not later.corrects
    return told and not slot and relation(one, later) == "update"


def _turns(thought: Thought, among: Collection[str], besides: str) -> list[str]:
    """Those of the turns that the thought rests on."""
    ids = (source.turn_id for source in thought.sources)
    return [turn_id for turn_id in ids if turn_id in among and turn_id != besides]


def _begins_after(thought: Thought, as_of: datetime | None) -> bool:
    return as_of is not None and thought.valid_from is not None and thought.valid_from > as_of
