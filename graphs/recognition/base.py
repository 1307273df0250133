"""The recognition memory seam: which of the facts that came to mind bear on the query."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from knowhen.graphs.errors import KnowhenError
from knowhen.graphs.facts import Fact


class RecognitionFailed(KnowhenError):
    """A model or reranker gave no usable answer about the facts."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """The places of the facts that were kept, and what had to be done without."""

    kept: tuple[int, ...]
    """Places in the candidates, in their order. None of them is a valid answer too."""
    fallback: str | None = None
    """Why all candidates were kept after all; None if the facts were really judged."""


class Recogniser(Protocol):
    """Filters candidate facts (HippoRAG 2, section 3.2, "recognition memory")."""

    def recognise(self, query: str, facts: Sequence[Fact]) -> Recognition:
        """Judge the facts, best candidate first. Never raises: failing is a `fallback`."""
        ...


def keep_all(facts: Sequence[Fact], fallback: str | None = None) -> Recognition:
    """Every candidate, as when there is no filter or when it failed."""
    return Recognition(tuple(range(len(facts))), fallback)
