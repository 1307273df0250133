"""Reading what a text states about people and things, slot by slot, and what a question asks for.

The patterns stand in `slots.txt` of each language, one on a line: "lives in = {S} lives in
{place}". `{S}` stands for the subject: the speaker ("I", "we"), a relative ("my sister"), or a
name. A slot with "-" in front is ended or denied, a value in parentheses is given by the pattern.
What no pattern reads makes no statement: the words of the turn are kept anyway.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Literal
from unicodedata import normalize

from knowhen.memory.language.detection import stop_words
from knowhen.memory.language.sentences import sentences
from knowhen.memory.language.slot_patterns import SlotPatterns, SlotRule
from knowhen.memory.language.wordings import wordings

Whom = Literal["speaker", "group", "relative", "name", "thing", "pointed", "anybody"]
"""Whom a statement is about: `group` is "we", `pointed` is "it", `anybody` is not said."""
READ = ("en", "de", "es", "fr", "zh", "ja")
"""Languages whose statements are read."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Who or what a statement is about, as its words say it."""

    kind: Whom
    text: str = ""
    """The name, the thing without its article, or the relative as the text calls it."""
    relative: str = ""
    """The kind of relative in plain English, as the slots name it: "sister"."""
    owner: str = ""
    """Whose relative or thing it is, if another person is named; empty is the speaker."""
    mine: bool = False
    """Of a thing: whether the speaker calls it theirs."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A slot that a sentence fills, or ends: characters `start:end` of the text say so."""

    slot: str
    subject: Subject
    value: str
    start: int
    end: int
    language: str
    ended: bool = False
    kind: str = ""
    """What of several: the relative of `family`, the things of `count`, "color" of `favorite`."""
    clause: str = ""
    """The words from the subject on."""
    day: str = ""
    """Words that name a day, where the slot holds one."""
    opener: str = ""
    """What was said before the subject: "no, I meant"."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A slot that a question asks for."""

    slot: str
    subject: Subject
    kind: str = ""


