"""Reading one clause: who, what, whether it is denied, planned, supposed or quoted.

The cues are English; a clause in another language is kept whole as something its speaker said.
"""

import re
from dataclasses import dataclass

from knowhen.memory.language.entities import find_entities
from knowhen.memory.records import Modality, Polarity, ThoughtKind
from knowhen.memory.thoughts.clauses import named, possessed_slot, slot_of
from knowhen.memory.thoughts.features import is_content, stem_of


@dataclass(frozen=True, slots=True)
class Statement:
    """What a clause states; `certainty` is below 1 where it is hedged."""

    text: str
    subject: str
    predicate: str
    object: str
    polarity: Polarity
    modality: Modality
    kind: ThoughtKind
    certainty: float
    corrects: bool


_OPENERS = re.compile(
    r"(?:(?:so|and|but|or|well|yeah|yep|yes|yup|nope|no|nah|wow|oh|ah|aw+|hey|hi|hello|also"
    r"|anyway|plus|btw"
    r"|by the way|actually|honestly|thanks(?: so much| a lot)?|thank you|ok|okay|sure|right|hmm"
    r"|haha"
    r"|lol|in fact|to be honest|of course|recently|lately|currently|that said|now|then|cool|great"
    r"|totally|exactly|definitely|absolutely|sorry|unfortunately|luckily|fortunately|finally|oops"
    r"|besides|too|again|however|still|because|since|although|though|while|given that"
    r"|considering|the fact that|knowing that)"
    r"(?:,\s*|!\s*|\.\s*|\s+-\s+|\s+))+",
    re.IGNORECASE,
)
_VOCATIVE = re.compile(r"[A-Z][\w'’-]+[,!]\s+")
_CORRECTION = re.compile(
    r"(?:no|sorry|oops|wait|actually|correction|my mistake|my bad|scratch that)\b[,:.!–—\s-]*"
    r"(?:(?:no|sorry|wait|actually|i misspoke|i was wrong|i made a mistake)\b[,:.!–—\s-]*)*"
    r"(?:i (?:actually )?meant(?: to say)?|it (?:was|is|should (?:be|have been)) actually)"
    r"|(?:i misspoke|correction|scratch that|my mistake|i was wrong|to correct myself|i meant)\b",
    re.IGNORECASE,
)
_SMALL_TALK = re.compile(
    r"(?:totally |really |also |so |do |just |truly |definitely |can |couldn't |could |am |'m "
    r"|to )*"
    r"(?:agrees?|hopes?|understands?|knows?|sees?|gets? (?:it|what|that)|guess(?:es)?|bets?"
    r"|appreciates?"
    r"|can't wait to (?:hear|see what)|is (?:so |really |very |super |truly |just |also |always )*"
    r"(?:glad|happy|proud|sorry|excited|stoked|thrilled|sure|curious|wondering|impressed)"
    r" (?:to (?:hear|see|know)|for you|of you|that you|you)"
    r"|is (?:so |really )*(?:sorry|curious|wondering|not (?:really |entirely |quite )?sure"
    r"|unsure)\b"
    r"|will (?:keep|let) (?:ya|you)|is here for you|thinks? (?:so|that'?s|it'?s|you)"
    r"|need(?:s)? (?:some |your |a bit of )?help|would (?:appreciate|like (?:some|your) help)"
    r"|is having (?:some |a bit of |a hard )?(?:trouble|issues|difficulty|time)"
    r"|will keep that in mind"
    r"|ha(?:s|d) (?:a|some|one|another|this) (?:quick )?question|have your back"
    r"|wish(?:es)? (?:you|I)"
    r"|(?:will|'ll) (?:definitely |totally |be sure to |make sure to )*(?:check (?:it|that"
    r"|them) out"
    r"|keep|try (?:it|that)|do that|give (?:it|that))|believes? in you|feels? (?:you|ya)"
    r"|hears? you)\b"
)
_REACTION = re.compile(
    r"(?:that|this|it|what|how|those|these|sounds?|looks?|nice|good|great|love|so|such|congrats"
    r"|way to"
    r"|keep|take|have|let's|let me|talk|see|check|glad|happy|thank|thanks|enjoy|good luck|best"
    r"|hope|bye"
    r"|you|your|you're|you've|you'll|there|they|he|she|his|her|their|its|can't|not|no|here|if"
    r"|please|wish|even|where|when|just|one|some|any|being|having|everything|nothing|something"
    r"|anything|all|most|many|each|every|both|now|once|another|other)\b",
    re.IGNORECASE,
)
_INSTRUCTION = re.compile(
    r"(?:please\s+)?(?:always|never|don't ever|do not ever|from now on,?|in (?:the )?future,?"
    r"|remember(?: to| that)?"
    r"|make sure (?:to|you)|whenever I|when(?:ever)? (?:I|you)|keep in mind)\b.*"
    r"|I (?:would |'d )?(?:prefer|want|like|need) (?:it if )?you (?:to )?.*"
    r"|please (?:use|include|avoid|keep|call|answer|respond|reply|format|write|don't|do not)\b.*",
    re.IGNORECASE,
)
_FINITE = (
    r"is|was|were|are|has|had|does|did|will|would|can|could|may|might|must|should|shall|isn't"
    r"|wasn't"
    r"|hasn't|hadn't|doesn't|didn't|won't|wouldn't|can't|cannot|couldn't|aren't|weren't|haven't"
    r"|have"
    r"|shouldn't|used to|gets|got|loves|likes|needs|wants|helps|makes|made|keeps|runs|costs|takes"
    r"|took|began|begins|starts|started|ends|ended|averages|contains|includes|covers|uses|works"
    r"|lives"
    r"|\w+ed|\w+s"
)
_VERB = re.compile(
    rf"\s+(?P<verb>(?:(?:also|always|never|often|usually|just|still|already|really|now|currently"
    rf"|recently"
    rf"|actually|finally|probably|\w+ly)\s+)*(?:{_FINITE})(?:\s+(?:not|never|no longer|been"
    rf"|being|just"
    rf"|always|also|already|recently|really|actually|\w+ly|going to|able to|trying to"
    rf"|planning to))*"
    rf"(?:\s+(?:\w+ing|\w+ed|done|gone|made|got|taken|seen|had|written|given|begun|built))?"
    rf"(?:\s+(?:to|in|at|on|for|with|from|about|of|into|up|out|off))?)(?=\s|\Z|[.,!])"
)
_WORD_VERB = re.compile(
    r"\s+(?P<verb>(?:(?:also|always|never|often|just|still|already|really|\w+ly)\s+)*\w+(?:['’]t)?"
    r"(?:\s+(?:to|in|at|on|for|with|from|about|of|into|up|out|off))?)(?=\s|\Z|[.,!])"
)
_GERUND = re.compile(r"(?P<verb>[A-Z]?[a-z]+ing|[Gg]onna)\s+\w")
_COPULA = re.compile(
    r"\b(?:is|are|was|were|makes?|helps?|can|will|has|sounds|looks|seems|feels|gives)\b"
)
_NEGATION = re.compile(
    r"\b(?:not|never|no longer|neither|nobody|none|cannot|hardly|without ever|nor)\b|n['’]t\b"
    r"|\bno (?!doubt|wonder|matter|problem|longer|one)\w+",
    re.IGNORECASE,
)
_PLAN = re.compile(
    r"\b(?:will|going to|gonna|plans? (?:to|on)|planning|intends? to|hop(?:es|ing) to|wants? to"
    r"|aims? (?:to|for)"
    r"|aiming|thinking (?:of|about)|looking forward|about to|wait to|is scheduled|considering"
    r"|would (?:love|like) to|dreams? of|goal is to|is off to|looking to)\b",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(
    r"\b(?:would|could|might|may|should|if|maybe|perhaps|wish|wishes|unless|suppose|imagine)\b"
)
_REPORTED = re.compile(
    r"\b(?:said|says|told|tells|claims?|claimed|mentioned|suggested|suggests|heard|according to"
    r"|asked)\b",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"\b(?:think|thinks|guess|guesses|probably|maybe|perhaps|might|seems?|kind of|kinda|sort of"
    r"|apparently"
    r"|not sure|i believe|possibly|roughly)\b",
    re.IGNORECASE,
)
_LIKING = re.compile(
    r"\b(?:loves?|likes?|enjoys?|prefers?|hates?|dislikes?|favou?rite|adores?|into|fan of|keen on"
    r"|passionate about|allergic|can't stand|appreciates?|obsessed with)\b",
    re.IGNORECASE,
)
_PAST_VERB = re.compile(
    r"\b(?:was|were|had|did|went|ran|took|got|felt|made|saw|came|gave|found|told|said|became"
    r"|began|left|met"
    r"|won|lost|bought|brought|built|caught|chose|drew|drove|ate|grew|heard|held|kept|led|paid"
    r"|sold|sent"
    r"|spent|taught|wrote|read|has \w+ed|has been|has \w+en|\w{2,}ed)\b",
    re.IGNORECASE,
)
_PRESENT = re.compile(r"\s*(?:is|are|has got|has to|needs?|wants?)\b", re.IGNORECASE)
_CONTENT = re.compile(r"[^\W\d_]{3,}|\d+")


def correction(clause: str) -> str | None:
    """What a clause such as "no, I meant March 5" puts right, when it is no whole statement."""
    match = _CORRECTION.match(clause.strip())
    if match is None:
        return None
    rest = _opened(clause.strip(), True).rstrip(_ENDING)
    whole = _FIRST_PERSON.match(rest) or _MINE.match(rest) or _CERTAIN_VERB.search(rest)
    return None if whole else rest


def read(clause: str, speaker: str) -> Statement | None:
    """The statement a clause makes, or None for questions, reactions and small talk."""
    corrects = _CORRECTION.match(clause.strip()) is not None
    body = _opened(clause.strip(), corrects)
    if _CONTENT.search(body) is None:
        return None
    if _INSTRUCTION.fullmatch(body):
        return _instruction(body, speaker)
    return _declarative(body, speaker, corrects)


def _opened(clause: str, corrects: bool) -> str:
    """The clause without interjections, greetings and vocatives in front."""
    if corrects:
        match = _CORRECTION.match(clause)
        assert match is not None
        return clause[match.end() :].lstrip(" ,:.-–—")
    previous = ""
    while clause != previous:
        previous = clause
        for pattern in (_OPENERS, _VOCATIVE):
            match = pattern.match(clause)
            if match and match.end() < len(clause):
                clause = clause[match.end() :]
    return clause


def _instruction(body: str, speaker: str) -> Statement:
    rest = body.strip(" .!")
    return Statement(
        text=f"{speaker} asks: {rest}.",
        subject=speaker,
        predicate="asks for",
        object=rest,
        polarity="negative"
        if re.match(r"(?:please\s+)?(?:never|don't|do not)", rest, re.I)
        else "positive",
        modality="asserted",
        kind="instruction",
        certainty=1.0,
        corrects=False,
    )


_LEAD = re.compile(
    r"(?:(?:especially|last|this|next|yesterday|today|tonight|tomorrow|on|in|at|after|before|during|when"
    r"|since|for|as"
    r"|with|from|earlier|later|one|two|three|back|over|by|until|every|each|ever|despite|despite"
    r"|thanks to"
    r"|due to|instead of|apart from|besides|once|through|throughout|growing|a (?:few|couple|while)"
    r"|\d+)\b[^,;.!?]{0,60}?)(?:,\s*|\s+)(?=(?:I|I['’](?:m|ve|ll|d)|my|we|we['’](?:re|ve|ll|d))\b)",
    re.IGNORECASE,
)
_ENDING = " .!?,;:-–—"
_FIRST_PERSON = re.compile(r"(?:I|i|[Ii]['’](?:m|ve|ll|d)|[Ii]m|[Ii]ve)(?![\w'’])")
_MINE = re.compile(r"[Mm]y\s+")
_WE = re.compile(r"(?:[Ww]e|[Oo]ur)(?:['’](?:re|ve|ll|d))?(?![\w'’])")
_THE = re.compile(r"(?:[Tt]he)\s+\w+")


def _declarative(body: str, speaker: str, corrects: bool) -> Statement | None:
    lead = _LEAD.match(body)
    at = lead.end() if lead else 0
    text = named(body, speaker).strip().rstrip(_ENDING)
    if _FIRST_PERSON.match(body, at):
        core = named(body[at:], speaker).strip().rstrip(_ENDING)
        rest = core[len(speaker) :]
        return (
            None if _SMALL_TALK.match(rest.strip()) else _statement(text, speaker, rest, corrects)
        )
    if _WE.match(body, at):
        return _of_group(body, at, text, speaker, corrects)
    if _MINE.match(body):
        return _with_possessed(text, speaker, corrects)
    if corrects:
        return _statement(text, speaker, f" {text}", corrects)
    if _REACTION.match(body):
        return None
    gerund = _GERUND.match(body)
    if gerund is not None and not _COPULA.search(body):
        doing = body[0].lower() + body[1:]
        doing = re.sub(r"^gonna\b", "going to", doing)
        text = f"{speaker} is {named(doing, speaker).rstrip(_ENDING)}"
        return (
            None
            if _TO_OTHER.search(body)
            else _statement(text, speaker, text[len(speaker) :], corrects)
        )
    return _about_others(text, speaker, corrects)


_TO_OTHER = re.compile(r"\b(?:you|your|each other|these|those)\b", re.IGNORECASE)


_LAST_CHAT = re.compile(
    r"\b(?:last (?:chat|talk|spoke|met)|(?:spoke|chatted|talked|caught up) last)"
)


def _of_group(body: str, at: int, text: str, speaker: str, corrects: bool) -> Statement | None:
    """A statement about "we": who they are is not known, so the speaker's words stay."""
    match = _WE.match(body, at)
    assert match is not None
    if len(_CONTENT.findall(body[match.end() :])) < 2 or _LAST_CHAT.search(body):
        return None
    group = match.group().lower().startswith("our")
    rest = body[match.end() :] if not group else f" has {body[match.end() :].strip()}"
    contraction = re.search(r"['’](re|ve|ll|d)\Z", match.group())
    if contraction:
        word = {"re": "are", "ve": "have", "ll": "will", "d": "would"}[contraction[1]]
        rest = f" {word}{rest}"
    shown = f"{speaker}: {text[:1].upper()}{text[1:]}."
    return _statement(shown, speaker, rest, corrects, shown=shown)


def _with_possessed(text: str, speaker: str, corrects: bool) -> Statement | None:
    slot = possessed_slot(text)
    if slot is not None:
        owner, value = slot
        return _statement(text, owner, "", corrects, predicate=value.predicate, object=value.value)
    verb = _VERB.search(text, len(speaker) + 3)
    if verb is None:
        return None
    return _statement(text, text[: verb.start()], text[verb.start() :], corrects)


def _about_others(text: str, speaker: str, corrects: bool) -> Statement | None:
    """A statement about somebody or something named, or about the speaker's own things."""
    slot = possessed_slot(text)
    if slot is not None:
        owner, value = slot
        return _statement(text, owner, "", corrects, predicate=value.predicate, object=value.value)
    verb = _CERTAIN_VERB.search(text, 2)
    if verb is None:
        return None
    subject = text[: verb.start()].strip()
    measured = any(sign.isdigit() for sign in text[verb.end() :])
    if len(subject.split()) > _LONGEST_SUBJECT * (2 if measured else 1):
        return None
    about_speaker = speaker in text[verb.start() :]
    if not (about_speaker or _THE.match(subject) or _is_name(text, subject)):
        return None
    return _statement(text, subject, text[verb.start() :], corrects)


_LONGEST_SUBJECT = 6
_CERTAIN_VERB = re.compile(
    r"\s(?:(?:also|always|never|often|usually|just|still|already|really|now|currently"
    r"|recently)\s+)*"
    r"(?:is|was|were|are|has|had|does|did|will|would|can|could|should|isn't|wasn't|hasn't|hadn't"
    r"|doesn't"
    r"|didn't|won't|can't|aren't|weren't|loves?|likes?|hates?|lives?|works?|moved|said|told|gave"
    r"|bought"
    r"|made|makes?|helped|helps?|took|takes|got|gets|started|starts|ended|ends|begins|began"
    r"|averages?"
    r"|contains?|includes?|costs?|needs?|wants?|keeps?|went|came|won|lost|became|joined|passed|died"
    r"|opened|runs?|ran|meets?|met|taught|left|called|plays?|played|invited|recommended"
    r"|suggested)\b"
)


def _is_name(text: str, subject: str) -> bool:
    spans = find_entities(text[: len(subject) + 40])
    return any(span.kind == "name" and span.start == 0 for span in spans)


def _statement(
    text: str,
    subject: str,
    rest: str,
    corrects: bool,
    *,
    predicate: str = "",
    object: str = "",
    shown: str = "",
) -> Statement | None:
    if not predicate:
        slot = slot_of(rest.strip())
        if slot is not None:
            predicate, object = slot.predicate, slot.value
    if not predicate:
        verb = _VERB.match(rest) or _WORD_VERB.match(rest)
        if verb is None:
            return None
        predicate = " ".join(verb["verb"].lower().split())
        object = rest[verb.end() :].strip(_ENDING)
    told = any(map(is_content, map(stem_of, _CONTENT.findall(object))))
    if not (told or any(sign.isdigit() for sign in object)):
        return None
    head = rest[:60] if rest else text
    modality = _modality(text, head)
    return Statement(
        text=shown or _sentence(text),
        subject=subject,
        predicate=predicate,
        object=object,
        polarity="negative" if _NEGATION.search(head) else "positive",
        modality=modality,
        kind=_kind(text, head, modality),
        certainty=0.6 if _HEDGE.search(head) else 1.0,
        corrects=corrects,
    )


def _modality(text: str, head: str) -> Modality:
    if _REPORTED.search(head) and re.search(r"\b(?:that|me|he|she|they|it|to)\b|[\"“]", head):
        return "quoted"
    if _PLAN.search(head):
        return "planned"
    if _SUPPOSED.search(head[:40]) or re.match(r"(?:if|maybe|perhaps)\b", text, re.IGNORECASE):
        return "hypothetical"
    return "asserted"


def _kind(text: str, head: str, modality: Modality) -> ThoughtKind:
    if modality == "planned":
        return "plan"
    if _LIKING.search(head):
        return "preference"
    if modality == "asserted" and _PAST_VERB.search(head) and not _PRESENT.match(head):
        return "event"
    return "fact"


def _sentence(text: str) -> str:
    text = text.strip().rstrip(_ENDING)
    return f"{text[:1].upper()}{text[1:]}."
