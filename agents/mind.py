"""The memory side of an agent's turn: read before it answers, keep after, think in the background.

Every adapter of this package works through a `Mind`. Whatever memory does, the reply goes out: a
failure is logged, and turns that could not be stored are kept and stored with the next ones.
"""

import hashlib
import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Literal

from knowhen.agents.prompt import PromptBudget, known, own_words
from knowhen.memory.clock import Clock, NewId
from knowhen.memory.errors import HomeUnavailable, InvalidBudget, TurnConflict
from knowhen.memory.manager import MemoryManager
from knowhen.memory.records import Decision, Recall, Role, Turn

log = logging.getLogger(__name__)
GateMode = Literal["on", "off", "shadow"]
"""Whether the gate decides, is not asked, or is asked and only logged."""
AGAIN = timedelta(minutes=10)
"""Within this time the same request is taken for one that was sent again; later it is said anew."""
RECENT = 100
"""Turns of the window that are looked at: they explain a query, and are not recalled again."""
FAILED = "recall failed"
"""How the note of a recall begins that found nothing because memory could not be read."""
KEPT = 128
"""Spaces whose caches stay in the process; the longest unused goes first."""


class Background:
    """One thread behind the conversations of one home, which serves one space at a time.

    Nothing is queued here that could be lost: what is to be thought about stands in the store,
    and a request only says that there may be some.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[str] = set()
        self._last: Future[None] | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._closed = False

    def think(self, memory: MemoryManager) -> None:
        """Have the memory's closed events thought about soon; asking twice is asking once.

        Without a model there is nothing to wait for, and `remember` has done it.
        """
        if memory.model is None:
            return
        with self._lock:
            if self._closed or memory.space in self._waiting:
                return
            self._waiting.add(memory.space)
            self._submit(self._think, memory)

    def warm(self, memory: MemoryManager) -> None:
        """Have the memory read into this process soon, so that its first turns need not."""
        with self._lock:
            if not self._closed:
                self._submit(self._warm, memory)

    def _submit(self, work: Callable[[MemoryManager], None], memory: MemoryManager) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="knowhen-behind")
        self._last = self._pool.submit(work, memory)

    def wait(self) -> None:
        """Until everything asked for so far is done."""
        with self._lock:
            last = self._last
        if last is not None:  # one thread: the last is done when all are
            last.result()

    def close(self) -> None:
        """Finish what was asked for and end the thread."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True)

    def _warm(self, memory: MemoryManager) -> None:
        try:
            memory.warm()
        except Exception:  # the turn that needs it reads it, and meets the error
            log.info("space %r could not be read ahead", memory.space, exc_info=True)

    def _think(self, memory: MemoryManager) -> None:
        with self._lock:
            self._waiting.discard(memory.space)
        try:
            settled = memory.consolidate()
        except HomeUnavailable as error:
            log.warning("%s; what is left to think about is done next time", error)
            return
        except Exception:  # it stays in the store's queue, and the conversation goes on
            log.exception("thinking about space %r failed; it will be tried again", memory.space)
            return
        for failure in settled.failures:
            log.warning("thinking about space %r: %s", memory.space, failure)


def short_id() -> str:
    """A random id of 12 digits; should it be taken, the turn is kept under a longer one."""
    return secrets.token_hex(6)