class SlotReader(SlotPatterns):
    """Reads slots with the words of one language."""

    # Statements --------------------------------------------------------------------------
    def read(self, text: str) -> Iterator[Filled]:
        """The slots that a text fills, in the order of the text; each sentence by itself."""
        for start, end in sentences(_without_quotations(text)):
            sentence = text[start:end]
            if len(sentence) <= LONGEST:
                yield from self._sentence(sentence, start, end)

    def _sentence(self, sentence: str, start: int, end: int) -> Iterator[Filled]:
        plain = self.written_out(sentence)
        bare = plain.rstrip(_CLOSING)
        question = bare.endswith(("?", "？"))
        taken, before = 0, None
        yield from (_placed(found, start, end) for found in self._on_the_way(plain))
        joints = [0, *(joint.end() for joint in self._joint.finditer(plain))]
        for place, joint in enumerate(joints):
            following = joints[place + 1] if place + 1 < len(joints) else len(plain)
            if joint < taken or (question and following == len(plain)):
                continue
            opened = self._opened(plain, joint)
            if self._asks.match(plain, opened) or self._unreal.search(plain, 0, opened):
                continue
            for found, stop in self._clause(plain, opened, plain[joint:opened], before):
                taken, before = max(taken, stop), found.subject
                if not (question and stop >= len(bare.rstrip("?？"))):
                    yield _placed(found, start, end)

    def _on_the_way(self, plain: str) -> Iterator[Filled]:
        """What a sentence takes for granted, even as a question: "my sister Anjali"."""
        for rule in self._told_anywhere:
            for match in rule.pattern.finditer(plain):
                filled = self._filled(rule, match, _SPEAKER)
                named = filled is not None and self._named(filled.value)
                if filled is not None and named:
                    yield _with(filled, clause=plain)

    def _clause(
        self, plain: str, place: int, opener: str, before: Subject | None
    ) -> Iterator[tuple[Filled, int]]:
        """Slots that the words from `place` on fill, and where each of them ends.

        `before` is the subject of the clause before: "Ich wohne in Köln und arbeite als Koch".
        """
        subject, after = self._subject(plain, place)
        first = _WORD.match(plain, place)
        if subject is None and before is not None and self._and.fullmatch(opener.strip()):
            subject, after = before, place - self._words.spaced
        elif subject is None and first and first.group().casefold() in self._left_out:
            pronoun = self._words.listed("slot_left_out_is")[0]
            plain = f"{plain[:place]}{pronoun} {plain[place:]}"
            subject, after = _SPEAKER, place + len(pronoun)
        seen: set[str] = set()
        for rule in self._rules:
            if rule.name in seen or (rule.subject and subject is None):
                continue
            if rule.slot in VALUED and not seen.isdisjoint(VALUED):
                continue  # one figure is the value of one thing
            match = rule.pattern.match(plain, after if rule.subject else place)
            if match is None:
                continue
            filled = self._filled(rule, match, subject if rule.subject else None)
            if filled is None:
                continue
            stop = _end(match, filled)
            if self._unreal.search(plain, place, stop):
                continue
            seen |= {rule.name, rule.slot}
            clause = plain[place:].rstrip(_CLOSING)
            yield _with(filled, clause=clause, opener=opener.strip(" ,:")), stop

    def _filled(
        self, rule: SlotRule, match: re.Match[str], subject: Subject | None
    ) -> Filled | None:
        groups = match.groupdict()
        thing, named = groups.get("thing") or "", groups.get("who") or ""
        who = self.subject_of(thing, thing=True) if thing else subject
        if who is None and not thing:
            who = self.subject_of(named, thing=False) if named else _SPEAKER
        if who is None or (who.kind == "pointed" and not groups.get("thing")):
            return None
        day = groups.get("day") or ""
        value = rule.value or self._value(rule.slot, groups.get("value") or day)
        kin = self.relative(groups["kin"]) if groups.get("kin") else ""
        kind = kin or " ".join((groups.get("kind") or "").split()).casefold()
        if not value or value.casefold() in self._hollow:
            return None
        return Filled(rule.slot, who, value, 0, 0, self.code, ended=rule.ended, kind=kind, day=day)

    def _value(self, slot: str, words: str) -> str:
        """The value without what follows it in the sentence."""
        ends = self._clause_end if slot in OPEN_ENDED else self._value_end
        cut = ends.search(words, 1)
        value = words[: cut.start()] if cut else words
        value = value.strip(_MARKS)
        if slot not in OPEN_ENDED:
            value = self._trailing.sub("", value).strip(_MARKS)
        comma = cut is not None and cut.group().strip() in (",", "，", "、")
        if comma and slot not in OPEN_ENDED and self._cut_short.search(value):
            return ""
        longest = LONGEST_VALUE * (2 if slot in OPEN_ENDED else 1)
        return value if len(value) <= longest else ""

    def _opened(self, plain: str, place: int) -> int:
        """Where a clause begins once greetings, fillers and the like are passed over."""
        while place < len(plain) and plain[place] == " ":
            place += 1
        match = self._opener.match(plain, place)
        return match.end() if match is not None else place

    def _subject(self, plain: str, place: int) -> tuple[Subject | None, int]:
        match = self._subject_pattern.match(plain, place)
        if match is None:
            return None, place
        if match["who"] is None:
            return _SPEAKER, match.end()
        return self.subject_of(match["who"], thing=False), match.end()

    def subject_of(self, words: str, *, thing: bool) -> Subject | None:
        """Who or what the words are; None for an ordinary word that only begins a sentence."""
        words = words.strip()
        if self._pointing.fullmatch(words):
            return Subject("pointed", words)
        mine, rest = self._without(self._mine, words)
        owner, rest = ("", rest) if mine else self._owner(rest)
        ours, rest = (False, rest) if mine or owner else self._without(self._ours, rest)
        if thing:
            return Subject("thing", rest.casefold().strip(), owner=owner, mine=mine)
        kin = self._kin.match(rest)
        if kin is not None and (mine or ours or owner):
            name = rest[kin.end() :].strip(" ,")
            if name and not self._genitive_only.fullmatch(name):
                return Subject("name", name)
            relative = self.relative(kin.group())
            return Subject("relative", kin.group(), relative, owner) if relative else None
        if mine and not rest:
            return _SPEAKER
        if owner and not rest:
            return Subject("name", owner)
        return self._named(rest) if not (mine or ours) else None

    def _named(self, words: str) -> Subject | None:
        first = words.split()[0].casefold() if words else ""
        if not first or first in self._no_names:
            return None
        return Subject("name", words)

    def _owner(self, words: str) -> tuple[str, str]:
        match = self._possessor.match(words)
        if match is None:
            return "", words
        groups = match.groupdict()  # "Annas Schwester", but "la hermana de Ana"
        what = groups.get("what") or words[match.end() :].strip()
        return groups.get("owner") or groups.get("of") or "", what

    def _without(self, pattern: re.Pattern[str], words: str) -> tuple[bool, str]:
        match = pattern.match(words)
        return (True, words[match.end() :].strip()) if match is not None else (False, words)

    def relative(self, word: str) -> str:
        """The relative that a word means: "mum" -> "mother"; empty if none."""
        found = (name for name, form in self._relatives if form.fullmatch(word.strip()))
        return next(found, "")

    def written_out(self, text: str) -> str:
        """The text with single blanks, straight quotes and short forms in full."""
        plain = _BLANKS.sub(" ", text.translate(_STRAIGHT)).strip()
        for short, full in self._written_out:
            plain = short.sub(full, plain)
        return plain

    # Instructions ------------------------------------------------------------------------
    def instruction(self, sentence: str) -> tuple[str, bool] | None:
        """A standing instruction and whether it ends one; None if the sentence is neither."""
        plain = self.written_out(sentence).rstrip(_CLOSING)
        for joint in (0, *(found.end() for found in self._joint.finditer(plain))):
            body = _SENTENCE_END.split(plain[self._opened(plain, joint) :], maxsplit=1)[0]
            body = body.rstrip(_MARKS)
            if len(body) > LONGEST_INSTRUCTION:
                continue
            for form in self._instruction_ends:
                ends = form.fullmatch(body)
                if ends is not None:
                    return (ends.groupdict().get("what") or body).strip(_MARKS), True
            if self._instruction.fullmatch(body) or (
                not joint and self._first_instruction.fullmatch(body)
            ):
                return body.strip(_MARKS), False
        return None

    def instruction_topic(self, text: str) -> frozenset[str]:
        """The words of an instruction that say what it is about."""
        plain = self.written_out(text).casefold()
        alike = {f"@{kind}" for kind, form in self._alternatives if form.search(plain)}
        if self._words.spaced:
            found = {word for word in _WORD.findall(plain) if word not in self._frame}
            return frozenset(found | alike)
        runs = (run for piece in self._framing.split(plain) for run in _WORD.findall(piece))
        pairs = {run[i : i + 2] for run in runs for i in range(max(1, len(run) - 1))}
        return frozenset(pairs | alike)

    # Happenings --------------------------------------------------------------------------
    def happening(self, sentence: str) -> Filled | None:
        """Something that somebody did, as the first clause of a sentence tells it."""
        plain = self.written_out(sentence).rstrip(_CLOSING)
        if plain.endswith(("?", "？")) or self._unreal.search(plain):
            return None
        joints = (0, *(found.end() for found in self._joint.finditer(plain)))
        told = (self._deed(plain, self._opened(plain, joint)) for joint in joints)
        return next((deed for deed in told if deed is not None), None)

    def _deed(self, plain: str, place: int) -> Filled | None:
        """The deed that the clause from `place` on tells."""
        if self._asks.match(plain, place):
            return None
        subject, after = self._subject(plain, place)
        match = self._happened.match(plain, after)
        if subject is None or match is None or not self._past(match["verb"].casefold()):
            return None
        value = self._value("happened", f"{match['verb']}{match['value']}")
        if not value:
            return None
        return Filled("happened", subject, value, 0, 0, self.code, clause=plain[place:])

    def _past(self, verb: str) -> bool:
        if verb in self._words.words("past_not"):
            return False
        ending = self._past_ending
        known = verb in self._words.words("past")
        return known or (ending is not None and ending.search(verb) is not None)

    def tells_past(self, clause: str) -> bool:
        """Whether a clause speaks of what lies behind: "the party was on 3 May"."""
        return self._tells_past.search(clause) is not None

    def is_number(self, words: str) -> bool:
        """Whether the words are one number: "four"."""
        return self._number.fullmatch(words.strip(_MARKS)) is not None

    # Corrections -------------------------------------------------------------------------
    def correction(self, sentence: str) -> str | None:
        """What a sentence puts right, if it only names the right value: "no, I meant Rome"."""
        plain = self.written_out(sentence).rstrip(_CLOSING)
        match = self._correction.match(plain)
        if match is None:
            return None
        rest = self._instead.sub("", plain[match.end() :]).strip(_MARKS)
        return rest or None

    # Questions ---------------------------------------------------------------------------
    def asked(self, question: str) -> Iterator[Asked]:
        """The slots that a question asks for, each once."""
        # A pasted text may stand before the question; patterns with names in them are not read
        # over thousands of letters.
        plain = self.written_out(question[-LONGEST:])
        seen: set[tuple[str, str]] = set()
        for rule in self._questions:
            match = rule.pattern.search(plain)
            if match is None:
                continue
            groups = match.groupdict()
            thing = groups.get("thing") or groups.get("thing2") or ""
            who = groups.get("who") or ""
            kin = self.relative(groups["kin"]) if groups.get("kin") else ""
            kind = kin or (groups.get("kind") or "").strip().casefold()
            if (rule.slot, kind) in seen:
                continue
            seen.add((rule.slot, kind))
            yield Asked(rule.slot, self._asked_subject(who, thing), kind)

    def _asked_subject(self, who: str, thing: str) -> Subject:
        if thing:
            return self.subject_of(thing, thing=True) or _ANYBODY
        if not who or self._pointing.fullmatch(who.strip()):
            return _ANYBODY
        if self._asker.fullmatch(who.strip()):
            return _SPEAKER
        return self.subject_of(who, thing=False) or _ANYBODY

    # How a slot is told ------------------------------------------------------------------
    @cached_property
    def told(self) -> Mapping[str, str]:
        """Sentences by slot, with places for {who}, {value} and {kind}."""
        return {key: value for key, value in self._words.pairs("slot_told", whole=False)}

    def whose(self, owner: str, what: str) -> str:
        """What belongs to somebody: "Ann's sister"."""
        return (
            self.told.get("whose", "{who}'s {value}")
            .replace("{who}", owner)
            .replace("{value}", what)
        )

    def retold(self, words: str) -> str:
        """Words of a speaker as somebody else says them: "my dog" -> "their dog"."""
        for own, others in self._retold:
            words = own.sub(others, words)
        return words

    def kind_told(self, kind: str) -> str:
        """A relative as the language calls it: "sister" -> "Schwester"."""
        return self._kin_told.get(kind, kind)


