"""Proposing thoughts without a model: slots that a turn fills, happenings, instructions.

Precision comes before coverage. What no slot of a language reads is no thought: the turn itself
is kept and found anyway.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from dateutil.relativedelta import relativedelta

from knowhen.memory.fence import unfenced
from knowhen.memory.language.base import DateSpan
from knowhen.memory.language.registry import pack
from knowhen.memory.language.sentences import sentences
from knowhen.memory.language.slots import LONGEST, Filled, SlotReader, Subject, readers_of
from knowhen.memory.records import Source, Turn
from knowhen.memory.thoughts.base import WEIGHTS, Proposal, Proposals
from knowhen.memory.thoughts.slots import SLOTS, is_single, predicate_of

LOOKING_BACK = 40
"""Turns before an event in which a correction looks for what it corrects."""


class RuleProposer:
    """Reads slots off turns: costs no call, and keeps what it does not understand out."""

    def propose(self, turns: Sequence[Turn]) -> Proposals:
        """Proposals in the order of the text; nothing fails."""
        return self.propose_after((), turns)

    def propose_after(self, before: Sequence[Turn], turns: Sequence[Turn]) -> Proposals:
        """Proposals from `turns`; what they correct may stand in the turns `before` them."""
        telling = _Telling()
        for turn in before[-LOOKING_BACK:]:
            for _ in telling.proposals(turn):
                pass
        return Proposals(items=tuple(p for turn in turns for p in telling.proposals(turn)))


@dataclass(frozen=True, slots=True)
class _Told:
    """A slot that somebody filled, with the turn and the words that did."""

    filled: Filled
    speaker: str
    proposal: Proposal


class _Telling:
    """What was told so far, so that a correction finds its statement and "it" its thing."""

    def __init__(self) -> None:
        self._told: list[_Told] = []

    def proposals(self, turn: Turn) -> Iterator[Proposal]:
        """The statements of a turn. Tools and systems state nothing about people."""
        if turn.role in ("system", "tool"):
            return
        text = unfenced(turn.text)
        speaker = turn.speaker or turn.role
        speaker = speaker[:1].upper() + speaker[1:]
        for start, end in sentences(text):
            if end - start > LONGEST:  # a list or a paste, and no statement
                continue
            for proposal in self._of_sentence(turn, text[start:end], start, end, speaker):
                if self._may_state(turn, proposal, speaker):
                    yield proposal

    def _may_state(self, turn: Turn, proposal: Proposal, speaker: str) -> bool:
        """Assistants and documents speak of people in the third person, and give no orders."""
        if turn.role not in ("assistant", "document"):
            return True
        return proposal.subject.split("'s ")[0] != speaker and proposal.kind != "instruction"

    def _of_sentence(
        self, turn: Turn, sentence: str, start: int, end: int, speaker: str
    ) -> Iterator[Proposal]:
        weight = WEIGHTS[turn.role]
        source = Source(turn.id, start, end, weight)
        for reader in readers_of(sentence):
            found = list(self._read(reader, turn, sentence, source, speaker))
            if found:
                yield from found
                return

    def _read(
        self, reader: SlotReader, turn: Turn, sentence: str, source: Source, speaker: str
    ) -> Iterator[Proposal]:
        ordered = reader.instruction(sentence) if turn.role == "user" else None
        if ordered is not None:
            yield _instruction(reader, ordered, turn, source, speaker)
        fragment = reader.correction(sentence)
        text = sentence if fragment is None else fragment
        whole = False
        for filled in reader.read(text):
            proposal = self._proposal(reader, filled, turn, source, speaker, fragment is not None)
            if proposal is not None:
                whole = True
                self._told.append(_Told(filled, speaker, proposal))
                yield proposal
        if fragment is not None and not whole:
            yield from self._corrected(reader, fragment, turn, source, speaker)
        if not whole and fragment is None and ordered is None:
            happening = self._happening(reader, turn, sentence, source, speaker)
            if happening is not None:
                yield happening

    # Statements --------------------------------------------------------------------------
    def _proposal(
        self,
        reader: SlotReader,
        filled: Filled,
        turn: Turn,
        source: Source,
        speaker: str,
        corrects: bool,
    ) -> Proposal | None:
        slot = SLOTS.get(filled.slot)
        if slot is None:
            return None
        premises: tuple[Source, ...] = ()
        dates = slot.name in ("date", "birthday", "plan") and not filled.ended
        day = _day_of(reader, filled, turn) if dates else None
        if filled.subject.kind == "pointed":
            meant = self._pointed_at(filled)
            if meant is None:
                return None
            filled = replace(filled, subject=meant.filled.subject)
            premises = _premises(meant.proposal, turn)
        value = filled.value
        if dates:
            if day is None or (slot.name == "plan" and not _ahead(day, turn)):
                return None
            value = dated(filled, day) if slot.name != "plan" else filled.value
        subject, told = _subject(reader, filled.subject, speaker, slot.personal)
        if not subject or (slot.name == "name" and value.casefold() == subject.casefold()):
            return None  # that Nora is called Nora is known
        value = speaker if value == SPEAKER else reader.retold(value)
        text = _told_text(reader, filled, told, value)
        if slot.name == "plan" and day is not None:
            text = f"{text} ({_shown(day)})"
        lapses = day is not None and slot.kind == "plan"
        return Proposal(
            text=text + ".",
            subject=subject,
            predicate=predicate_of(slot.name, filled.kind),
            object=value,
            sources=(source, *premises),
            said_at=turn.time,
            polarity="negative" if filled.ended else "positive",
            modality="planned" if slot.name == "plan" else "asserted",
            kind=slot.kind,
            valid_to=_end_of(day, turn) if lapses and day is not None else None,
            corrects=corrects,
        )

    def _pointed_at(self, filled: Filled) -> _Told | None:
        """The thing that "it" is: the last one that the same slot was told of."""
        things = (
            told
            for told in reversed(self._told[-POINTING_BACK:])
            if told.filled.slot == filled.slot and told.filled.subject.kind != "pointed"
        )
        return next(things, None)

    # Corrections -------------------------------------------------------------------------
    def _corrected(
        self, reader: SlotReader, fragment: str, turn: Turn, source: Source, speaker: str
    ) -> Iterator[Proposal]:
        """What its speaker told last of the fragment's kind, with the fragment put in."""
        days = _dates(reader, fragment, turn)
        figures = _FIGURE.findall(fragment)
        for told in reversed(self._told):
            if told.speaker != speaker or told.filled.ended:
                continue
            value = _right_value(reader, told, fragment, days, figures)
            if not value or value == told.proposal.object:
                continue
            filled = replace(told.filled, value=value)
            subject, named = _subject(reader, filled.subject, speaker, SLOTS[filled.slot].personal)
            wrong, right = (
                told.proposal,
                replace(
                    told.proposal,
                    text=_told_text(reader, filled, named, value) + ".",
                    subject=subject,
                    object=value,
                    sources=(source, *_premises(told.proposal, turn)),
                    said_at=turn.time,
                    valid_to=_end_of(days[0], turn) if days and told.proposal.valid_to else None,
                    corrects=True,
                ),
            )
            if not is_single(wrong.predicate):
                yield replace(right, object=wrong.object, text=wrong.text, polarity="negative")
            self._told.append(_Told(filled, speaker, right))
            yield right
            return

    # Happenings --------------------------------------------------------------------------
    def _happening(
        self, reader: SlotReader, turn: Turn, sentence: str, source: Source, speaker: str
    ) -> Proposal | None:
        """Something that somebody did on a day that the sentence names."""
        if turn.role not in ("user", "document"):
            return None
        days = _dates(reader, sentence, turn)
        if not days or (turn.time is not None and days[0].first > turn.time.date()):
            return None
        filled = reader.happening(sentence)
        if filled is None:
            return None
        subject, told = _subject(reader, filled.subject, speaker, True)
        value = reader.retold(filled.value)
        if not subject or len(value) > LONGEST_HAPPENING:
            return None
        zone = turn.time.tzinfo if turn.time is not None else UTC
        stated = f"{_told_text(reader, filled, told, value)} ({_shown(days[0])})."
        return Proposal(
            text=stated,
            subject=subject,
            predicate="happened",
            object=value,
            sources=(source,),
            said_at=turn.time,
            kind="event",
            valid_from=datetime.combine(days[0].first, time(), zone),
        )