class Mind:
    """One space's memory as a conversation uses it; safe to share between threads.

    Args:
        budget: tokens by which a prompt may grow: the recalled context, its fence and the guide.
        gate: `on` leaves it to the gate whether memory is used; `off` shows what was found in any
            case; `shadow` does as well, and logs what the gate decides.
        background: where to post-think, and whoever made it closes it; None makes one of its own.
        new_id: makes ids of turns; short by default, because the context cites them.
        clock: tells when something was said that could not be stored at once.

    Raises:
        InvalidBudget: the budget is not a positive number.
    """

    def __init__(
        self,
        memory: MemoryManager,
        *,
        budget: int = 1024,
        gate: GateMode = "on",
        background: Background | None = None,
        clock: Clock | None = None,
        new_id: NewId = short_id,
    ) -> None:
        if isinstance(budget, bool) or not isinstance(budget, int) or budget <= 0:
            raise InvalidBudget(budget)
        self.memory = memory
        self.budget = PromptBudget(budget, memory.counter)
        self.gate = gate
        self.background = background or Background()
        self._owns_background = background is None
        self._clock = clock or memory.clock
        self._new_id = new_id
        self._lock = threading.Lock()
        self._unkept: list[Turn] = []

    def at(self, space: str) -> "Mind":
        """The mind of another space of the same home, thinking in the same thread."""
        return Mind(
            self.memory.at(space),
            budget=self.budget.total,
            gate=self.gate,
            background=self.background,
            clock=self._clock,
            new_id=self._new_id,
        )

    def recall(
        self,
        query: str,
        *,
        recent: Sequence[Turn] = (),
        asker: str | None = None,
        advised: bool = False,
        front: str = "",
    ) -> Recall:
        """What memory has on a query; empty, with a note, when there is no query or it failed.

        Args:
            recent: what was said just before, which the model sees anyway.
            asker: who says "I"; None means the only user.
            advised: ask the memory's model where the decision is close.
            front: what stands in the front of the prompt, and takes of the same budget.
        """
        room = self.budget.context(front)
        if not query.strip() or not room:
            reason = "nothing was asked" if not query.strip() else "the budget is too small"
            return no_recall(query, reason)
        try:
            found = self.memory.recall(
                query,
                budget=room,
                gate=self.gate == "on",
                recent=recent,
                asker=asker,
                advised=advised,
            )
        except Exception as error:  # the reply matters more than what memory adds to it
            log.exception("recall failed; the reply goes out without memory")
            return no_recall(query, f"{FAILED}: {error!r}")
        if self.gate == "shadow":
            decision = found.decision
            log.info("the gate: %s %.2f %.2f", decision.action, decision.need, decision.have)
        return found

    def prompt(
        self,
        query: str,
        *,
        recent: Sequence[Turn] = (),
        asker: str | None = None,
        instructions: str = "",
        front: str = "",
    ) -> str:
        """The text to put beside what was asked; empty when memory has no part in it.

        Args:
            instructions: what the model is told besides, which may answer as well.
        """
        recall = self.recall(query, recent=recent, asker=asker, front=front)
        return self.shown(recall, recent=recent, instructions=instructions, front=front)

    def shown(
        self,
        recall: Recall,
        *,
        recent: Sequence[Turn] = (),
        instructions: str = "",
        front: str = "",
    ) -> str:
        """The text to put beside what was asked, for a recall."""
        seen = "\n".join((instructions, *(turn.text for turn in recent)))
        return self.budget.prompt(recall, seen=seen, front=front)

    def front(self, asker: str | None = None) -> str:
        """The text for the stable front of a prompt: who is spoken with, and what they want.

        It stays the same, byte for byte, until what is known of them changes, so that a
        provider's cache of prompts serves all that follows it.
        """
        try:
            if not self.budget.profile:
                return ""
            profile = self.memory.profile(budget=self.budget.profile, asker=asker)
        except Exception:  # the reply matters more than what memory adds to it
            log.exception("the profile could not be read; the reply goes out without it")
            return ""
        return known(profile.text) if profile.text else ""

    def turn(
        self, text: str, *, role: Role = "user", speaker: str = "", session: str = "", id: str = ""
    ) -> Turn | None:
        """A turn to keep, without what was recalled into it; None if nothing else is there."""
        words = own_words(text, role=role)
        if not words.strip():
            return None
        return Turn(
            sound(words), role=role, speaker=speaker, session=session, id=id or self._new_id()
        )

    def request_id(self, *parts: str) -> str:
        """The id of a turn that is known only by what was sent, such as a whole request.

        A request that is sent again has the id of the first; the same words said later, as people
        do who greet every day, have an id of their own.
        """
        now = self._clock.now()
        for number in count():
            found = digest(*parts, *([str(number)] if number else []))
            said = self._time_of(found)
            if said is None or now - said <= AGAIN:
                return found
        raise AssertionError("unreachable")

    def knows(self, *parts: str) -> bool:
        """Whether a turn that is known only by what was sent was ever stored."""
        return self._time_of(digest(*parts)) is not None

    def _time_of(self, turn_id: str) -> datetime | None:
        """When a turn was said; None if there is none, or it cannot be read."""
        unkept = [turn for turn in self._unkept if turn.id == turn_id]
        try:
            turn = unkept[0] if unkept else self.memory.turn(turn_id)
        except Exception:  # a turn that is stored twice is better than none
            return None
        return turn.time

    def keep(self, turns: Iterable[Turn | None], *, said_anew: bool = False) -> bool:
        """Store turns, after those that could not be stored before; then think behind.

        What was erased is not stored again, unless it is `said_anew`: a request says nothing of
        its age, and who repeats what they had erased wants it kept.

        False if they could not be stored now either, and are kept for the next time.
        """
        with self._lock:
            unkept, self._unkept = self._unkept, []  # in this order: `put_off` may come between
            waiting = unkept + [turn for turn in turns if turn is not None]
            if not waiting:
                return True
            try:
                self._store(waiting, said_anew=said_anew)
            except Exception:  # nothing that was said is given up
                self._unkept = [*map(self._timed, waiting), *self._unkept]
                log.exception("%d turns could not be stored; kept for later", len(waiting))
                return False
        self.background.think(self.memory)
        return True

    def put_off(self, turn: Turn | None) -> None:
        """Have a turn stored with the next ones. Takes no lock: a finalizer may call it."""
        if turn is not None:
            self._unkept.append(self._timed(turn))

    def _timed(self, turn: Turn) -> Turn:
        return turn if turn.time else replace(turn, time=self._clock.now())

    def _store(self, turns: Sequence[Turn], *, said_anew: bool) -> None:
        try:
            added = set(self.memory.remember(turns))
        except TurnConflict:
            for turn in turns:
                self._store_anew(turn)
            return
        for turn in turns:
            if said_anew and turn.id not in added and self._time_of(turn.id) is None:
                self.memory.remember(replace(turn, id=self._new_id()))

    def _store_anew(self, turn: Turn) -> None:
        """Store a turn whose id may be taken: by the same words said then, or by others."""
        try:
            self.memory.remember(turn)
        except TurnConflict as conflict:
            if self.memory.turn(turn.id).text == turn.text:
                return  # a request that was sent again
            log.info("%s; it is kept under an id of its own", conflict)
            self.memory.remember(replace(turn, id=""))

    def history(self, session: str, *, newest: int) -> list[Turn]:
        """The last turns of a session, those not yet stored among them."""
        if newest <= 0:
            return []
        unkept = [turn for turn in self._unkept if turn.session == session]
        try:
            stored = self.memory.turns(session=session, newest=newest)
        except Exception:  # a shorter history is better than no reply
            log.exception("the history of session %r could not be read", session)
            stored = []
        return [*stored, *unkept][-newest:]

    def session(self, name: str) -> list[Turn]:
        """All turns of a session, those not yet stored among them.

        Raises:
            KnowhenError, sqlite3.Error: the memory cannot be read.
        """
        unkept = [turn for turn in self._unkept if turn.session == name]
        return [*self.memory.turns(session=name), *unkept]

    def erase(self, turn_ids: Sequence[str]) -> None:
        """Take turns out of the memory, stored or not.

        Raises:
            KnowhenError, sqlite3.Error: the memory cannot be changed.
        """
        with self._lock:
            unkept = {turn.id for turn in self._unkept}
            self._unkept = [turn for turn in self._unkept if turn.id not in turn_ids]
        stored = [turn_id for turn_id in turn_ids if turn_id not in unkept]
        if stored:
            self.memory.forget(turns=stored)

    @property
    def waiting(self) -> int:
        """How many turns could not be stored yet."""
        return len(self._unkept)

    def settle(self) -> None:
        """Finish thinking about everything that was said so far, the open event included."""
        self.keep(())
        self.background.wait()
        try:
            settled = self.memory.settle()
        except Exception:  # it stays in the store's queue
            log.exception("settling space %r failed; it is done next time", self.memory.space)
            return
        for failure in settled.failures:
            log.warning("settling space %r: %s", self.memory.space, failure)

    def close(self) -> None:
        """Settle and end its own thread; the memory itself stays open."""
        self.settle()
        if self._owns_background:
            self.background.close()