LONGEST = 800
"""Characters of a sentence that is read; a longer one is a list or a text."""
LONGEST_VALUE = 90
LONGEST_INSTRUCTION = 240
VALUED = frozenset(("amount", "price", "measure", "detail", "birthday", "date", "version"))
"""Slots of which a clause fills one: what a thing costs is not its date."""
OPEN_ENDED = frozenset(("plan", "happened"))
"""Slots whose value is all the rest of its clause."""
_SPEAKER = Subject("speaker")
_ANYBODY = Subject("anybody")
_SENTENCE_END = re.compile(r"(?<![.!?])[.!?]++\s|[。！？]")
_MARKS = " .,;:!?…\"'“”„«»。，、！？"
_CLOSING = " \"'”’»)…"
_BLANKS = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_STRAIGHT = str.maketrans({"’": "'", "‘": "'", "`": "'"})
_QUOTED = re.compile(
    r"```.*?(?:```|\Z)|“[^”\n]{0,400}”|\"[^\"\n]{3,400}\"|«[^»\n]{0,400}»", re.DOTALL
)


def _without_quotations(text: str) -> str:
    """The text with code and what stands in quotation marks blanked: nobody states it."""
    return _QUOTED.sub(lambda match: " " * len(match.group()), text)


def _placed(filled: Filled, start: int, end: int) -> Filled:
    return _with(filled, start=start, end=end)