SPEAKER = "@"
"""A value that stands for whoever speaks: "the firmware is mine"."""
POINTING_BACK = 6
"""Statements back at which "it" may still point."""
LONGEST_HAPPENING = 200
_FIGURE = re.compile(r"[$€£]?\d+(?:[.,]\d+)*\s?%?")
_CLOCK = re.compile(r"\b\d{1,2}(?:[:.h]\d\d|\s?(?:am|pm|uhr|h)\b|\s?[点點時])", re.IGNORECASE)


def _instruction(
    reader: SlotReader, ordered: tuple[str, bool], turn: Turn, source: Source, speaker: str
) -> Proposal:
    what, ends = ordered
    filled = Filled("instruction", Subject("speaker"), what, 0, 0, reader.code, ended=ends)
    return Proposal(
        text=_told_text(reader, filled, _named(reader, speaker), what) + ".",
        subject=speaker,
        predicate="instruction",
        object=what,
        sources=(source,),
        said_at=turn.time,
        polarity="negative" if ends else "positive",
        kind="instruction",
    )


def _subject(reader: SlotReader, subject: Subject, speaker: str, personal: bool) -> tuple[str, str]:
    """Whom a thought is about, and how its text names them."""
    if subject.kind in ("speaker", "group"):
        return (speaker, _named(reader, speaker)) if personal else ("", "")
    if subject.kind == "name":
        name = subject.text[:1].upper() + subject.text[1:]
        return name, name
    owner = subject.owner or speaker
    whose = reader.whose(subject.owner or _named(reader, speaker), subject.text)
    if subject.kind == "relative":
        return f"{owner}'s {subject.relative}", whose
    if subject.kind == "thing" and subject.text:
        if personal or subject.mine or subject.owner:
            return f"{owner}'s {subject.text}", whose
        return subject.text, reader.told.get("thing", "{value}").replace("{value}", subject.text)
    return "", ""


