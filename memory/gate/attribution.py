"""What a query asks for, how much of it a text holds, and whom the evidence is about.

A memory of two people easily holds the right topic under the wrong name. Who speaks is half of
the answer; the other half is in the pronouns: "I" is the speaker, "you" is the other one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.language.detection import detect
from knowhen.memory.language.pack import GROUP, LISTENER, SPEAKER
from knowhen.memory.language.registry import language_of
from knowhen.memory.language.terms import terms, tokens, word_terms, words
from knowhen.memory.search.cues import Evidence, best
from knowhen.memory.search.scoring import Findings
from knowhen.memory.view.corpus import NONE

Floats = NDArray[np.float64]
_FRAME_WEIGHT = 0.25


@dataclass(frozen=True, slots=True)
class Content:
    """Weights of the query's terms, as shares of their sum, and how to find them in a text.

    Terms that the memory has never met weigh as much as the rarest it has. Words that only
    frame the question weigh little, and dates nothing, because people say "last week".
    """

    shares: Mapping[str, float]
    row_shares: Floats
    """The shares of the terms that the memory knows, in the order of `TermCounts`."""
    open: bool
    """Nothing is asked for in particular: all terms only frame the question, or there are none."""
    terms_in: "WordTerms"
    """For a folded word, the terms of the query that it stands for, as bits."""

    def terms_of(self, found: Iterable[str]) -> int:
        """Which terms of the query are among these folded words, as bits."""
        bits = 0
        for word in found:
            bits |= self.terms_in[word]
        return bits

    def held(self, bits: int) -> float:
        """Share of the content that these terms are."""
        return sum(share for place, share in enumerate(self.shares.values()) if bits >> place & 1)


class WordTerms(dict[str, int]):
    """Worked out once for each word that is met, by the rules of the query's own language.

    Bits are a tenth of the cost of sets of stems, and finding out the language of every sentence
    would take longer than all the rest of the gate.
    """

    def __init__(self, wanted: Iterable[str], language: str) -> None:
        super().__init__()
        self._bits = {term: 1 << place for place, term in enumerate(wanted)}
        self._language = language

    def __missing__(self, word: str) -> int:
        bits = 0
        for term in word_terms(word, self._language):
            bits |= self._bits.get(term, 0)
        self[word] = bits
        return bits


def read_content(evidence: Evidence) -> Content:
    """Weigh the terms of a query against a memory."""
    query, counts = evidence.query, evidence.counts
    rarest = float(np.log1p(2.0 * len(evidence.corpus)))
    rarity = dict.fromkeys(query.terms, rarest)
    rarity |= dict(zip(counts.terms, counts.weights.tolist(), strict=True))
    language = language_of(query.text)
    frame = language.frame_terms
    dated = language.calendar_terms | {
        term
        for span in language.find_dates(query.text)
        for term in terms(query.text[span.start : span.end])
    }
    weights = {
        term: 0.0 if term in dated else value * (_FRAME_WEIGHT if term in frame else 1.0)
        for term, value in rarity.items()
    }
    vague = not set(query.terms) - frame
    if not any(weights.values()):
        weights = rarity
    total = sum(weights.values()) or 1.0
    shares = {term: value / total for term, value in weights.items()}
    return Content(
        shares=shares,
        row_shares=np.array([shares[term] for term in counts.terms]),
        open=vague,
        terms_in=WordTerms(shares, detect(words(query.text))),
    )


Mask = NDArray[np.bool_]
Person = Literal["i", "you", "plain"]
DEPTH = 6
"""Parts read closely, on either side, by shared terms and again by cosine."""
_ENDS = frozenset(".!?\n")


@dataclass(slots=True)
class Attribution:
    """Best evidence by who says it and of whom, each as a share of the query's content."""

    own_dense: float = 0.0
    other_dense: float = 0.0
    own_i: float = 0.0
    """The asked person speaks of themself."""
    own_you: float = 0.0
    own_plain: float = 0.0
    other_i: float = 0.0
    """Somebody else speaks of themself."""
    other_you: float = 0.0
    other_plain: float = 0.0
    reply: float = 0.0
    """The asked person's turn together with the question that it answers."""
    other_reply: float = 0.0
    second: float = 0.0
    """The asked person's second best turn."""
    ownership: float = 0.0
    """How much of what was said on the content the asked person said."""
    own_fact: float = 0.0
    other_fact: float = 0.0


