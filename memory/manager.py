"""`MemoryManager`: the one door to a memory."""

import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime

from knowhen.graphs.knowledge import KnowledgeGraph
from knowhen.graphs.walk import make_walk
from knowhen.memory.browsing import Browsing
from knowhen.memory.care import Care
from knowhen.memory.clock import Clock, NewId, SystemClock, random_id
from knowhen.memory.closing import Closing
from knowhen.memory.embedders.base import Embedder
from knowhen.memory.embedders.factory import make_embedder
from knowhen.memory.embedders.identity import check_space, claim
from knowhen.memory.errors import InvalidInput, NotFound
from knowhen.memory.forgetting import Wanted, select, verify
from knowhen.memory.gate.calibration import ERROR, Calibration, Trace
from knowhen.memory.home import chosen_home
from knowhen.memory.indexes.base import VectorIndex
from knowhen.memory.indexes.factory import make_index
from knowhen.memory.language.base import EntityFinder
from knowhen.memory.language.finders import make_finder
from knowhen.memory.models.base import ChatModel
from knowhen.memory.models.factory import make_model
from knowhen.memory.recall.answering import answer
from knowhen.memory.recall.profile import make_profile
from knowhen.memory.recall.rerankers.base import Reranker
from knowhen.memory.recall.shown import note_shown
from knowhen.memory.recall.why import Explanation, explain, explain_query
from knowhen.memory.records import (
    Answer,
    Decision,
    Document,
    Profile,
    Recall,
    Receipt,
    Recollection,
    Turn,
)
from knowhen.memory.search.scoring import Findings
from knowhen.memory.settings import Settings
from knowhen.memory.settling import Settled, make_proposer
from knowhen.memory.space import Equipment, Space
from knowhen.memory.stores.base import Store
from knowhen.memory.stores.sqlite import SqliteStore
from knowhen.memory.thoughts.operations import Insert, Merge, Operation, Use
from knowhen.memory.threads import one_thread
from knowhen.memory.tokens import TokenCounter, make_token_counter
from knowhen.memory.twins import twin
from knowhen.memory.validation import as_json, check, ids, records, text_fault, time_fault


