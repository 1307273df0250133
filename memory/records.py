"""The records that knowhen keeps and gives back: plain frozen values, checked at the border."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Literal, get_args

from knowhen.graphs.knowledge import Edge as Edge
from knowhen.memory.errors import InvalidInput, InvalidTurn
from knowhen.memory.validation import as_json, text_fault, time_fault

Role = Literal["user", "assistant", "system", "tool", "document"]
Modality = Literal["asserted", "planned", "hypothetical", "quoted"]
Polarity = Literal["positive", "negative"]
ThoughtKind = Literal["fact", "preference", "event", "plan", "instruction", "inference"]
Status = Literal["active", "superseded", "merged", "retracted", "expired"]
Action = Literal["skip", "recall", "parametric", "abstain"]
RecollectionKind = Literal["turn", "event", "thought"]
Origin = Literal["model", "memory", "fallback"]

ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance, kept verbatim and never changed.

    Reference text given to `learn` is kept as a turn too, with the role `document`, so that it
    is stored, searched, walked to and erased by the same code.

    Raises:
        InvalidTurn: empty text or text that is no Unicode, an unknown role, meta that JSON cannot
            hold, or a time without a time zone or at the very edge of what a calendar holds,
            where no other zone can write it.
    """

    text: str
    speaker: str = ""
    """Name of who said it; empty means the role's name."""
    role: Role = "user"
    time: datetime | None = None
    """When it was said, with a time zone; None means the clock's time at `remember`."""
    session: str = ""
    """The sitting it belongs to; turns of one session follow each other."""
    id: str = ""
    """Unique in its space; empty means that the manager gives one."""
    meta: Mapping[str, object] = field(default_factory=dict)
    """Anything JSON can hold, kept and given back as JSON gives it back."""

    def __post_init__(self) -> None:
        for name in ("text", "speaker", "session", "id"):
            self._refuse(f"the {name} of", text_fault(getattr(self, name)))
        if not self.text.strip():
            self._refuse("", "has no text")
        if self.role not in ROLES:
            self._refuse("", f"has role {self.role!r}; use one of {', '.join(ROLES)}")
        self._refuse("the time of", time_fault(self.time))
        if self.time is not None and not 1 < self.time.year < 9999:
            self._refuse("the time of", f"is out of range: {self.time.isoformat()}")
        try:
            object.__setattr__(self, "meta", as_json(self.meta))
        except InvalidInput as error:
            self._refuse("the meta of", str(error))

    def _refuse(self, part: str, fault: str) -> None:
        if fault:
            raise InvalidTurn(f"{part} turn {self.id!r} {fault}".strip())


@dataclass(frozen=True, slots=True)
class Document:
    """Reference text for `learn`: recalled by the same walk, never taken for something said."""

    title: str
    text: str
    id: str = ""
    """Unique in its space; empty means one made from title and text."""
    time: datetime | None = None
    meta: Mapping[str, object] = field(default_factory=dict)

    def turn(self) -> Turn:
        """The turn that it is kept as.

        Raises:
            InvalidTurn: as for a turn.
        """
        key = f"{self.title}\0{self.text}".encode("utf-8", "surrogatepass")
        name = self.id or blake2b(key, digest_size=8).hexdigest()
        meta = self.meta
        if isinstance(meta, Mapping):
            meta = {**meta, "title": self.title}
        return Turn(
            text=self.text,
            speaker=self.title or "document",
            role="document",
            time=self.time,
            session=f"document:{name}",
            id=name,
            meta=meta,
        )


@dataclass(frozen=True, slots=True)
class Event:
    """A view over consecutive turns of one session; cutting them anew is always safe."""

    id: str
    space: str
    session: str
    first_turn: str
    last_turn: str
    turns: int
    """How many turns it holds."""
    start: datetime
    end: datetime
    boundary_probability: float
    """How sure the segmenter was that a new event begins at `first_turn`."""
    surprise: float = 0.0
    """The scorer's value at `first_turn`, in the scorer's own unit."""
    title: str = ""
    keys: tuple[str, ...] = ()
    """Ids of the turns that stand for it."""
    closed: bool = False
    settled: bool = False
    """Cut with hindsight; only what is said later in the same sitting moves it again."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a thought comes from: a span of characters of a turn, and how much it counts."""

    turn_id: str
    start: int
    end: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Thought:
    """A short relational statement with two clocks: when it was true, and when it was learned."""

    id: str
    space: str
    text: str
    subject: str
    predicate: str
    object: str
    polarity: Polarity = "positive"
    modality: Modality = "asserted"
    kind: ThoughtKind = "fact"
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    recorded_at: datetime | None = None
    retired_at: datetime | None = None
    status: Status = "active"
    sources: tuple[Source, ...] = ()
    supersedes: tuple[str, ...] = ()
    superseded_by: str | None = None
    merged_into: str | None = None
    contested: bool = False
    """Another thought says otherwise for the same time, and nothing decides between them."""
    rivals: tuple[str, ...] = ()
    """Ids of the thoughts that say otherwise; empty unless contested."""
    corrects: bool = False
    """Said to put an earlier statement right: what it replaces was never true."""
    pinned: bool = False
    confidence: float = 1.0
    stability: float = 30.0
    """Days until retention has fallen to 1/e."""
    last_used: datetime | None = None
    uses: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about a query, with the four probabilities behind it and reasons in words."""

    action: Action
    need: float
    """Probability that memory is needed at all."""
    have: float
    """Probability that memory holds the answer."""
    know: float
    """Probability that the model would be right alone."""
    trust: float
    """Probability that the evidence is consistent, current and permitted."""
    reasons: tuple[str, ...] = ()
    depth: Literal["none", "hint", "light", "full"] = "none"
    """How much work a recall is worth: light where one passage is nearly sure to answer, so that
    no reranker needs to read; full where the answer lies in several places, or is less sure; hint
    where the memory holds the topic, and perhaps not the detail that is asked for."""
    personal: bool = False
    """Asks for a personal fact, which is never answered from the model's own knowledge."""
    grey: bool = False
    """So close to a threshold that a cheap call to a model is worth its price."""
    moved: Mapping[str, float] = field(default_factory=dict)
    """What moved need and have, in log-odds against a typical query, strongest first."""
    features: Mapping[str, float] = field(default_factory=dict)
    """All that the gate looked at; their names are explained in `knowhen.memory.gate.signals`."""
    counterfactual: str = ""
    """The smallest change that would have led to a recall, or away from it."""