@dataclass(frozen=True, slots=True)
class Sides:
    """Which parts were said by the people asked about, and which by other people."""

    own: Mask
    other: Mask


def read_sides(findings: Findings) -> Sides | None:
    """None when the query names nobody, or everybody: then there is nothing to mix up."""
    corpus, evidence = findings.corpus, findings.evidence
    people = set(corpus.people)
    asked = people & findings.query.about
    if not asked or asked == people or not len(corpus):
        return None
    own = evidence.named > 0
    speaking = np.isin(
        corpus.speaker[corpus.turn_of],
        [number for number, name in enumerate(corpus.speakers) if name in people],
    )
    other = speaking & ~own
    return Sides(own, other) if own.any() and other.any() else None


def attribute(findings: Findings, content: Content, sides: Sides) -> Attribution:
    """Compare the evidence of the people asked about with the others'."""
    result = Attribution()
    _by_speaker(result, findings, sides)
    _by_term(result, findings, content, sides)
    _by_sentence(result, findings, content, own=sides.own, side="own")
    _by_sentence(result, findings, content, own=sides.other, side="other")
    _by_fact(result, findings, content)
    return result


def _by_speaker(result: Attribution, findings: Findings, sides: Sides) -> None:
    cosines = findings.evidence.similarity
    result.own_dense = float(cosines[sides.own].max())
    result.other_dense = float(cosines[sides.other].max())


def _by_term(result: Attribution, findings: Findings, content: Content, sides: Sides) -> None:
    counts, shares = findings.evidence.counts.counts, content.row_shares
    ours, theirs = counts @ sides.own, counts @ sides.other
    result.ownership = float(shares @ (ours / np.maximum(ours + theirs, 1.0)))


def _by_sentence(
    result: Attribution,
    findings: Findings,
    content: Content,
    *,
    own: Mask,
    side: str,
) -> None:
    before = findings.corpus.before
    # Reading sentences costs most of the gate, so only what holds a term at all is read.
    holding = findings.evidence.counts.counts.sum(axis=0) > 0
    best = {"i": 0.0, "you": 0.0, "plain": 0.0}
    replies = [0.0, 0.0]
    for part in _nearest(findings, own):
        whole = 0
        if holding[part]:
            for person, bits in sentences(findings.corpus.text(part), content):
                whole |= bits
                best[person] = max(best[person], content.held(bits))
        asked = int(before[part])
        if asked != NONE and holding[asked] and not own[asked]:
            for person, bits in sentences(findings.corpus.text(asked), content):
                if person == "you":
                    whole |= bits
        replies.append(content.held(whole))
    for name, value in best.items():
        setattr(result, f"{side}_{name}", value)
    first, second = sorted(replies)[:-3:-1]
    if side == "own":
        result.reply, result.second = first, second
    else:
        result.other_reply = first


def _nearest(findings: Findings, mask: Mask) -> list[int]:
    rows = np.flatnonzero(mask)
    lexical, cosines = findings.evidence.turn_bm25[rows], findings.evidence.similarity[rows]
    found = [rows[best(values, DEPTH)] for values in (lexical, cosines)]
    return list(dict.fromkeys(np.concatenate(found).tolist()))


def sentences(text: str, content: Content) -> Iterator[tuple[Person, int]]:
    """Of whom each sentence speaks, by its pronouns, and the terms of the query it holds."""
    bits = person = 0
    persons = language_of(text).persons
    for token in tokens(text):
        if token in _ENDS:
            if bits:
                yield _person(person), bits
            bits = person = 0
        else:
            bits |= content.terms_in[token]
            person |= persons[token]
    if bits:
        yield _person(person), bits


def _person(found: int) -> Person:
    """Whoever says "I" speaks of themself, whatever else they say."""
    return (
        "i" if found & SPEAKER else "you" if found & LISTENER else "i" if found & GROUP else "plain"
    )


def _by_fact(result: Attribution, findings: Findings, content: Content) -> None:
    asked = findings.query.about
    for hit in findings.facts[: 2 * DEPTH]:
        held = content.held(content.terms_of(words(hit.thought.text)))
        if hit.thought.subject in asked:
            result.own_fact = max(result.own_fact, held)
        else:
            result.other_fact = max(result.other_fact, held)
