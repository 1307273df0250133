"""What the gate looks at: numbers about a query and what was found, and the features made of them.

Not everything that was found may count as evidence: what was said later than the time asked
about, and questions that stayed open. Agents store what is asked of them, so a question that
nobody could answer would become its own evidence the second time. A question that somebody did
answer counts: it says what "yes" means.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from knowhen.memory.gate.attribution import (
    Attribution,
    Content,
    attribute,
    read_content,
    read_sides,
)
from knowhen.memory.gate.heads import question_features
from knowhen.memory.gate.trust import Trust, read_trust
from knowhen.memory.language.base import Utterance
from knowhen.memory.language.entities import find_entities
from knowhen.memory.language.registry import language_of
from knowhen.memory.language.terms import fold, terms, word_terms, words
from knowhen.memory.language.wordings import wordings
from knowhen.memory.search.bm25 import bm25
from knowhen.memory.search.cues import Evidence, best, date
from knowhen.memory.search.scoring import Findings
from knowhen.memory.view.corpus import NONE

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Use = Literal["person", "place", "thing"]
HITS, REACH = 5, 20
READ, SCANNED = 40, 2_000
"""Passages that are read to learn how a name is used, and to find it in another language."""
LED = 1 / 3
"""Share of its uses behind an article or a preposition of place up to which it names a person."""
_ELIDED = re.compile(r"\b[^\W\d_]{1,2}['’]([A-ZÀ-ÖØ-Þ]\w+)")
WORD, HELD = 0.5, 0.3
"""What a content word counts for by itself, and a passage that holds them all."""
PLENTY = 20.0
"""As much grip as is told of."""
NOTHING = -10.0
"""Log-odds that something is evidence where there is nothing."""
_COVERAGES = ("window_coverage", "wide_coverage", "known_share", "density", "lift")


@dataclass(frozen=True, slots=True)
class Signals:
    parts: int
    """How many parts the search could look at."""
    terms: tuple[str, ...]
    names: tuple[str, ...]
    """People of this memory whom the query names."""
    called: bool
    """It names a speaker, rather than speaking of the one who asks."""
    window: str
    """What was said just before, where the query takes it up."""
    strangers: tuple[str, ...]
    """Names in the query that this memory has never met."""
    familiar: tuple[str, ...]
    """Names in the query, other than speakers, that this memory has met."""
    people: tuple[str, ...]
    """Those of them that stand for a person, by how they are used: "Aoife", not "in Leeds"."""
    things: tuple[str, ...]
    """Those that stand for a thing: "a Wren"."""
    utterance: Utterance
    known_share: float
    """Share of the query's content, by rarity, that occurs in the memory at all."""
    window_coverage: float
    """Share of the content that the best part and its neighbours hold."""
    wide_coverage: float
    """The same with three neighbours on either side."""
    density: float
    """BM25 of the best window, as a share of what a perfect one could have."""
    lift: float
    """How unlikely it is that the words of one passage of the person asked about stand together
    by chance: minus the logarithm of how many such passages there would be."""
    top_similarity: float
    mean_similarity: float
    """Mean cosine of the first hits."""
    background: float
    """Mean cosine over the space: what this query has in common with anything here."""
    dated: bool
    """It mentions a time."""
    near_time: float
    """1 where something was said in that time; it falls off with the days between."""
    odds: float
    """Log-odds that the best part is evidence, by recall's own weights."""
    lead: float
    """By how much the best part leads the fifth."""
    reach: float
    """By how much it leads the twentieth."""
    reads: bool
    """What matches best was written, in a document, rather than said."""
    grip: float
    """How much of the question stands in one passage of the person asked about: its content words
    times their likeness. An amount, because a share is whole as soon as one word of one matches."""
    attribution: Attribution | None
    trust: Trust
    shape: Mapping[str, float]
    """Features of the question for `know`."""
    open: bool
    """It asks for nothing in particular, such as "tell me about Nora"."""
    collects: bool
    """It asks for several things."""


