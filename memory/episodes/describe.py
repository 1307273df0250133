"""What an event is called, and which of its turns stand for it."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from knowhen.graphs.names import normalise
from knowhen.memory.episodes.base import Floats, Unit, stacked
from knowhen.memory.episodes.cues import found_cues
from knowhen.memory.language.entities import find_entities
from knowhen.memory.language.sentences import sentences
from knowhen.memory.language.terms import terms

TITLE_LENGTH = 80
SENTENCES = 12
"""Sentences of a turn that may become a title."""
NAMED = 1.5
"""What a name or a thing in a sentence is worth, in turns that share a word with it."""
REACTIONS = frozenset({"reaction", "greeting"})
"""Boundary cues that show a sentence to be an answer to something, or a greeting."""
_CAPTION = re.compile(r"\[[^\[\]\n:]{2,20}:[^\[\]\n]*\]")


def describe(units: Sequence[Unit], *, keys: int = 3) -> tuple[str, tuple[str, ...]]:
    """An event's title, and the ids of its key turns: the first one and the most central.

    The central ones are chosen by maximal marginal relevance, so that no two say the same; ids
    come in the order of the turns. The title is the event's most representative sentence.
    """
    if not units:
        return "", ()
    content = [frozenset(terms(unit.text)) for unit in units]
    ranked = _diverse(stacked(units), content, count=keys)
    return _title(units, ranked, content), tuple(units[i].id for i in sorted({0, *ranked}))


def shortened(text: str, length: int = TITLE_LENGTH) -> str:
    """The text on one line, cut at a word if it is too long."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    head = line[: length - 1]
    return (head.rsplit(" ", 1)[0] if " " in head else head).rstrip(",;:–- ") + "…"


def _diverse(
    vectors: Floats, content: Sequence[frozenset[str]], *, count: int, balance: float = 0.6
) -> list[int]:
    """Indices by maximal marginal relevance (Carbonell & Goldstein 1998) to the whole event.

    Short turns ("Thanks!") are often central and never tell what an event is about, so a turn
    of few content words counts less.
    """
    similarity = vectors @ vectors.T
    weights = np.array([len(own) / (len(own) + 3) for own in content])
    centrality = similarity.mean(axis=1) * weights
    chosen: list[int] = []
    while len(chosen) < min(count, len(vectors)):
        repeated = similarity[:, chosen].max(axis=1) if chosen else np.zeros(len(vectors))
        gain = balance * centrality - (1 - balance) * repeated * weights
        gain[chosen] = -np.inf
        chosen.append(int(np.argmax(gain)))
    return chosen


def _title(units: Sequence[Unit], ranked: Sequence[int], content: Sequence[frozenset[str]]) -> str:
    """The sentence of the key turns that names what the event's turns are about.

    Names and things count as much as what the turns share. Statements go before questions,
    and what is told before what only reacts to it: "Wow, that sounds awesome!" names nothing.
    """
    shared = Counter(term for own in content for term in own)
    people = {normalise(unit.speaker) for unit in units}
    best, title = 0.0, ""
    for rank, index in enumerate(ranked):
        text = _without_captions(units[index].text)
        things = [span for span in find_entities(text) if span.name not in people]
        for start, end in sentences(text)[:SENTENCES]:
            sentence = text[start:end]
            named = sum(start <= span.start < end for span in things)
            value = _worth(sentence, shared, named) / (1 + 0.3 * rank)
            if value > best:
                best, title = value, sentence
    return shortened(title or units[0].text)


def _worth(sentence: str, shared: Counter[str], named: int) -> float:
    """How much a sentence says of what its event is about, for its length."""
    own = set(terms(sentence))
    value = (sum(shared[term] for term in own) + NAMED * named) / (len(own) + 4)
    if sentence.endswith("?"):
        value *= 0.7
    if "```" in sentence:  # code says little in a line
        value *= 0.1
    if REACTIONS.intersection(found_cues(sentence)):
        value *= 0.4
    return value


def _without_captions(text: str) -> str:
    """The text with what stands for a picture blanked, as in "[photo: a dog on a beach]"."""
    return _CAPTION.sub(lambda match: " " * len(match.group()), text)
