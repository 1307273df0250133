"""The patterns with which slots are read: the sections of a language's `slots.txt`, compiled.

Each is compiled when it is first asked for, so that a language that nobody speaks costs nothing.
"""

import re
from dataclasses import dataclass
from functools import cached_property, partial

from knowhen.memory.language.detection import stop_words
from knowhen.memory.language.wordings import NOTHING, Wordings

_KEY = re.compile(r"(?P<ended>-)?(?P<slot>[^()]+?)\s*(?:\((?P<value>[^()]*)\))?")


@dataclass(frozen=True, slots=True)
class SlotRule:
    """A pattern, and the slot that it fills or ends."""

    name: str
    slot: str
    ended: bool
    value: str
    """A value that the pattern stands for."""
    subject: bool
    """Whether it follows a subject."""
    pattern: re.Pattern[str]


class SlotPatterns:
    """What `slots.txt` of one language says."""

    def __init__(self, code: str, words: Wordings) -> None:
        self.code, self._words = code, words

    def _pairs(self, section: str) -> list[tuple[str, str]]:
        return self._words.pairs(section)

    def _one(self, section: str, *, form: str = "{}") -> re.Pattern[str]:
        """One pattern of all the lines of a section."""
        body = self._words.part(section)
        return self._compiled(form.format(body)) if body else NOTHING

    def _compiled(self, form: str) -> re.Pattern[str]:
        """A pattern in any case, its letters also as a keyboard that lacks them writes them."""
        for letter, typed in self._typed:
            form = letter.sub(partial(_unless_listed, typed), form)
        return re.compile(form, re.IGNORECASE)

    def _rule(self, key: str, form: str) -> SlotRule:
        """The rule of a line `slot = pattern`; {S} is where the subject stands."""
        match = _KEY.fullmatch(key)
        assert match is not None, key
        follows = form.startswith("{S}")
        form = form.removeprefix("{S}").replace("{S}", self._subject_form)
        ended, value = match["ended"] is not None, match["value"] or ""
        return SlotRule(key, match["slot"], ended, value, follows, self._compiled(form))

    @cached_property
    def _typed(self) -> list[tuple[re.Pattern[str], str]]:
        """How each letter may be typed; a letter in a list of letters stays."""
        pairs = self._pairs("slot_typed")
        return [(re.compile(rf"(\[[^\]]*\])|{letter}"), typed) for letter, typed in pairs]

    @cached_property
    def _kin_told(self) -> dict[str, str]:
        return dict(self._pairs("kin_told"))

    @cached_property
    def _written_out(self) -> list[tuple[re.Pattern[str], str]]:
        pairs = self._pairs("slot_written_out")
        return [(self._compiled(short), full) for short, full in pairs]

    @cached_property
    def _retold(self) -> list[tuple[re.Pattern[str], str]]:
        pairs = self._pairs("slot_retold")
        return [(re.compile(own, re.IGNORECASE), others) for own, others in pairs]

    @cached_property
    def _rules(self) -> tuple[SlotRule, ...]:
        return tuple(self._rule(key, form) for key, form in self._pairs("slots"))

    @cached_property
    def _told_anywhere(self) -> tuple[SlotRule, ...]:
        return tuple(self._rule(key, form) for key, form in self._pairs("slots_anywhere"))

    @cached_property
    def _questions(self) -> tuple[SlotRule, ...]:
        return tuple(self._rule(key, form) for key, form in self._pairs("slot_questions"))

    @cached_property
    def _subject_pattern(self) -> re.Pattern[str]:
        return self._compiled(self._subject_form)

    @cached_property
    def _subject_form(self) -> str:
        spoken, kin = self._words.part("i"), self._words.part("kin")
        my, name = self._words.part("my"), self._words.part("name")
        of = self._words.part("of_name") if "of_name" in self._words else NOTHING.pattern
        edge = self._words.edge
        blank = r",? " if self._words.spaced else ""
        relative = rf"{my}\s?{kin}{edge}(?:{blank}{name})?"
        return rf"(?:{spoken}|(?P<who>{relative}|{of}|{name})){edge}"

    @cached_property
    def _relatives(self) -> list[tuple[str, re.Pattern[str]]]:
        return [(name, self._compiled(form)) for name, form in self._pairs("kin")]

    @cached_property
    def _kin(self) -> re.Pattern[str]:
        return self._compiled(rf"{self._words.part('kin')}{self._words.edge}")

    @cached_property
    def _left_out(self) -> frozenset[str]:
        """Verbs before which a chat leaves the speaker out."""
        return self._words.words("slot_left_out")

    @cached_property
    def _alternatives(self) -> list[tuple[str, re.Pattern[str]]]:
        """Words of which an instruction names one: a language, a system of units."""
        kinds = [kind for kind in ("tongue", "measures") if kind in self._words]
        return [(kind, self._one(kind, form=r"(?<!\w){}(?!\w)")) for kind in kinds]

    @cached_property
    def _number(self) -> re.Pattern[str]:
        return self._one("many", form=r"(?:{}|\d+)")

    @cached_property
    def _joint(self) -> re.Pattern[str]:
        return self._one("slot_joint")

    @cached_property
    def _opener(self) -> re.Pattern[str]:
        edge = self._words.edge
        return self._one("slot_opener", form=rf"(?:{{}}{edge}[\s,:!.…，、：！-]*)+")

    @cached_property
    def _tells_past(self) -> re.Pattern[str]:
        return self._one("slot_past")

    @cached_property
    def _and(self) -> re.Pattern[str]:
        """Words behind which a clause may go on about the subject of the one before."""
        return self._one("slot_and")

    @cached_property
    def _unreal(self) -> re.Pattern[str]:
        return self._one("slot_unreal")

    @cached_property
    def _asks(self) -> re.Pattern[str]:
        return self._one("slot_asks")

    @cached_property
    def _value_end(self) -> re.Pattern[str]:
        return self._one("slot_value_end")

    @cached_property
    def _clause_end(self) -> re.Pattern[str]:
        return self._one("slot_clause_end")

    @cached_property
    def _trailing(self) -> re.Pattern[str]:
        return self._one("slot_trailing", form=r"(?:[\s,]*{})+$")

    @cached_property
    def _cut_short(self) -> re.Pattern[str]:
        """What shows that a value goes on behind a comma: "a safe" of "a safe, warm place"."""
        return self._one("slot_cut_short", form="{}$")

    @cached_property
    def _hollow(self) -> frozenset[str]:
        return self._words.words("slot_hollow") | self._words.words("function")

    @cached_property
    def _no_names(self) -> frozenset[str]:
        calendar = (*self._words.listed("full_months"), *self._words.listed("full_weekdays"))
        others = frozenset().union(*stop_words().values())
        own = self._words.words("openers") | self._words.words("slot_no_names")
        return others | own | self._words.words("function") | {*calendar}

    @cached_property
    def _mine(self) -> re.Pattern[str]:
        return self._one("mine", form=rf"{{}}{self._words.edge}")

    @cached_property
    def _ours(self) -> re.Pattern[str]:
        return self._one("ours", form=rf"{{}}{self._words.edge}")

    @cached_property
    def _pointing(self) -> re.Pattern[str]:
        return self._one("slot_pointing")

    @cached_property
    def _asker(self) -> re.Pattern[str]:
        return self._one("slot_asker")

    @cached_property
    def _possessor(self) -> re.Pattern[str]:
        return self._one("possessor")

    @cached_property
    def _genitive_only(self) -> re.Pattern[str]:
        return re.compile(r"['’]s?|s")

    @cached_property
    def _instruction(self) -> re.Pattern[str]:
        return self._one("instructions")

    @cached_property
    def _first_instruction(self) -> re.Pattern[str]:
        """Commands that are told from a plain clause by standing first in their sentence."""
        return self._one("instructions_first")

    @cached_property
    def _instruction_ends(self) -> list[re.Pattern[str]]:
        forms = self._words.lines("instructions_end")
        return [self._compiled(form) for form in forms]

    @cached_property
    def _frame(self) -> frozenset[str]:
        return self._words.words("instruction_frame") | self._words.words("function")

    @cached_property
    def _framing(self) -> re.Pattern[str]:
        longest_first = sorted(self._frame, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first)) or NOTHING.pattern)

    @cached_property
    def _happened(self) -> re.Pattern[str]:
        return self._one("happened")

    @cached_property
    def _past_ending(self) -> re.Pattern[str] | None:
        return self._one("past_ending") if "past_ending" in self._words else None

    @cached_property
    def _correction(self) -> re.Pattern[str]:
        return self._one("correction")

    @cached_property
    def _instead(self) -> re.Pattern[str]:
        return self._one("correction_instead")


def _unless_listed(typed: str, match: re.Match[str]) -> str:
    return match[1] or typed
