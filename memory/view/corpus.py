"""The columns of one space that scoring computes on.

Scored are *parts*: a short turn is one part, a long one several. Part `i` has the owner
`turn_of[i]`; neighbours are the parts before and after it in the same session.
"""

import copy
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.embedders.lexical import LexicalEmbedder
from knowhen.memory.language.naming import Callings
from knowhen.memory.language.registry import language_of
from knowhen.memory.language.sentences import parts
from knowhen.memory.language.terms import terms
from knowhen.memory.records import ROLES, Event
from knowhen.memory.remembering import indexed_text
from knowhen.memory.stores.base import EntryRow, Store, StoredTurn

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
NONE = -1
SPELLED = 5_000
"""Parts up to which their spelling is compared; the vectors of so many take 5 MB."""
_LETTERS = LexicalEmbedder(256)
_QUESTION_MARKS = "?？؟"
_SENTENCE_MARKS = ".!。！" + _QUESTION_MARKS


@dataclass(frozen=True, slots=True)
class Held:
    """What a part holds that may be asked for."""

    day: bool
    number: bool


class Corpus:
    """Turns and their parts as arrays. Readers get it `frozen`; only `Views` lets it grow."""

    def __init__(self) -> None:
        self._last_seq = 0
        self.turns: list[StoredTurn] = []
        self.position: dict[str, int] = {}
        self.node: dict[str, int] = {}
        """Position of a turn by the id of its node in the graph."""
        self.speakers: list[str] = []
        self._sessions: dict[str, int] = {}
        self._last_part: dict[int, int] = {}
        self._callings = Callings()
        self.aliases: dict[str, str] = {}
        """Folded names by the speaker whom the others call so."""
        self._pieces: dict[int, list[tuple[int, int, frozenset[str]]]] = {}
        self._spelled = [np.empty((0, _LETTERS.dimension), np.float32)]
        self._held: dict[int, Held] = {}
        self.speaker = np.empty(0, np.int64)
        self.session = np.empty(0, np.int64)
        self.time = np.empty(0, np.float64)
        self.role = np.empty(0, "U9")
        self.event = np.empty(0, np.int64)
        self.events: list[str] = []
        self.part_id = np.empty(0, np.int64)
        self.turn_of = np.empty(0, np.int64)
        self.start = np.empty(0, np.int64)
        self.end = np.empty(0, np.int64)
        self.length = np.empty(0, np.float64)
        self.question = np.empty(0, np.float64)
        self.before = np.empty(0, np.int64)
        self.after = np.empty(0, np.int64)

    def catch_up(self, store: Store, space: str, since: int) -> None:
        """Take over what was added, and which events changed, since that version of the space."""
        self._take_turns(store.turns(space, after=self._last_seq))
        self._take_parts(store.entries(space, "turn", after=self.last_part))
        self._take_events(store.events(space, changed_after=since))

    def frozen(self) -> "Corpus":
        """As it is now. Arrays are replaced when it grows, so only lists and maps are copied."""
        view = copy.copy(self)
        for name in ("people", "asker"):  # worked out once for each view
            vars(view).pop(name, None)
        view.turns, view.node, view.position = self.turns[:], {**self.node}, {**self.position}
        return view

    def _take_turns(self, turns: Iterable[StoredTurn]) -> None:
        new = list(turns)
        if not new:
            return
        for offset, stored in enumerate(new, start=len(self.turns)):
            self.position[stored.turn.id] = offset
            self.node[f"turn:{stored.turn.id}"] = offset
        self.turns.extend(new)
        self._last_seq = new[-1].seq
        known = {name: number for number, name in enumerate(self.speakers)}
        speakers = [known.setdefault(s.turn.speaker, len(known)) for s in new]
        self.speakers = list(known)
        self._take_callings(new)
        sessions = [self._sessions.setdefault(s.turn.session, len(self._sessions)) for s in new]
        times = [s.turn.time.timestamp() if s.turn.time else np.nan for s in new]
        self.speaker = np.append(self.speaker, np.array(speakers, np.int64))
        self.session = np.append(self.session, np.array(sessions, np.int64))
        self.time = np.append(self.time, np.array(times, np.float64))
        self.role = np.append(self.role, np.array([s.turn.role for s in new], "U9"))

    def _take_callings(self, new: Iterable[StoredTurn]) -> None:
        """Learn what people call each other; documents and tools speak to nobody."""
        for stored in new:
            turn = stored.turn
            if turn.role not in ("document", "tool"):
                self._callings.read(turn.session, turn.speaker, turn.text)
        self.aliases = self._callings.aliases(self.speakers)

    def _take_parts(self, rows: Sequence[EntryRow]) -> None:
        if not rows:
            return
        first = len(self.part_id)
        owners = np.array([self.position[row.owner] for row in rows], np.int64)
        self.part_id = np.append(self.part_id, np.array([row.id for row in rows], np.int64))
        self.turn_of = np.append(self.turn_of, owners)
        self.start = np.append(self.start, np.array([row.start for row in rows], np.int64))
        self.end = np.append(self.end, np.array([row.end for row in rows], np.int64))
        self.length = np.append(self.length, np.array([row.length for row in rows], np.float64))
        asking = [_share_of_questions(self.text(part)) for part in range(first, len(self.part_id))]
        self.question = np.append(self.question, np.array(asking, np.float64))
        self.before = np.append(self.before, np.full(len(rows), NONE))
        self.after = np.append(self.after, np.full(len(rows), NONE))
        for part, session in enumerate(self.session[owners].tolist(), start=first):
            previous = self._last_part.get(session)
            if previous is not None:
                self.before[part] = previous
                self.after[previous] = part
            self._last_part[session] = part

    def _take_events(self, events: Iterable[Event]) -> None:
        grown = np.full(len(self.turns) - len(self.event), NONE)
        self.event = np.append(self.event, grown)
        number = {name: index for index, name in enumerate(self.events)}
        for event in events:
            index = number.setdefault(event.id, len(number))
            first, last = self.position[event.first_turn], self.position[event.last_turn]
            inside = np.arange(first, last + 1)
            self.event[inside[self.session[inside] == self.session[first]]] = index
        self.events = list(number)

    @cached_property
    def people(self) -> list[str]:
        """Names of speakers that are not merely roles, nor titles: whom a query may name."""
        titles = set(np.unique(self.speaker[self.role == "document"]).tolist())
        return [
            name
            for number, name in enumerate(self.speakers)
            if name not in ROLES and number not in titles
        ]

    @cached_property
    def asker(self) -> str | None:
        """Whom "I" stands for in a query: the only one who spoke as user, if there is but one."""
        users = np.unique(self.speaker[self.role == "user"])
        return self.speakers[int(users[0])] if len(users) == 1 else None

    def known(self, as_of: datetime | None, known_at: datetime | None) -> NDArray[np.bool_]:
        """Parts that had been said by `as_of` and recorded by `known_at`, shape (parts,)."""
        turns = np.ones(len(self.turns), bool)
        if as_of is not None:
            turns &= ~(self.time > as_of.timestamp())
        if known_at is not None:
            turns &= np.array([stored.recorded_at <= known_at for stored in self.turns], bool)
        return turns[self.turn_of]

    def pieces(self, turn: int, size: int) -> list[tuple[int, int, frozenset[str]]]:
        """Spans of about `size` characters of a turn with their terms, kept for later queries."""
        if turn not in self._pieces:
            text = self.turns[turn].turn.text
            self._pieces[turn] = [
                (start, end, frozenset(terms(text[start:end])))
                for start, end in parts(text, size=size, whole=size)
            ]
        return self._pieces[turn]

    def spelled_like(self, text: str) -> Floats:
        """Cosine of character n-grams with each part, shape (parts,); 0 where there are too many.

        The parts' vectors are made when they are first asked for and kept for later queries.
        """
        if len(self) > SPELLED:
            return np.zeros(len(self))
        made = self._spelled[0]
        if len(made) < len(self):
            texts = [self.text(part) for part in range(len(made), len(self))]
            made = np.vstack([made, _LETTERS.embed(texts)])
            self._spelled[0] = made
        return np.asarray(made[: len(self)] @ _LETTERS.embed([text])[0], np.float64)

    def holds(self, part: int) -> "Held":
        """Whether a part names a day or a number, kept for later queries."""
        if part not in self._held:
            text = self.text(part)
            days = language_of(text).find_dates(text, base=self.turns[0].recorded_at)
            self._held[part] = Held(bool(days), any(sign.isdigit() for sign in text))
        return self._held[part]

    @property
    def last_part(self) -> int:
        """Id of the newest part's entry, 0 if there is none."""
        return int(self.part_id[-1]) if len(self.part_id) else 0

    def indexed(self) -> Iterator[tuple[int, Counter[str]]]:
        """Entry id of each part, with its terms as they were indexed."""
        for part, entry in enumerate(self.part_id.tolist()):
            turn = self.turns[int(self.turn_of[part])].turn
            text = indexed_text(turn, int(self.start[part]), int(self.end[part]))
            yield entry, Counter(terms(text))

    def text(self, part: int) -> str:
        """Verbatim text of a part."""
        turn = self.turns[int(self.turn_of[part])].turn
        return turn.text[int(self.start[part]) : int(self.end[part])]

    def __len__(self) -> int:
        return len(self.part_id)


def _share_of_questions(text: str) -> float:
    """Share of the text's sentences that end in a question mark."""
    marks = [character for character in text if character in _SENTENCE_MARKS]
    return sum(mark in _QUESTION_MARKS for mark in marks) / len(marks) if marks else 0.0
