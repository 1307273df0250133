"""Why something was recalled, in numbers and in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from knowhen.memory.records import Recollection, Turn
from knowhen.memory.stores.base import Store
from knowhen.memory.view.view import View


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


def explain(item: Recollection, view: View, store: Store) -> Explanation:
    """Look up what stands behind a recollection."""
    corpus = view.corpus
    places = [corpus.position[turn_id] for turn_id in item.sources if turn_id in corpus.position]
    sources = tuple(corpus.turns[place].turn for place in places)
    node = f"{item.kind}:{item.id}"
    links = [edge.target for edge in view.graph.neighbours(node)] if node in view.graph else []
    event = ""
    if places and corpus.event[places[0]] >= 0:
        event_id = corpus.events[int(corpus.event[places[0]])]
        event = next((e.title for e in store.events(view.space) if e.id == event_id), "")
    shares = dict(sorted(item.why.items(), key=lambda pair: -abs(pair[1])))
    return Explanation(item, shares, sources, event, tuple(links), item.packed is not None)