def read_signals(findings: Findings) -> Signals:
    """Read the signals off a search."""
    findings = countable(findings)
    query, evidence, corpus = findings.query, findings.evidence, findings.corpus
    familiar, strangers = _names(findings)
    uses = {name: _use(name, findings) for name in familiar}
    similarity, size = evidence.similarity, len(corpus)
    nearest = similarity[best(similarity, HITS)]
    content, utterance = read_content(evidence), language_of(query.text).read_utterance(query.text)
    sides = read_sides(findings)
    asked = sides.own if sides else np.ones(size, bool)
    return Signals(
        parts=int(np.isfinite(findings.scores).sum()),
        terms=query.terms,
        names=tuple(sorted(set(query.about) & set(corpus.people))),
        called=bool(query.speakers),
        window=query.window,
        strangers=strangers,
        familiar=familiar,
        people=tuple(name for name, use in uses.items() if use == "person"),
        things=tuple(name for name, use in uses.items() if use == "thing"),
        utterance=utterance,
        **_coverages(findings, content, asked),
        top_similarity=float(nearest[0]) if size else 0.0,
        mean_similarity=float(nearest.mean()) if size else 0.0,
        background=float(similarity.mean()) if size else 0.0,
        dated=bool(query.days),
        near_time=float(date(evidence).max()) if query.days and size else 0.0,
        **_ranks(findings.scores),
        reads=bool(size) and corpus.role[corpus.turn_of[findings.scores.argmax()]] == "document",
        grip=_grip(findings, content, familiar, asked),
        attribution=attribute(findings, content, sides) if sides else None,
        trust=read_trust(findings, content, personal=bool(query.about) or utterance.personal),
        shape=question_features(query.text),
        open=content.open,
        collects=query.collects,
    )


def _single(name: str, findings: Findings) -> list[str]:
    """The name; its words one by one where every noun has a capital: "hat Renate Geburtstag"."""
    capitals = "nouns_have_capitals" in language_of(findings.query.text).words
    return name.split() if capitals else [name]


def _said(name: str, findings: Findings) -> bool:
    """Whether the last word of a name was said in a language of other stems."""
    if len(findings.corpus) > SCANNED:
        return False
    word = re.compile(rf"\b{re.escape(name.split()[-1])}\w{{0,2}}\b")  # "Kasi" of Kasia
    return any(word.search(findings.corpus.text(part)) for part in range(len(findings.corpus)))


def _written_small(findings: Findings, found: Set[str]) -> Iterator[str]:
    """Words of the query in small letters that the memory writes as names: "when's nerea here"."""
    query, counts = findings.query, findings.evidence.counts
    named = {fold(word) for speaker in query.about for word in words(speaker)}
    language = language_of(query.text).code
    for word in dict.fromkeys(re.findall(r"[^\W\d_]{3,}", query.text)):
        stems = word_terms(fold(word), language)
        rows = [row for row, term in enumerate(counts.terms) if term in stems]
        if not word.islower() or not rows or word in named or word in found:
            continue
        holding = np.flatnonzero(counts.counts[rows[0]] > 0)[:READ].tolist()
        said = [findings.corpus.text(part) for part in holding]
        name, inside = word.capitalize(), 0
        for text in said:
            capitals = "nouns_have_capitals" not in language_of(text).words
            if not capitals or re.search(rf"\b{word}\b", text):
                break
            inside += len(re.findall(rf"(?<=[^\W_] ){name}\b", text))
        else:
            if inside:
                yield word


def _use(name: str, findings: Findings) -> Use:
    """What a name stands for by what leads it: "Aoife works", "a Wren costs", "in Leeds".

    The query and what was said are asked alike, each text by the words of its language.
    """
    holding = np.flatnonzero(findings.evidence.counts.counts.sum(axis=0) > 0)[:READ].tolist()
    said = [findings.query.text, *(findings.corpus.text(part) for part in holding)]
    used = sum(len(re.findall(rf"\b{re.escape(name)}\b", text)) for text in said[1:])
    uses: tuple[tuple[Use, str], ...] = (("place", "of_place"), ("thing", "definite"))
    for use, section in uses:
        led = [len(_led(section, language_of(text).code, name).findall(text)) for text in said]
        if led[0] or sum(led) > used * LED:
            return use
    return "person"