def _named(reader: SlotReader, speaker: str) -> str:
    """How a text names the speaker: one without a name is "the user"."""
    return reader.told.get("unnamed", speaker) if speaker == UNNAMED else speaker


UNNAMED = "User"
"""The subject of what somebody without a name says."""


def _told_text(reader: SlotReader, filled: Filled, who: str, value: str) -> str:
    """The thought in words, in the language that it was told in."""
    keys = [f"{filled.slot} {filled.value}", *([f"{filled.slot} kind"] * bool(filled.kind))]
    sign = "-" * filled.ended
    forms = (reader.told.get(sign + key) for key in (*keys, filled.slot))
    form = next((form for form in forms if form), f"{{who}}: {filled.slot} {{value}}")
    kind = reader.kind_told(filled.kind)
    text = form.replace("{who}", who).replace("{kind}", kind).replace("{value}", value)
    return text[:1].upper() + text[1:]


def _right_value(
    reader: SlotReader, told: _Told, fragment: str, days: Sequence[DateSpan], figures: Sequence[str]
) -> str:
    """The value of a statement with what the fragment says in its place; empty if of no kind."""
    value = told.proposal.object
    if days:
        return dated(replace(told.filled, day=fragment), days[0]) if told.filled.day else ""
    if figures:
        wrong = _FIGURE.findall(value)
        return value.replace(wrong[0], figures[0]) if len(wrong) == 1 else ""
    if told.filled.day or _FIGURE.search(value):
        return ""
    if reader.is_number(fragment) != reader.is_number(value):
        return ""
    return fragment if len(fragment.split()) <= 5 else ""


def _premises(earlier: Proposal, turn: Turn) -> tuple[Source, ...]:
    """The turns that say what a statement is about; they state nothing themselves."""
    return tuple(
        replace(source, weight=0.0) for source in earlier.sources if source.turn_id != turn.id
    )


def _dates(reader: SlotReader, text: str, turn: Turn) -> list[DateSpan]:
    return list(pack(reader.code).find_dates(text, base=turn.time))


def _day_of(reader: SlotReader, filled: Filled, turn: Turn) -> DateSpan | None:
    """The day that stands where the slot wants one."""
    text, read = filled.day or filled.value, pack(filled.language).find_dates
    spans = read(text, base=turn.time)
    if not spans or read(filled.subject.text) or filled.subject.text[:1].isdigit():
        return None
    nearest = NEAR if filled.subject.kind != "pointed" else 0
    lead, far = text[: spans[0].start], spans[0].start > nearest
    if filled.day and (far or _LONG_WORD.search(lead) or _ORDINAL.match(text, spans[0].end)):
        return None
    return spans[0] if reader.tells_past(filled.clause) else _coming(spans[0], turn)


def _coming(day: DateSpan, turn: Turn) -> DateSpan:
    """A day without a year as the one ahead: "in June", said in December; "on Friday"."""
    if turn.time is None or _YEAR.search(day.text):
        return day
    behind = (turn.time.date() - day.last).days
    if behind > LONG_AGO:
        ahead = relativedelta(years=1)
    elif 0 < behind < 7 and day.first == day.last and not _FIGURE.search(day.text):
        ahead = relativedelta(weeks=1)
    else:
        return day
    return replace(day, first=day.first + ahead, last=day.last + ahead)


LONG_AGO = 60
"""Days after which nobody speaks of a day as the day that something is on."""
_YEAR = re.compile(r"\d{4}")


_LONG_WORD = re.compile(r"[^\W\d_]{5}")
"""Stands in "got stolen yesterday", and not in "at two on Monday"."""
NEAR = 12
"""Characters between "is on" and its day; what "it" is on is the day at once."""
_ORDINAL = re.compile(r"\W{1,3}\d{1,2}(?:st|nd|rd|th|\.)?\b(?![:.]\d)")
"""A day of the month behind a weekday, which says more than the weekday does."""


def _ahead(day: DateSpan, turn: Turn) -> bool:
    return turn.time is None or day.last >= turn.time.date()


def _end_of(day: DateSpan, turn: Turn) -> datetime:
    zone = turn.time.tzinfo if turn.time is not None else UTC
    return datetime.combine(day.last + timedelta(days=1), time(), zone)


def _shown(day: DateSpan) -> str:
    return f"{day.first}" if day.first == day.last else f"{day.first} – {day.last}"


def dated(filled: Filled, day: DateSpan) -> str:
    """The day as a calendar writes it, with the hour if one is named."""
    hour = _CLOCK.search(filled.day)
    return f"{_shown(day)} {hour.group()}" if hour else _shown(day)


def read_statement(text: str, now: datetime) -> Proposal | None:
    """The first statement that somebody puts in by hand makes; "I" is then the user."""
    turn = Turn(text, speaker=UNNAMED, time=now, id="-")
    return next(iter(_Telling().proposals(turn)), None)
