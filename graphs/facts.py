"""Facts: what a passage says, as subject, predicate and object."""

from collections.abc import Iterable
from dataclasses import dataclass

from knowhen.graphs.names import normalise


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """A relational statement under normalised names; equal facts of two passages are one."""

    subject: str
    predicate: str
    object: str

    @property
    def text(self) -> str:
        """The fact as one line, as it is embedded and shown to a model."""
        return " ".join(part for part in (self.subject, self.predicate, self.object) if part)

    @property
    def entities(self) -> tuple[str, ...]:
        """Subject and object, each once."""
        return tuple(dict.fromkeys(name for name in (self.subject, self.object) if name))


def facts_from(triples: Iterable[object]) -> tuple[tuple[Fact, ...], int]:
    """The distinct facts among recorded triples, and how many triples were malformed.

    A triple is a list or tuple of three strings whose subject and object are not blank; models
    write others now and then, and those are counted, never guessed at.
    """
    facts: dict[Fact, None] = {}
    malformed = 0
    for triple in triples:
        match triple:
            case [str(subject), str(predicate), str(object_)] if (
                subject.strip() and object_.strip()
            ):
                facts[Fact(normalise(subject), normalise(predicate), normalise(object_))] = None
            case _:
                malformed += 1
    return tuple(facts), malformed