@lru_cache(maxsize=1024)
def _led(section: str, language: str, name: str) -> re.Pattern[str]:
    """The name behind one of the words of a section."""
    leading = "|".join(map(re.escape, sorted(wordings(language).words(section))))
    return re.compile(rf"\b(?i:{leading})\s+{re.escape(name)}\b" if leading else r"(?!)")


def _grip(findings: Findings, content: Content, familiar: Sequence[str], asked: Mask) -> float:
    """Content words but for names, each by how like the best passage is, and the share it holds."""
    names = {term for name in familiar for term in terms(name)}
    frame = language_of(findings.query.text).frame_terms
    asked_for = [term for term in content.shares if term not in names]
    if not asked_for:  # "who is Kirsty?": whatever is said of her answers it
        return math.inf if names else 0.0
    wanted = [term for term in asked_for if term not in frame]
    likeness, counts = findings.evidence.similarity[asked], findings.evidence.counts
    if not len(likeness):
        return 0.0
    held = float((content.row_shares @ (counts.window(1)[0] > 0))[asked].max(initial=0.0))
    return len(wanted) * (max(float(likeness.max()), 0.0) + WORD) + HELD * held


def _ranks(scores: Floats) -> dict[str, float]:
    """The best score and its distance from others, best first; small memories repeat their last."""
    found = scores[best(scores, REACH)]
    found = found[np.isfinite(found)]
    if not len(found):
        return {"odds": NOTHING, "lead": 0.0, "reach": 0.0}
    fifth = found[min(HITS, len(found)) - 1]
    return {
        "odds": float(found[0]),
        "lead": float(found[0] - fifth),
        "reach": float(found[0] - found[-1]),
    }