@dataclass(frozen=True, slots=True)
class Recollection:
    """One thing recalled, with its sources and the share each cue had in its score."""

    kind: RecollectionKind
    id: str
    text: str
    time: datetime | None
    score: float
    sources: tuple[str, ...]
    """Ids of the turns it rests on."""
    why: Mapping[str, float] = field(default_factory=dict)
    """Contribution of each cue to `score`."""
    speaker: str = ""
    packed: str | None = None
    """The part of `text` that stands in the context; None if the budget left it out."""
    mark: str = ""
    """What later turns did to it: outdated, updating or disputed, and by which."""


@dataclass(frozen=True, slots=True)
class ProfileItem:
    """One standing instruction, or one thing known of somebody, with the turns that say so."""

    text: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a model should know whatever is asked; empty where memory knows nothing of the kind."""

    text: str
    """For the stable front of a prompt: its bytes change only when the items do."""
    items: tuple[ProfileItem, ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class ContextLine:
    """Which characters of a recall's context show which item, and which are its very words."""

    kind: RecollectionKind
    id: str
    start: int
    """Where it begins in the context, with the speaker and the id in front of the words."""
    end: int
    words: int
    """Where the item's own words begin in the context, after any sign of a gap."""
    first: int
    """Where these words stand in the item's text: from this character…"""
    last: int
    """… to before this one."""


@dataclass(frozen=True, slots=True)
class Recall:
    """The answer to a recall: the decision, what was found in rank order, and what fits."""

    query: str
    decision: Decision
    items: tuple[Recollection, ...]
    context: str
    tokens: int
    """Size of `context`; never more than the budget."""
    exact_tokens: bool = False
    """Whether `tokens` was counted with a real vocabulary, or estimated as characters / 4."""
    notes: tuple[str, ...] = ()
    """What was cut and why, and every fallback that was taken."""
    lines: tuple[ContextLine, ...] = ()
    """Where in `context` each packed item stands, in the order of reading."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply with the recall it rests on and the ids of the turns it cites."""

    text: str
    recall: Recall
    citations: tuple[str, ...] = ()
    quotes: tuple[tuple[str, str], ...] = ()
    """Ids with words that stand in that turn exactly so; quotes that do not are dropped."""
    notes: tuple[str, ...] = ()
    """What was dropped or weighed, and every fallback that was taken."""
    origin: Origin = "model"
    """Whose words `text` is: the model's; or quotes and set phrases, which are no news and not to
    be remembered: the memory's own, or as a fallback because the model failed, as a note says."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of an erasure: what went, what came back, and that no byte of it is left."""

    space: str
    turns: tuple[str, ...]
    thoughts: tuple[str, ...]
    revived: tuple[str, ...] = ()
    """Thoughts that an erased one had superseded and that are active again."""
    residues: tuple[str, ...] = ()
    """Files in which an erased text was still found; empty when the erasure is proven."""
    similar: tuple[str, ...] = ()
    """Turns and thoughts that were not chosen, but may also mean what was asked for: spelled
    with other spaces, accents or marks."""
    looked_at: tuple[str, ...] = ()
    """Files in which every byte was looked at."""
    held: tuple[str, ...] = ()
    """Files that another process was still reading an older state of; what they hold of it is
    cleared when the space is opened next."""
    time: datetime | None = None
    preview: bool = False
    tombstones: tuple[str, ...] = ()
    """Keyed digests of the erased turns and thoughts, which tell nothing without the home."""
    digest: str = ""
    """Keyed digest of the whole receipt, which `verify` recomputes."""
