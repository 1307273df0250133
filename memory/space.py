"""One space with all its parts wired: what the manager works through."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np

from knowhen.graphs.walk import Walk
from knowhen.memory.clock import Clock, NewId
from knowhen.memory.embedders.base import Embedder
from knowhen.memory.episodes.calibration import (
    DEFAULT_SCORER,
    Adaptation,
    Segmenters,
    make_offline_segmenter,
    make_segmenter,
)
from knowhen.memory.episodes.lm import CausalLanguageModel
from knowhen.memory.episodes.recorder import EventRecorder
from knowhen.memory.episodes.topics import TopicModel
from knowhen.memory.forgetting import Erasure
from knowhen.memory.gate.gate import Gate
from knowhen.memory.indexes.base import VectorIndex
from knowhen.memory.language.base import EntityFinder
from knowhen.memory.models.base import ChatModel
from knowhen.memory.recall.pipeline import Pipeline
from knowhen.memory.recall.rerankers.base import Reranker
from knowhen.memory.remembering import Remembering
from knowhen.memory.search.scoring import SearchPlan
from knowhen.memory.settings import Settings
from knowhen.memory.settling import Settling, make_reader, thought_entries
from knowhen.memory.stores.base import Store
from knowhen.memory.thoughts.base import Proposer
from knowhen.memory.thoughts.ledger import ThoughtLedger
from knowhen.memory.thoughts.model import ModelJudge
from knowhen.memory.tokens import TokenCounter
from knowhen.memory.view.view import KINDS, Views


@dataclass(frozen=True, slots=True)
class Equipment:
    """What all spaces of a home share."""

    store: Store
    index: VectorIndex
    embedder: Embedder
    model: ChatModel | None
    proposer: Proposer
    counter: TokenCounter
    walk: Walk | None
    reranker: Reranker | None
    clock: Clock
    new_id: NewId
    settings: Settings
    finder: EntityFinder
    reindexing: bool = False
    """Whether spaces that another embedder filled are opened as well."""
    spaces: "Spaces" = field(default_factory=lambda: Spaces())


class Spaces:
    """The spaces of a home that were used last, with what recall keeps of them in memory.

    A manager asks for its space at every call, so a home with many spaces takes no more memory
    than one with `most`.
    """

    def __init__(self, most: int = 64) -> None:
        self._most, self._lock = most, threading.Lock()
        self._open: OrderedDict[str, Space] = OrderedDict()

    def at(self, name: str, equipment: Equipment) -> "Space":
        """The parts of a space, made if it was not used for long."""
        with self._lock:
            if name not in self._open:
                self._open[name] = Space(name, equipment)
            self._open.move_to_end(name)
            while len(self._open) > self._most:
                self._open.popitem(last=False)
            return self._open[name]

    def clear(self) -> None:
        """Make every space anew when it is used next."""
        with self._lock:
            self._open.clear()


class Space:
    """The parts of one space."""

    def __init__(self, name: str, equipment: Equipment) -> None:
        self.name = name
        self._any_vector = np.eye(1, equipment.embedder.dimension, dtype=np.float32)[0]
        store, embedder, settings = equipment.store, equipment.embedder, equipment.settings
        adaptation = Adaptation(
            store,
            name,
            embedder_name=embedder.name,
            make=lambda topics: _segmenters(equipment, topics),
        )
        online, offline = adaptation.segmenters()
        self.events = EventRecorder(
            store, name, online=online, offline=offline, adaptation=adaptation
        )
        self.remembering = Remembering(
            store,
            name,
            embedder=embedder,
            events=self.events,
            clock=equipment.clock,
            new_id=equipment.new_id,
            settings=settings.parts,
            finder=equipment.finder,
        )
        self.ledger = ThoughtLedger(
            store, name, equipment.clock, lambda thoughts: thought_entries(thoughts, embedder)
        )
        self.settling = Settling(
            store,
            name,
            events=self.events,
            ledger=self.ledger,
            proposer=equipment.proposer,
            reader=make_reader(equipment.model),
            judge=None if equipment.model is None else ModelJudge(equipment.model),
        )
        self.views = Views(store, name, equipment.index)
        self.gate = Gate(store, name, embedder=embedder.name, useless=settings.gate.useless)
        self.pipeline = Pipeline(
            plan=SearchPlan.of(embedder, equipment.walk, settings.recall),
            gate=self.gate,
            counter=equipment.counter,
            clock=equipment.clock,
            reranker=equipment.reranker,
            limit=settings.recall.limit,
            mode=settings.gate.mode,
        )
        self.erasure = Erasure(
            store,
            name,
            index=equipment.index,
            events=self.events,
            ledger=self.ledger,
            clock=equipment.clock,
        )

    def warm(self) -> None:
        """Read what recall and thinking keep in memory; nothing is embedded for it."""
        with self.views.reading() as view:
            for kind in KINDS:
                view.nearest(kind, self._any_vector, 1)
        self.ledger.warm()


def _segmenters(equipment: Equipment, topics: TopicModel | None) -> Segmenters:
    events, name = equipment.settings.events, equipment.embedder.name
    folder = events.language_model
    online = make_segmenter(
        events.scorer,
        embedder_name=name,
        refine=events.refine,
        topics=topics,
        likelihood=CausalLanguageModel(folder) if folder and events.scorer == "lm" else None,
    )
    # Hindsight is the same posterior read backwards; another choice has no such form and stays.
    if not events.offline or events.scorer != DEFAULT_SCORER or events.refine != "none":
        return online, None
    return online, make_offline_segmenter(embedder_name=name, topics=topics)