def _names(findings: Findings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names in the query that this memory has met, and those it has not; speakers left out."""
    calendar = language_of(findings.query.text).calendar_terms
    known = set(findings.evidence.counts.terms)
    familiar: list[str] = []
    strangers: list[str] = []
    text = f"{findings.query.text}\n{findings.query.window}"
    spans = [s for s in find_entities(text) if s.kind in ("name", "title")]
    elided = _ELIDED.findall(text)  # "l'amie d'Anna"
    for found_name in dict.fromkeys([text[s.start : s.end] for s in spans] + elided):
        for name in _single(found_name, findings):
            found = terms(name)
            if found and not calendar.issuperset(found):
                here = found[-1] in known or _said(name, findings)
                (familiar if here else strangers).append(name)
    familiar += _written_small(findings, {fold(name) for name in (*familiar, *strangers)})
    return tuple(familiar), tuple(strangers)


def _coverages(findings: Findings, content: Content, asked: Mask) -> dict[str, float]:
    """Shares of the query's content by what holds it, and how telling the best holder is."""
    counts, corpus = findings.evidence.counts, findings.corpus
    chance = float(np.log(max(len(corpus), 1)))
    if not counts.terms or not len(corpus):
        return dict.fromkeys(_COVERAGES, 0.0) | {"lift": -chance}
    weights = content.row_shares
    held = counts.counts > 0
    windows, lengths = counts.window(1)
    wide, _ = counts.window(3)
    together = np.log(len(corpus) / held.sum(axis=1)) @ held
    return {
        "window_coverage": float((weights @ (windows > 0)).max()),
        "wide_coverage": float((weights @ (wide > 0)).max()),
        "known_share": float(weights.sum()),
        "density": float(bm25(windows, lengths, weights=weights).max()) / 2.2,
        "lift": float(together[asked].max()) - chance,
    }


NEAREST = 12
"""First hits whose wording is read; questions that end in a mark are found wherever they are."""


def countable(findings: Findings) -> Findings:
    """The findings as the gate may see them; mostly the very same."""
    hidden = ~np.isfinite(findings.scores)  # later than the search may know, or the query itself
    hidden[_unanswered(findings)] = True
    if not hidden.any():
        return findings
    evidence = findings.evidence
    similarity = evidence.similarity.copy()
    similarity[hidden] = similarity[~hidden].min() if not hidden.all() else 0.0
    seen = Evidence(
        query=evidence.query,
        corpus=evidence.corpus,
        counts=evidence.counts.without(hidden),
        similarity=similarity,
        strangeness=evidence.strangeness,
    )
    return replace(findings, evidence=seen, scores=np.where(hidden, -np.inf, findings.scores))


def _unanswered(findings: Findings) -> list[int]:
    """Parts that ask about what the query asks and got no answer, with replies that say so."""
    corpus = findings.corpus
    if "assistant" not in corpus.role:
        return []
    found: list[int] = []
    for part in _asking(findings):
        turn, reply = int(corpus.turn_of[part]), int(corpus.after[part])
        if reply == NONE:
            found.append(part)
            continue
        replying = int(corpus.turn_of[reply])
        if corpus.speaker[replying] == corpus.speaker[turn] and replying != turn:
            found.append(part)
        elif corpus.role[replying] == "assistant" and _refuses(corpus.text(reply)):
            found += [part, reply]
    return found


def _asking(findings: Findings) -> list[int]:
    """Parts near the query that ask and say nothing, by their marks or their words."""
    corpus, evidence = findings.corpus, findings.evidence
    holding = evidence.counts.counts.sum(axis=0) > 0
    marked = np.flatnonzero((corpus.question == 1.0) & holding).tolist()
    lexical, similar = best(evidence.turn_bm25, NEAREST), best(evidence.similarity, NEAREST)
    nearest = dict.fromkeys((*lexical[holding[lexical]].tolist(), *similar.tolist()))
    worded = [part for part in nearest if _asks(corpus.text(part))]
    return list(dict.fromkeys((*marked, *worded)))


def _asks(text: str) -> bool:
    return language_of(text).asks(text)


def _refuses(text: str) -> bool:
    return language_of(text).refuses(text)


WORDS: Mapping[str, str] = {
    "named": "it names a person of this memory",
    "attributed": "it asks about one person of several",
    "familiar": "it names something this memory has met",
    "foreign": "it names nobody of this memory, but somebody it has never met",
    "personal": "it is about the people of this conversation",
    "recalling": "it points back at what was said",
    "small_talk": "it is small talk",
    "work": "it asks for work on a text it brings along",
    "question": "it asks something",
    "request": "it asks for something to be done",
    "short": "it is very short",
    "length": "how much it asks for",
    "known": "the memory knows what it asks about",
    "window": "a passage and its neighbours hold what it asks about",
    "wide": "a stretch of the conversation holds what it asks about",
    "density": "a passage speaks of little else",
    "lift": "one passage holds words that rarely stand together",
    "dated": "it mentions a time",
    "near_time": "something was said in the time it mentions",
    "top": "the nearest passage is similar",
    "mean": "the nearest passages are similar",
    "background": "everything here is a little similar",
    "met": "the memory knows what it asks about",
    "matched": "a passage and its neighbours hold what it asks about",
    "similar": "the nearest passages are similar",
    "own": "the one who asks speaks of themself",
    "shared": "it takes for granted which thing is meant",
    "people": "it names somebody whom this memory has heard of",
    "grip": "much of what it asks stands in one passage of the person asked about",
    "odds": "the best passage is likely to be evidence",
    "lead": "the best passage leads the next ones",
    "reach": "the best passage stands out",
    "size": "the memory is large",
    "best": "the best evidence about whom it asks",
    "other_reply": "somebody else speaks of it",
    "second": "the person asked about speaks of it again",
    "sentence_lead": "one sentence says it of the person asked about rather than of another",
    "fact_lead": "a thought says it of the person asked about rather than of another",
    "own_i": "the person asked about says it of themself",
    "own_you": "the person asked about says it of the other",
    "other_you": "somebody else says it to the person asked about",
    "own_dense": "something similar was said by the person asked about",
    "other_dense": "something similar was said by somebody else",
    "ownership": "its words belong mostly to the person asked about",
    "best_known": "the best evidence, where the memory knows all words",
}
_ATTRIBUTED = (
    *("attributed", "other_reply", "second", "sentence_lead", "fact_lead"),
    *("own_i", "own_you", "other_you", "own_dense", "other_dense", "ownership"),
)
SMALLEST = 20
"""Memories with fewer parts count as having so many: smaller ones were not fitted on."""
_PLAIN = 0.9
"""A sentence without "I" or "you" is about its speaker, but for a little doubt."""


def features(signals: Signals) -> dict[str, float]:
    """Every feature of `WORDS`; lexical ones are shares from 0 to 1, cosines as they are."""
    said = signals.utterance
    serious = float(not (said.small_talk or said.work))
    values = {
        "named": float(bool(signals.names)),
        "familiar": float(bool(signals.familiar)),
        "foreign": float(bool(signals.strangers) and not signals.names),
        "personal": float(said.personal),
        "recalling": float(said.recalling),
        "small_talk": float(said.small_talk),
        "work": float(said.work),
        "question": float(said.question),
        "request": float(said.request),
        "short": float(said.words <= 3),
        "length": min(len(signals.terms), 12) / 12,
        "known": signals.known_share,
        "window": signals.window_coverage,
        "wide": signals.wide_coverage,
        "density": signals.density,
        "lift": signals.lift / 10,
        "dated": float(signals.dated),
        "near_time": signals.near_time,
        "top": signals.top_similarity,
        "mean": signals.mean_similarity,
        "background": signals.background,
        "own": float(said.own),
        "shared": float(said.shared),
        "people": float(bool(signals.people)),
        "grip": min(signals.grip, PLENTY),
        "odds": signals.odds,
        "lead": signals.lead,
        "reach": signals.reach,
        # For Need: what small talk happens to match speaks for nothing.
        "met": serious * signals.known_share,
        "matched": serious * signals.window_coverage,
        "similar": serious * signals.top_similarity,
        "size": float(np.log1p(max(signals.parts, SMALLEST))) / 7,
    }
    values |= _of_attribution(signals.attribution, signals.window_coverage)
    values["best_known"] = values["best"] * values["known"]
    return values


def with_name(values: Mapping[str, float]) -> dict[str, float]:
    """The features had the query named a person of this memory."""
    return {**values, "named": 1.0, "foreign": 0.0}


def with_recalling(values: Mapping[str, float]) -> dict[str, float]:
    """The features had the query pointed back at what was said."""
    return {**values, "recalling": 1.0, "personal": 1.0}


def with_coverage(values: Mapping[str, float], share: float) -> dict[str, float]:
    """The features had one passage, of whom it asks about, held that share of the content."""
    known = max(values["known"], share)
    serious = float(not (values["small_talk"] or values["work"]))
    return {
        **values,
        "best": share,
        "window": share,
        "wide": share,
        "known": known,
        "met": serious * known,
        "matched": serious * share,
        "best_known": share * known,
    }


def with_similarity(values: Mapping[str, float], cosine: float) -> dict[str, float]:
    """The features had the nearest passages been so much nearer, or farther."""
    serious = float(not (values["small_talk"] or values["work"]))
    mean = values["mean"] + cosine - values["top"]
    return {**values, "top": cosine, "mean": mean, "similar": serious * cosine}


def _of_attribution(found: Attribution | None, window: float) -> dict[str, float]:
    if found is None:
        return dict.fromkeys(_ATTRIBUTED, 0.0) | {"best": window}
    own = max(found.own_i, _PLAIN * found.own_plain, found.other_you)
    other = max(found.other_i, _PLAIN * found.other_plain, found.own_you)
    return {
        "attributed": 1.0,
        "best": max(own, found.reply, found.own_fact),
        "other_reply": found.other_reply,
        "second": found.second,
        "sentence_lead": own - other,
        "fact_lead": found.own_fact - found.other_fact,
        "own_i": found.own_i,
        "own_you": found.own_you,
        "other_you": found.other_you,
        "own_dense": found.own_dense,
        "other_dense": found.other_dense,
        "ownership": found.ownership,
    }