def sound(text: str) -> str:
    """The text without half surrogates, which a model may write and nothing can store."""
    return text.encode("utf-8", "replace").decode()


def digest(*parts: str) -> str:
    """Twelve digits that follow from the parts."""
    text = "\0".join(parts).encode("utf-8", "replace")
    return hashlib.blake2b(text, digest_size=6).hexdigest()


def no_recall(query: str, reason: str) -> Recall:
    """A recall without memory, and why."""
    decision = Decision("skip", need=0.0, have=0.0, know=0.0, trust=0.0, reasons=(reason,))
    return Recall(query, decision, items=(), context="", tokens=0, notes=(reason,))


class Minds:
    """Gives the mind of a space; None means the space of the memory itself."""

    def __init__(
        self,
        memory: MemoryManager,
        *,
        budget: int,
        gate: GateMode,
        background: Background | None = None,
    ) -> None:
        self._own = Mind(memory, budget=budget, gate=gate, background=background)
        self._lock = threading.Lock()
        self._others: OrderedDict[str, Mind] = OrderedDict()

    @property
    def background(self) -> Background:
        return self._own.background

    def of(self, space: str | None) -> Mind:
        """The mind of a space."""
        if space is None or space == self._own.memory.space:
            return self._own
        with self._lock:
            mind = self._others.pop(space, None) or self._own.at(space)
            self._others[space] = mind
            for old in list(self._others)[:-KEPT]:
                if not self._others[old].waiting:  # its unstored turns would go with it
                    del self._others[old]
            return mind

    def close(self) -> None:
        """Settle every space and end their thread; the memory stays open."""
        with self._lock:
            others = list(self._others.values())
        for mind in others:
            mind.settle()
        self._own.close()
