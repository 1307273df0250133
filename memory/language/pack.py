"""Reading a text with the words of one language.

Every language is read by the same rules; what differs are the lists and patterns in its folder.
A language without a folder has empty lists: then only figures, marks and capitals speak.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cached_property

from knowhen.memory.language.base import Asked, DateSpan, Pronouns, Question, Utterance
from knowhen.memory.language.dates import date_reader
from knowhen.memory.language.detection import DEFAULT
from knowhen.memory.language.pronouns import names_the_speaker, pronouns
from knowhen.memory.language.terms import stem, terms, words
from knowhen.memory.language.wordings import wordings

QUOTED = re.compile(r"\"[^\"]{20,}(?:\"|\Z)|[“„«][^”“»]{20,}(?:[”“»]|\Z)")
"""What a message brings along, perhaps in another language and about other people."""
_MARK = re.compile(r"[?？؟]")
_MARKS = ("?", "？", "؟")
_MORE = re.compile(r"[.!?]\s+\w")
_WORD = re.compile(r"\w+(?:['’]\w+)*")
_CLAUSE_END = re.compile(r"[.!?;,:。！？；，、—]\s*")
_READ = 600
"""Characters of a message whose clauses are looked at; a longer one brings a text along."""
_ASKED: tuple[Asked, ...] = ("who", "where", "how_many", "why")
_POSSESSIVE = "'s"
SPEAKER, LISTENER, GROUP = 1, 2, 4
"""Bits of whom a word stands for."""
RELATIONS = (
    *("choice", "both", "who", "where", "when", "country", "possessive"),
    *("kin", "life", "work_of", "award", "order"),
)
"""What the section `world` of a language tells of a question; features of the gate."""
_BRIEF = 20
"""Characters of a message that may leave out what it is about."""
_PHRASE = 2
"""Words behind a noun in which a phrase begins that belongs to it."""
_SHORT, _LONGEST_CHAT = 8, 12
"""Words of a greeting with what follows it, and of any talk for its own sake."""


class Pack:
    """One language; see `base.Language` for what it promises."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.words = wordings(code)

    @property
    def function_words(self) -> frozenset[str]:
        """Folded words without content."""
        return self.words.words("function")

    @property
    def pronouns(self) -> Pronouns:
        """Words that stand for people."""
        return pronouns(self.code)

    @cached_property
    def persons(self) -> "_Persons":
        """For a folded word, whom it stands for: bits of `SPEAKER`, `LISTENER` and `GROUP`."""
        return _Persons(self.pronouns)

    def stem(self, word: str) -> str:
        """The stem of a folded word."""
        return stem(word, self.code)

    def base_name(self, word: str) -> str:
        """A folded name without the ending of its genitive: "kim's" -> "kim"."""
        return word[:-2] if word.endswith(_POSSESSIVE) else word.rstrip("'")

    def find_dates(
        self, text: str, *, base: datetime | None = None, past: bool = False
    ) -> list[DateSpan]:
        """Dates in order and without overlap."""
        return date_reader(self.code).find(text, base=base, past=past)

    # What a message wants ---------------------------------------------------------------
    def read_utterance(self, text: str) -> Utterance:
        """The kind of a message, read off its words."""
        found = words(text)
        recalling = bool(self._has("recalling", text))
        question = bool(_MARK.search(text) or self._has("question", text))
        own = self._own(QUOTED.sub(" ", text))
        about_self = own or names_the_speaker(found)
        attribute = bool(self._has("attribute", text))
        work = bool(self._has("work", text)) and not recalling
        asking = question and about_self
        small_talk = not (recalling or work) and self._chats(text, found, asking=asking)
        return Utterance(
            small_talk=small_talk,
            work=work,
            question=question and not small_talk,
            request=self._opens("request", text) and not small_talk,
            personal=(about_self or attribute or recalling) and not small_talk,
            recalling=recalling,
            help=self._opens("help", text) and not recalling,
            words=len(found),
            follows=not work and self._follows(text, found),
            of_listener=bool(self._has("of_listener", text)),
            own=own,
            shared=self._shared(QUOTED.sub(" ", text[:_READ])),
        )

    def _own(self, text: str) -> bool:
        """Whether "I" or "we" speaks; behind an article it is a name: "found in the US"."""
        found = words(text)
        if self.words.spaced:
            articles = self.words.words("definite")
            before = ["", *found]
            found = [
                word for word, last in zip(found, before, strict=False) if last not in articles
            ]
        if names_the_speaker(found) or not self.pronouns.group.isdisjoint(found):
            return True
        kin = self.words.words("kin_names")
        return any(self.base_name(word) in kin for word in found) or bool(
            self._has("own_kin", text)
        )

    def _shared(self, text: str) -> bool:
        """Whether a definite noun stands without what would say which one is meant.

        A definite description takes its referent for known to both (Heim 1982); where a phrase
        behind it or an order ("the first") picks it out, anybody may know it.
        """
        if self._has("known_to_both", text):
            return True
        articles = self.words.words("definite")
        capitals = "nouns_have_capitals" not in self.words
        for clause in _CLAUSE_END.split(text):
            found = _WORD.findall(clause)
            folded = [word.casefold() for word in found]
            for place, word in enumerate(folded[:-1]):
                noun = found[place + 1]
                if word not in articles or noun[0].isdigit() or (capitals and noun[0].isupper()):
                    continue
                picked_out = self._has("picked_out", folded[place + 1])
                if not picked_out and not self._completed(folded[place + 2 :]):
                    return True
        return False

    def _completed(self, behind: list[str]) -> bool:
        """Whether what follows a noun says which one: "of Peru", "that we met"."""
        completing = self.words.words("completing")
        for place, word in enumerate(behind[:_PHRASE], start=1):
            if word in completing:
                return place < len(behind)  # "what is it powered by?" completes nothing
            if word in self.function_words:
                break
        return False

    def _opens(self, section: str, text: str) -> bool:
        """Whether a clause of the text begins so: "I'm tired. Suggest a dinner"."""
        pattern = self.words.pattern(section)
        return any(pattern.search(clause) for clause in _CLAUSE_END.split(text[:_READ]))

    def _follows(self, text: str, found: list[str]) -> bool:
        """Whether only what was just said tells what is meant."""
        if self._has("following", text):
            return True
        if "topic" in self.words and len(text) <= _BRIEF and not self._has("topic", text):
            return True
        return len(found) <= _LONGEST_CHAT and self._points_back(text)

    def _points_back(self, text: str) -> bool:
        """Whether a pronoun stands for what was named before.

        An address may be written like such a pronoun, but for its capital: "Können Sie ...".
        """
        pointing, listener = self.pronouns.pointing, self.pronouns.listener
        if not self.words.spaced:
            return any(pronoun in text for pronoun in pointing)
        capitals = "nouns_have_capitals" not in self.words
        for place, word in enumerate(_WORD.findall(text)):
            capital = place > 0 and len(word) > 1 and word[0].isupper()
            folded = word.casefold()
            if folded in pointing and not (capital and folded in listener):
                return True
            if capital and capitals and folded not in self.function_words:
                return False  # "does Tom like his job?" names whom it means
        return False

    def asks(self, text: str) -> bool:
        """Whether a text is one sentence that asks for something and tells nothing."""
        if _MORE.search(text):
            return False
        return text.rstrip().endswith(_MARKS) or bool(
            self._has("asking", text) or self._has("request", text)
        )

    def _has(self, section: str, text: str) -> re.Match[str] | None:
        return self.words.pattern(section).search(text)

    def _chats(self, text: str, found: list[str], *, asking: bool) -> bool:
        """Whether it is talk for its own sake; `asking` is a question of one's own affairs."""
        if self._has("about_the_talk", text):
            return len(found) <= 10 and self.words.words("myself").isdisjoint(found)
        if asking or len(found) > _LONGEST_CHAT:
            return False
        greeting = self._has("greeting", text)
        if greeting and len(found) <= _SHORT:
            rest = text[greeting.end() :]
            wants = _MARK.search(rest) or self._has("question", rest) or self._has("request", rest)
            return not wants or self._only_chatter(words(rest))
        return self._only_chatter(found)

    def _only_chatter(self, found: list[str]) -> bool:
        chatter = self.words.words("chatter")
        return all(word in chatter or word in self.function_words for word in found)

    # What a question wants --------------------------------------------------------------
    def read_question(self, text: str) -> Question:
        """The kind of answer that a question wants."""
        choice = self._has("choice", text)
        return Question(
            collects=bool(self._has("collects", text)),
            temporal=bool(self._has("temporal", text)),
            current=bool(self._has("current", text)),
            value=bool(self._has("value", text)),
            whether=self.words.pattern("whether").match(text) is not None,
            asks=frozenset(kind for kind in _ASKED if self._has(f"asks {kind}", text)),
            yes_no=bool(self._has("yes_no", text)) and not self._has("or", text),
            options=(choice["first"], choice["second"]) if choice else (),
        )

    def takes_as_true(self, question: str) -> bool:
        """Whether a question takes something for granted: "how does my draft read?"."""
        return bool(self._has("taken_as_true", question))

    @cached_property
    def frame_terms(self) -> frozenset[str]:
        """Stems of words that frame a question rather than say what it is about."""
        return frozenset(terms(" ".join(self.words.listed("frame"))))

    @cached_property
    def calendar_terms(self) -> frozenset[str]:
        """Stems of the names of months and weekdays."""
        named = (*self.words.listed("full_months"), *self.words.listed("full_weekdays"))
        return frozenset(terms(" ".join(named)))

    def world_relation(self, text: str) -> Mapping[str, float]:
        """Which relations a question about the world names: "who directed it?" -> who, work_of."""
        found = {
            name: float(name in self._world and bool(self._world[name].search(text)))
            for name in RELATIONS
        }
        return {"yes_no": float(bool(self._has("yes_no", text))), **found}

    def world_counts(self, text: str) -> tuple[int, int]:
        """How many names a question holds after its first word, and how many "of"."""
        return len(self._names.findall(text)), len(self._of.findall(text))

    @cached_property
    def _world(self) -> Mapping[str, re.Pattern[str]]:
        table = self.words.table("world")
        return {name: re.compile(form, re.IGNORECASE) for name, form in table.items()}

    @cached_property
    def _names(self) -> re.Pattern[str]:
        link = self.words.part("name_link")
        name = r"[A-Z][\w.'’-]+"
        return re.compile(rf"(?<!^)(?<![.?!]\s)\b{name}(?:\s+(?:{link}\s+)?{name})*")

    @cached_property
    def _of(self) -> re.Pattern[str]:
        return re.compile(self.words.part("of"))

    # What an answer says ----------------------------------------------------------------
    def refuses(self, text: str) -> bool:
        """Whether an answer says that it has none."""
        return not text.strip() or bool(self._has("refusing", text))

    def is_verdict(self, text: str) -> bool:
        """Whether an answer begins with a yes or a no."""
        return bool(self._has("verdict", text))

    def reply(self, name: str) -> str:
        """What is said without a model, such as "I do not remember"; in English at worst."""
        return self._replies.get(name) or wordings(DEFAULT).table("replies")[name]

    @cached_property
    def _replies(self) -> Mapping[str, str]:
        return self.words.table("replies")

    def named_day(self, day: date) -> str:
        """A day as the language writes it; in figures where its months are not known."""
        months = self.words.listed("full_months")
        if self.code != DEFAULT or not months:
            return day.isoformat()
        return f"{day.day} {months[day.month - 1].title()} {day.year}"

    def denies(self, text: str) -> bool:
        """Whether a clause says that something never happened."""
        return bool(self._has("denying", text))

    def instructs(self, text: str) -> bool:
        """Whether a text speaks to a model rather than to a person."""
        return bool(self._has("instructing", text))

    # Where a topic begins ---------------------------------------------------------------
    def boundary_cues(self, text: str, names: Sequence[str]) -> tuple[str, ...]:
        """Which of the named cues for a new topic a turn holds."""
        return tuple(name for name in names if self._has(f"boundary {name}", text))


class _Persons(dict[str, int]):
    """Worked out once for each word that is met."""

    def __init__(self, known: Pronouns) -> None:
        super().__init__(dict.fromkeys(known.speaker, SPEAKER))
        for words_of, bit in ((known.listener, LISTENER), (known.group, GROUP)):
            for word in words_of:
                self[word] = self.get(word, 0) | bit

    def __missing__(self, word: str) -> int:
        return 0