class MemoryManager(Browsing, Care, Closing):
    """Remembers a conversation, recalls from it, and knows when not to.

    One manager serves one space; `at` gives a manager of another space of the same home. Safe
    to use from several threads and processes at once.
    """

    def __init__(self, equipment: Equipment, space: str) -> None:
        check("the name of a space", text_fault(space))
        if not space.strip():
            raise InvalidInput("the name of a space cannot be empty")
        self._equipment = equipment
        self._store: Store = equipment.store
        self.space = space
        if not equipment.reindexing:
            check_space(self._store, space, equipment.embedder)

    @property
    def _space(self) -> Space:
        return self._equipment.spaces.at(self.space, self._equipment)

    @classmethod
    def open(
        cls,
        home: str | os.PathLike[str] | None = None,
        *,
        space: str = "default",
        embedder: str | Embedder = "lexical",
        index: str | VectorIndex = "exact",
        model: ChatModel | str | Callable[..., str] | None = None,
        reranker: Reranker | None = None,
        settings: Settings | None = None,
        counter: TokenCounter | None = None,
        clock: Clock | None = None,
        new_id: NewId = random_id,
        entities: str | EntityFinder = "rules",
        reindexing: bool = False,
    ) -> "MemoryManager":
        """Open the memory in a folder, which is made if it is not there.

        Args:
            home: the folder, `":memory:"` to keep nothing, or None for `$KNOWHEN_HOME` or the
                user's data folder.
            embedder: `lexical` (no download, not semantic), `local` (MiniLM), `openai:MODEL`,
                or an embedder.
            index: `exact`, `chroma`, or an index.
            model: a chat model for thoughts and answers; none is needed.
            reranker: reads the first candidates again before they are packed.
            entities: what finds the names in a turn: `rules`, `spacy:MODEL`, or a finder.
            reindexing: accept another embedder than the stored one, because `reindex` follows.

        Raises:
            HomeUnavailable: the folder or its database cannot be used.
            EmbedderMismatch: the memory was filled with another embedder.
        """
        settings = settings or Settings()
        chosen = make_embedder(embedder)
        store = SqliteStore(chosen_home(home))
        try:
            if not reindexing:
                claim(store, chosen)
            # The key of digests that outlive what was erased; without it they could be guessed.
            store.claim_setting("secret", secrets.token_hex(32))
            chat = make_model(model)
            equipment = Equipment(
                store=store,
                index=make_index(index, store),
                embedder=chosen,
                model=chat,
                proposer=make_proposer(chat),
                counter=counter or make_token_counter(),
                walk=make_walk(settings.recall.walk),
                reranker=reranker,
                clock=clock or SystemClock(),
                new_id=new_id,
                settings=settings,
                finder=make_finder(entities),
                reindexing=reindexing,
            )
            return cls(equipment, space)
        except BaseException:
            store.close()
            raise

    def at(self, space: str) -> "MemoryManager":
        """A manager of another space of the same home. Closing either closes the home."""
        return MemoryManager(self._equipment, space)

    # Taking in ---------------------------------------------------------------------------
    def remember(self, turns: Turn | Iterable[Turn]) -> list[str]:
        """Store turns for good; give back the ids of those that were new.

        A turn that is there already is ignored; so is one that was erased. What this returns is
        durable. No chat model is waited for.

        Raises:
            InvalidInput: something else than turns was given; nothing of the call is kept.
            TurnConflict: an id is taken by other content; nothing of the call is kept.
        """
        with one_thread():
            added = self._space.remembering.remember(records(turns, Turn))
        if added and self._equipment.model is None:
            self._space.settling.run()
        return added

    def learn(self, documents: Document | Iterable[Document]) -> list[str]:
        """Store reference text, recalled by the same walk; give back the ids of what was new.

        Raises:
            InvalidInput: something else than documents was given, or one that cannot be kept.
            TurnConflict: an id is taken by other content; nothing of the call is kept.
        """
        batch = [document.turn() for document in records(documents, Document)]
        return self._space.remembering.remember(batch)

    def settle(self) -> Settled:
        """Close open events, cut them with hindsight, embed and think about what is waiting."""
        self._space.remembering.embed_pending()
        with one_thread():
            self._space.events.settle()
        return self._space.settling.run()

    def consolidate(self) -> Settled:
        """Think about the events that are closed, and leave the conversation that goes on."""
        return self._space.settling.run()

    def warm(self) -> None:
        """Read the memory into this process now; without it, the first recall does."""
        self._space.warm()

    # Giving back -------------------------------------------------------------------------
    def recall(
        self,
        query: str,
        *,
        budget: int = 1024,
        gate: bool = True,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        recent: Iterable[Turn] = (),
        asker: str | None = None,
        advised: bool = False,
    ) -> Recall:
        """Find what answers a query and pack it into at most `budget` tokens. Never writes.

        Args:
            gate: leave the context empty when the decision is not to use memory.
            as_of: only what had been said, and was true, at that time.
            known_at: only what had been recorded by that time.
            recent: what was said just before, oldest first. It explains a query such as "and her
                sister?", and is not packed, because the reader has it.
            asker: who says "I": a speaker, "" for somebody outside, or None for the only one who
                spoke as user.
            advised: where the decision is close, ask the model first, which may put the query in
                other words; without a model, this changes nothing.

        Raises:
            InvalidBudget: the budget is not a positive number.
            InvalidInput: the query is empty or no text, or a time has no zone.
        """
        check("as_of", time_fault(as_of))
        check("known_at", time_fault(known_at))
        check("the asker", "" if asker is None else text_fault(asker))
        window = records(recent, Turn)
        adviser = self._equipment.model if advised else None
        # A model may take its time; meanwhile others use all threads of the machine.
        with (
            one_thread() if adviser is None else nullcontext(),
            self._space.views.reading() as view,
        ):
            found = self._space.pipeline.recall(
                view,
                query,
                budget=budget,
                gate=gate,
                as_of=as_of,
                known_at=known_at,
                recent=window,
                asker=asker,
                adviser=adviser,
            )
        return note_shown(found)

    def profile(
        self, *, budget: int = 150, asker: str | None = None, as_of: datetime | None = None
    ) -> Profile:
        """What a model should know whatever is asked, for the stable front of a prompt.

        Standing instructions, who the user is, what constrains them, what they like, their people
        and animals, what they plan: current only, with the turns that say so. Never writes.

        Args:
            asker: who "I" is: a speaker, "" for somebody outside, or None for the only one who
                spoke as user.
            as_of: what held at that time; plans of earlier days have lapsed.

        Raises:
            InvalidBudget: the budget is not a positive number.
            InvalidInput: the asker is no text, or the time has no zone.
        """
        check("as_of", time_fault(as_of))
        check("the asker", "" if asker is None else text_fault(asker))
        with self._space.views.reading() as view:
            return make_profile(
                view,
                budget=budget,
                counter=self._equipment.counter,
                now=self._equipment.clock.now(),
                asker=asker,
                as_of=as_of,
            )

    def search(self, query: str) -> Findings:
        """Score every part for a query without deciding or packing, for those who look deeper."""
        with one_thread(), self._space.views.reading() as view:
            return self._space.pipeline.search(view, query)

    def decide(self, query: str) -> Decision:
        """The gate alone: what to do about a query, and why."""
        with one_thread(), self._space.views.reading() as view:
            return self._space.pipeline.decide(view, query)

    def answer(
        self,
        query: str,
        *,
        budget: int = 1024,
        recent: Iterable[Turn] = (),
        asker: str | None = None,
    ) -> Answer:
        """Decide, recall and answer: with the model, or by quoting without one.

        Where the decision is close, the model is asked for advice first. The other arguments are
        those of `recall`.
        """
        recall = self.recall(query, budget=budget, recent=recent, asker=asker, advised=True)
        return answer(query, recall, self._equipment.model)

    def why(
        self,
        item: Recollection | str,
        turn_id: str | None = None,
        *,
        budget: int = 1024,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
    ) -> Explanation:
        """Why an item was recalled: each cue's share, its sources, its links in the graph.

        With a query and the id of a turn also which names lead to it, what the walk changed in
        its rank, and what kept it out of the context: `why("Where does Nora live?", "t17")`.

        Raises:
            NotFound: there is no turn with that id.
            InvalidInput: a query comes without an id, or an item with one.
        """
        with self._space.views.reading() as view:
            if isinstance(item, Recollection):
                if turn_id is not None:
                    raise InvalidInput("`why` takes an item, or a query and the id of a turn")
                return explain(item, view, self._store)
            if turn_id is None:
                raise InvalidInput("`why` needs the id of a turn beside the query")
            return explain_query(
                self._space.pipeline,
                view,
                self._store,
                item,
                turn_id,
                budget=budget,
                as_of=as_of,
                known_at=known_at,
            )

    # Thoughts ----------------------------------------------------------------------------
    def think(self, turns: Sequence[Turn | str]) -> list[int]:
        """Propose and apply thoughts for turns of this memory now; give back operation ids."""
        named = [turn.id if isinstance(turn, Turn) else turn for turn in turns]
        found = [self.turn(turn_id) for turn_id in ids("turns", named)]
        proposals = self._equipment.proposer.propose(found)
        with self._store.transaction(self.space):
            return self._space.ledger.learn(proposals)

    def apply(self, operation: Operation) -> int:
        """Apply one operation; give back its id in the log."""
        with self._store.transaction(self.space):
            return self._space.ledger.apply(operation)

    def insert(self, statement: str | Insert) -> int:
        """Add a thought by hand; give back the operation's id."""
        if not isinstance(statement, Insert):
            check("a statement", text_fault(statement))
            statement = Insert(statement)
        return self.apply(statement)

    def merge(self, thought_ids: Sequence[str], *, text: str = "") -> int:
        """Merge thoughts into one that loses none of their objects; give back the operation."""
        return self.apply(Merge(ids("thought_ids", thought_ids), text=text))

    def undo(self, operation_id: int) -> int:
        """Reverse an operation; give back the id of the reversal.

        Raises:
            OperationRefused: it cannot be undone; an erasure never can.
            NotFound: there is no such operation.
        """
        with self._store.transaction(self.space):
            return self._space.ledger.undo(operation_id)

    def feedback(self, recall: Recall, *, useful: Sequence[str]) -> None:
        """Tell which recalled items were of use: their thoughts are kept longer."""
        listed = {item.id: item for item in recall.items}
        for item_id in ids("useful", useful):
            if item_id not in listed:
                raise NotFound("item of this recall", item_id, self.space)
        thoughts = [i for i in useful if listed[i].kind == "thought"]
        turns = {i for i in useful if listed[i].kind == "turn"}
        for turn_id in turns:
            thoughts += [t.id for t in self._store.thoughts(self.space, turn_id=turn_id)]
        if thoughts:
            self.apply(Use(tuple(dict.fromkeys(thoughts))))
        if recall.decision.personal and useful:
            self._space.gate.learn(missed=recall.decision.action != "recall")

    def calibrate(self, traces: Iterable[Trace], *, error: float = ERROR) -> Calibration:
        """Fit the gate to this memory's own past queries, and keep the result.

        Args:
            error: share of answers that memory holds which may go unrecalled.

        Raises:
            InvalidInput: there are too few traces.
        """
        with self._space.views.reading() as view:
            found = [(trace, self._space.pipeline.score(view, trace.query)) for trace in traces]
        return self._space.gate.calibrate(found, error=error)

    # Forgetting --------------------------------------------------------------------------
    def forget(
        self,
        *,
        turns: Sequence[str] = (),
        thoughts: Sequence[str] = (),
        entity: str | None = None,
        matching: str | None = None,
        before: datetime | None = None,
        speaker: str | None = None,
        session: str | None = None,
        meta: Mapping[str, object] | None = None,
        preview: bool = False,
    ) -> Receipt:
        """Erase turns and thoughts with all that was made of them; a receipt proves it.

        What fits any of the arguments goes.

        Args:
            entity: everything that mentions it, and what it said.
            matching: every turn and thought that holds this text, in its metadata, speaker or
                sitting as well, whatever the case, the spaces and the signs that nobody sees.
                The receipt names what has the same letters and was not chosen.
            before: every turn said before that time.
            speaker: every turn that this speaker said.
            session: every turn of this sitting.
            meta: every turn whose metadata has all these values.
            preview: only say what would go.

        Raises:
            InvalidInput: nothing was chosen, or by something else than ids, text or a time.
            NotFound: a chosen turn or thought is not there.
        """
        named = {"entity": entity, "matching": matching, "speaker": speaker, "session": session}
        for what, text in named.items():
            check(what, "" if text is None else text_fault(text))
        check("before", time_fault(before))
        wanted = Wanted(
            ids("turns", turns),
            ids("thoughts", thoughts),
            before=before,
            meta=tuple(as_json(meta or {}).items()),
            **named,
        )
        selection = select(self._store, self.space, wanted)
        if preview:
            return self._space.erasure.preview(selection)
        return self._space.erasure.erase(selection)

    def verify(self, receipt: Receipt) -> list[str]:
        """What speaks against a receipt of `forget`, in words; empty when it holds.

        It was made by this home and not changed since, and what it names did not come back.
        """
        return verify(self._store, receipt)

    # Looking in --------------------------------------------------------------------------
    def surprise(self, session: str) -> list[float]:
        """How probable a boundary between events is at each turn of a session."""
        return [float(value) for value in self._space.events.curve(session)]

    @property
    def model(self) -> ChatModel | None:
        """The chat model it was opened with."""
        return self._equipment.model

    @property
    def counter(self) -> TokenCounter:
        """What counts the tokens of its budgets."""
        return self._equipment.counter

    @property
    def clock(self) -> Clock:
        """What tells it the time."""
        return self._equipment.clock

    @property
    def graph(self) -> KnowledgeGraph:
        """The knowledge graph of this space, up to date."""
        return self._space.views.latest().graph

    def close(self) -> None:
        self._equipment.index.close()
        self._store.close()

    # Async twins -------------------------------------------------------------------------
    aremember = twin(remember)
    alearn = twin(learn)
    asettle = twin(settle)
    aconsolidate = twin(consolidate)
    awarm = twin(warm)
    arecall = twin(recall)
    aprofile = twin(profile)
    asearch = twin(search)
    adecide = twin(decide)
    aanswer = twin(answer)
    awhy = twin(why)
    athink = twin(think)
    aapply = twin(apply)
    ainsert = twin(insert)
    amerge = twin(merge)
    aundo = twin(undo)
    afeedback = twin(feedback)
    acalibrate = twin(calibrate)
    aforget = twin(forget)
    asurprise = twin(surprise)
    averify = twin(verify)
    aclose = twin(close)
