"""Why something was recalled, in numbers and in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from knowhen.memory.records import Recollection, Turn
from knowhen.memory.search.engine import RecallEngine
from knowhen.memory.stores.base import Store


@dataclass(frozen=True, slots=True)
class Explanation:
    """The share of each cue, the sources, the event around it, and what it is linked to."""

    item: Recollection
    shares: Mapping[str, float]
    """Contribution of each cue to the score, largest first; they add up to it with the bias."""
    sources: tuple[Turn, ...]
    event: str
    """Title of the event it stands in."""
    links: tuple[str, ...]
    """Entities and thoughts next to it in the graph."""
    packed: bool
    """Whether it stands in the context."""


def explain(item: Recollection, store: Store, space: str, engine: RecallEngine) -> Explanation:
    """Look up what stands behind a recollection."""
    sources = [s.turn for s in store.turns(space, ids=list(item.sources))]
    node = f"{item.kind}:{item.id}"
    with engine.network.reading() as graph:
        links = [edge.target for edge in graph.neighbours(node)] if node in graph else []
    corpus = engine.corpus.refresh()
    event = ""
    if sources and sources[0].id in corpus.position:
        number = int(corpus.event[corpus.position[sources[0].id]])
        if number >= 0:
            event_id = corpus.events[number]
            event = next((e.title for e in store.events(space) if e.id == event_id), "")
    shares = dict(sorted(item.why.items(), key=lambda pair: -abs(pair[1])))
    return Explanation(item, shares, tuple(sources), event, tuple(links), item.packed is not None)
