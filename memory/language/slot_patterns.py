"""The patterns with which slots are read: the sections of a language's `slots.txt`, compiled.

Each is compiled when it is first asked for, so that a language that nobody speaks costs nothing.
"""

import re
from dataclasses import dataclass
from functools import cached_property

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


def slot_rule(key: str, form: str) -> SlotRule:
    """The rule of a line `slot = pattern`."""
    match = _KEY.fullmatch(key)
    assert match is not None, key
    follows = form.startswith("{S}")
    pattern = re.compile(form.removeprefix("{S}"), re.IGNORECASE)
    ended, value = match["ended"] is not None, match["value"] or ""
    return SlotRule(f"{key}", match["slot"], ended, value, follows, pattern)


class SlotPatterns:
    """What `slots.txt` of one language says."""

    def __init__(self, code: str, words: Wordings) -> None:
        self.code, self._words = code, words

    def _pairs(self, section: str) -> list[tuple[str, str]]:
        return self._words.pairs(section)

    def _one(self, section: str, *, form: str = "{}") -> re.Pattern[str]:
        """One pattern of all the lines of a section."""
        body = self._words.part(section)
        return re.compile(form.format(body), re.IGNORECASE) if body else NOTHING

    @cached_property
    def _written_out(self) -> list[tuple[re.Pattern[str], str]]:
        pairs = self._pairs("slot_written_out")
        return [(re.compile(short, re.IGNORECASE), full) for short, full in pairs]

    @cached_property
    def _retold(self) -> list[tuple[re.Pattern[str], str]]:
        pairs = self._pairs("slot_retold")
        return [(re.compile(own, re.IGNORECASE), others) for own, others in pairs]

    @cached_property
    def _rules(self) -> tuple[SlotRule, ...]:
        return tuple(slot_rule(key, form) for key, form in self._pairs("slots"))

    @cached_property
    def _questions(self) -> tuple[SlotRule, ...]:
        return tuple(slot_rule(key, form) for key, form in self._pairs("slot_questions"))

    @cached_property
    def _subject_pattern(self) -> re.Pattern[str]:
        spoken, kin = self._words.part("i"), self._words.part("kin")
        my, name = self._words.part("my"), self._words.part("name")
        of = self._words.part("of_name") if "of_name" in self._words else NOTHING.pattern
        edge = self._words.edge
        relative = rf"{my}\s?{kin}{edge}(?:,? {name})?"
        return re.compile(rf"(?:{spoken}|(?P<who>{relative}|{of}|{name})){edge}", re.IGNORECASE)

    @cached_property
    def _relatives(self) -> list[tuple[str, re.Pattern[str]]]:
        return [(name, re.compile(form, re.IGNORECASE)) for name, form in self._pairs("kin")]

    @cached_property
    def _kin(self) -> re.Pattern[str]:
        return re.compile(rf"{self._words.part('kin')}{self._words.edge}", re.IGNORECASE)

    @cached_property
    def _joint(self) -> re.Pattern[str]:
        return self._one("slot_joint")

    @cached_property
    def _opener(self) -> re.Pattern[str]:
        edge = self._words.edge
        return self._one("slot_opener", form=rf"(?:{{}}{edge}[\s,:!.…-]*)+")

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
        return self._words.words("function") | self._words.words("openers")

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
        return [re.compile(form, re.IGNORECASE) for form in forms]

    @cached_property
    def _frame(self) -> frozenset[str]:
        return self._words.words("instruction_frame") | self._words.words("function")

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