def _with(filled: Filled, **values: object) -> Filled:
    return replace(filled, **values)  # type: ignore[arg-type]


def _end(match: re.Match[str], filled: Filled) -> int:
    groups = match.groupdict()
    if groups.get("value"):
        return match.start("value") + len(filled.value)
    return match.start("day") + 1 if groups.get("day") else match.end()


@cache
def slot_reader(code: str) -> SlotReader:
    """The reader of a language."""
    return SlotReader(code, wordings(code))


def readers_of(text: str) -> tuple[SlotReader, ...]:
    """The readers that a text is worth reading with, the likeliest language first.

    A short text shows its language badly, so the two likeliest are tried, and those that are as
    likely; their patterns are far from each other.
    """
    if _KANA.search(text):
        return (slot_reader("ja"),)
    if _HAN.search(text):
        return (
            (slot_reader("zh"), slot_reader("en")) if _LATIN.search(text) else (slot_reader("zh"),)
        )
    words = [word.casefold() for word in _WORD.findall(text)]
    votes = {code: sum(word in _function_words(code) for word in words) for code in _SPACED}
    order = sorted(_SPACED, key=lambda code: (-votes[code], _SPACED.index(code)))
    most = votes[order[0]]
    least = min(most, max(votes[order[1]], (most + 1) // 2))
    return tuple(slot_reader(code) for code in order if votes[code] >= least)


_SPACED = ("en", "de", "es", "fr")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]{2}")


@cache
def _function_words(code: str) -> frozenset[str]:
    """Function words of a language, also as they are typed without their marks."""
    known = wordings(code).words("function") | stop_words().get(code, frozenset())
    return known | {_COMBINING.sub("", normalize("NFD", word)) for word in known}


_COMBINING = re.compile(r"[\u0300-\u036f]")
