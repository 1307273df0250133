"""Every default of the memory manager, written once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal

from knowhen.memory.episodes.refining import REFINEMENTS, Refinement
from knowhen.memory.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class PartSettings:
    """How long turns are cut into parts that are found on their own."""

    size: int = 900
    """Characters a part aims at; MiniLM reads about 1,000."""
    whole: int = 1200
    """Turns up to this many characters stay whole."""


@dataclass(frozen=True, slots=True)
class EventSettings:
    """How the stream is cut into events."""

    scorer: str = "bocpd"
    """Name of a surprise scorer: `bocpd`, or `lm` with a `language_model`."""
    language_model: str | None = None
    """Folder of a causal language model, for the scorer `lm`."""
    refine: Refinement = "none"
    offline: bool = True
    """Whether `settle` cuts closed sessions anew with hindsight, which only the scorer `bocpd`
    without refinement can; what else was chosen stays as it was cut."""

    @classmethod
    def named(cls, scorer: str, refine: str, language_model: str = "") -> "EventSettings":
        """The settings as they are written on a command line.

        Raises:
            InvalidInput: no refinement has that name.
        """
        for known in REFINEMENTS:
            if known == refine:
                return cls(scorer=scorer, language_model=language_model or None, refine=known)
        raise InvalidInput(f"no refinement {refine!r}; use one of {', '.join(REFINEMENTS)}")


@dataclass(frozen=True, slots=True)
class RecallSettings:
    """How recall searches, fuses and packs."""

    walk: str = "push"
    """`push`, `power` (exact, in numpy), `exact` (igraph) or `none`."""
    cues: Mapping[str, float] = field(default_factory=dict)
    """What the weights of cues, and of the `walk`, are multiplied by; 1 for those not named."""
    edges: Mapping[str, float] = field(
        default_factory=lambda: dict.fromkeys(("fact", "named", "speaker", "synonym"), 0.0)
    )
    """What the near walk multiplies the weights of edges by, per kind; 1 for those not named.

    Those kinds are left out that changed nothing on LoCoMo or BEAM.
    """
    far_edges: Mapping[str, float] = field(
        default_factory=lambda: dict.fromkeys(("contiguity", "member", "synonym"), 0.05)
    )
    """The same for the far walk, which follows names over several hops.

    Neighbours in time and names that are spelt alike lead it astray when they count in full.
    """
    limit: int = 50
    """How many recollections a recall lists."""

    def __post_init__(self) -> None:
        for what, factors in (
            ("edges", self.edges),
            ("far edges", self.far_edges),
            ("cue", self.cues),
        ):
            for kind, factor in factors.items():
                if not (factor >= 0.0 and isfinite(factor)):
                    raise InvalidInput(
                        f"the factor of {what} `{kind}` is {factor!r}; use 0 or more"
                    )


@dataclass(frozen=True, slots=True)
class GateSettings:
    """When what was found is put in front of the model."""

    mode: Literal["on", "off", "shadow"] = "on"
    """`off` lets everything through; `shadow` too, and logs what it would have held back."""
    useless: float = 0.05
    """What a useless context costs, where a withheld fact costs 1: the chance of being of use from
    which a context pays."""

    def __post_init__(self) -> None:
        if not 0.0 < self.useless < 1.0:
            raise InvalidInput(f"the price of a useless context is {self.useless!r}; use 0 to 1")
        if self.mode not in ("on", "off", "shadow"):
            raise InvalidInput(f"the gate knows no mode {self.mode!r}; use on, off or shadow")


@dataclass(frozen=True, slots=True)
class Settings:
    parts: PartSettings = field(default_factory=PartSettings)
    events: EventSettings = field(default_factory=EventSettings)
    recall: RecallSettings = field(default_factory=RecallSettings)
    gate: GateSettings = field(default_factory=GateSettings)
